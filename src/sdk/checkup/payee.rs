//! What a lookup and a quote showed.

use std::time::Duration;

use super::remark::Remark;
use super::{Question, seconds};
use crate::ids::FspId;
use crate::money::Currency;
use crate::sdk::reply::Reply;
use crate::sdk::{Code, Exchange, NotARequest, PartyAnswer, Quote, QuoteAnswer, SdkSettings, Why};

/// After how long the SDK stopped waiting for the hub, if this is what it said.
pub(super) fn silent_after<T>(exchange: &Exchange<T>) -> Option<Duration> {
    let status = exchange.http_status?;
    Reply::new(status, &exchange.body).is_timeout().then_some(exchange.took)
}

pub(super) fn judge_party(settings: &SdkSettings, question: &Question, exchange: &Exchange<PartyAnswer>) -> Vec<Remark> {
    let took = seconds(exchange.took);
    let (fsp, currencies) = match &exchange.answer {
        PartyAnswer::Found { fsp, currencies, .. } => (fsp, currencies),
        PartyAnswer::Refused { code } if code.number() == 3204 => {
            return vec![Remark::wrong("The network knows nobody by this id (3204): is it a payee that exists?".to_owned())];
        }
        PartyAnswer::Refused { code } => return vec![refused("lookup", *code)],
        PartyAnswer::Unclear { .. } if is_a_refusal_without_its_code(exchange) => {
            let said = "The network refused the lookup, and an SDK as old as this one does not say why; most often it knows nobody by this id (3204)";
            return vec![Remark::wrong(said.to_owned())];
        }
        PartyAnswer::Unclear { code, why } => return vec![unclear("lookup", *code, *why, exchange)],
        PartyAnswer::NotAsked(why) => return vec![not_asked("lookup", *why, exchange, None)],
    };
    let reply = Reply::new(exchange.http_status.unwrap_or(0), &exchange.body);
    let header = |name: &'static str| reply.text_at(&["party", "headers", name]).unwrap_or_default();
    let mut remarks = vec![Remark::fine(format!("The payee was found in {took}, at {fsp}"))];
    if header("content-type").contains("iso20022") {
        remarks.push(iso());
    }
    let addressed = header("fspiop-destination");
    if !addressed.is_empty() && addressed != settings.dfsp_id.as_str() {
        let ours = &settings.dfsp_id;
        remarks.push(Remark::wrong(format!("The SDK is the DFSP «{addressed}», and dfsp_id here is «{ours}»: they must be the same")));
    }
    if !currencies.is_empty() && !currencies.iter().any(|code| code == question.currency.code()) {
        let theirs = currencies.join(", ");
        remarks.push(Remark::wrong(format!("The payee's account takes {theirs} and not {}: Outlay does not exchange", question.currency)));
    }
    remarks
}

/// 18.0.2 answers 200 with an empty party where the network's answer was an error.
fn is_a_refusal_without_its_code(exchange: &Exchange<PartyAnswer>) -> bool {
    let body = Reply::new(exchange.http_status.unwrap_or(0), &exchange.body).at(&["party", "body"]);
    exchange.http_status == Some(200) && body.is_some_and(|body| body.as_object().is_some_and(serde_json::Map::is_empty))
}

pub(super) fn judge_quote(question: &Question, fsp: &FspId, exchange: &Exchange<QuoteAnswer>) -> Vec<Remark> {
    let quote = match &exchange.answer {
        QuoteAnswer::Quoted(quote) => quote,
        QuoteAnswer::Refused { code } if matches!(code.number(), 4103 | 5106) => {
            return vec![Remark::wrong(format!("{} is not taken by {fsp} ({code}): {}", question.currency, code.reason().english()))];
        }
        QuoteAnswer::Refused { code } => return vec![refused("quote", *code)],
        QuoteAnswer::Unclear { code, why } => return vec![unclear("quote", *code, *why, exchange)],
        QuoteAnswer::NotAsked(why) => return vec![not_asked("quote", *why, exchange, Some(question.currency))],
    };
    let mut remarks = vec![terms(question, quote, exchange.took)];
    if ["originalIso20022QuoteResponse", "CdtTrfTxInf"].iter().any(|trace| exchange.body.contains(trace)) {
        remarks.push(iso());
    }
    if let Some(source) = quote.source.as_ref().filter(|source| *source != fsp) {
        remarks.push(Remark::wrong(format!("The lookup named {fsp}, and the quote came from {source}")));
    }
    remarks
}

/// What it would cost.
fn terms(question: &Question, quote: &Quote, took: Duration) -> Remark {
    let (asked, currency) = (question.currency.show(question.amount), question.currency);
    let costs = quote.transfer_amount.currency.show(quote.transfer_amount.minor);
    if quote.transfer_amount.currency != currency {
        return Remark::wrong(format!("A quote for {asked} came back in {}: Outlay does not exchange", quote.transfer_amount.currency));
    }
    let said = format!("A quote came in {}: {asked} would cost {costs}", seconds(took));
    let fee = quote.transfer_amount.minor.minus(question.amount);
    match (fee, question.fee_limit) {
        (Some(fee), Some(limit)) if fee > limit => {
            Remark::wrong(format!("{said}, a fee above the account's limit of {}: every payment would fail", currency.show(limit)))
        }
        _ => Remark::fine(said),
    }
}

fn iso() -> Remark {
    Remark::wrong("The SDK speaks ISO 20022 with the hub, through which Outlay cannot pay: set API_TYPE=fspiop".to_owned())
}

fn refused(what: &str, code: Code) -> Remark {
    let whose = if code.is_for_the_operator() { ". This is about how the institution is set up at the hub" } else { "" };
    Remark::wrong(format!("The {what} was refused with {code}: {}{whose}", code.reason().english()))
}

fn unclear<T>(what: &str, code: Option<Code>, why: Why, exchange: &Exchange<T>) -> Remark {
    let (why, took) = (why.said().english(), seconds(exchange.took));
    let code = code.map(|code| format!(" ({code}: {})", code.reason().english())).unwrap_or_default();
    Remark::wrong(format!("The {what} told nothing, after {took}: {why}{code}"))
}

/// `currency`: what the request names, among little else that an SDK could have a list of.
fn not_asked<T>(what: &str, why: NotARequest, exchange: &Exchange<T>, currency: Option<Currency>) -> Remark {
    if why != NotARequest::RefusedBySdk {
        return Remark::wrong(format!("The {what} was not asked for: {why}"));
    }
    let message = Reply::new(exchange.http_status.unwrap_or(0), &exchange.body).text_at(&["message"]).unwrap_or_default();
    let message: String = message.chars().take(200).collect();
    let doubt = match currency {
        Some(currency) if message.contains("allowed values") => format!(". Its list of currencies is probably without {currency}"),
        _ => String::new(),
    };
    Remark::wrong(format!("The SDK itself refuses the {what} as not valid: «{message}»{doubt}"))
}

#[cfg(test)]
mod tests {
    use super::super::{Grade, usual};
    use super::*;
    use crate::ids::TransferId;
    use crate::money::Minor;
    use crate::sdk::{PartyId, read_party, read_quote};

    fn question() -> Question {
        let party = |value: &str| PartyId { id_type: "MSISDN".to_owned(), id_value: value.to_owned(), sub_id: None };
        Question {
            payee: party("959777123456"),
            payer: party("959700000001"),
            payer_name: "Upendo".to_owned(),
            currency: Currency::MMK,
            amount: Minor::new(100_000),
            fee_limit: Some(Minor::new(500)),
        }
    }

    fn exchange<T>(answer: T, code: Option<Code>, status: u16, body: &str) -> Exchange<T> {
        Exchange { answer, http_status: Some(status), code, body: body.to_owned(), took: Duration::from_millis(20), date: None }
    }

    fn of_party(status: u16, body: &str) -> Vec<Remark> {
        let (answer, code) = read_party(&question().payee, status, body);
        judge_party(&usual(), &question(), &exchange(answer, code, status, body))
    }

    fn of_quote(status: u16, body: &str) -> Vec<Remark> {
        let (answer, code) = read_quote(&TransferId::from("9465ed4d-8a94-5fad-9c0a-ac80966ea5af"), status, body);
        judge_quote(&question(), &FspId::from("kbzpay"), &exchange(answer, code, status, body))
    }

    fn party(more: &str, headers: &str) -> String {
        format!(
            r#"{{"party":{{"body":{{"partyIdInfo":{{"partyIdentifier":"959777123456","fspId":"kbzpay"}}{more}}},"headers":{{{headers}}}}},"currentState":"COMPLETED"}}"#
        )
    }

    fn quote(currency: &str, amount: &str, more: &str) -> String {
        format!(
            r#"{{"quotes":{{"body":{{"transferAmount":{{"currency":"{currency}","amount":"{amount}"}},"ilpPacket":"QVlJ","condition":"YzWe0tiPExAZQuF-BjMjHZBsUW_2UZj7Etjcm3ntGFU"{more}}},"headers":{{"fspiop-source":"kbzpay"}}}}}}"#
        )
    }

    fn wrong(remarks: &[Remark], words: &str) {
        let said = remarks.iter().any(|remark| remark.grade == Grade::Wrong && remark.said.contains(words));
        assert!(said, "«{words}» is not said: {remarks:#?}");
    }

    #[test]
    fn a_payee_and_terms_as_they_should_be_are_fine() {
        let good = of_party(
            200,
            &party("", r#""content-type":"application/vnd.interoperability.parties+json;version=1.1","fspiop-destination":"mfi""#),
        );
        assert!(good.iter().all(|remark| remark.grade == Grade::Fine) && good[0].said.contains("found in 0.02 s, at kbzpay"), "{good:?}");
        let good = of_quote(200, &quote("MMK", "1005", ""));
        assert!(good.len() == 1 && good[0].grade == Grade::Fine && good[0].said.contains("would cost"), "{good:?}");
    }

    #[test]
    fn what_a_lookup_shows_is_said_in_words() {
        wrong(&of_party(404, r#"{"errorInformation":{"errorCode":"3204"}}"#), "knows nobody by this id");
        wrong(&of_party(200, r#"{"party":{"body":{},"headers":{}},"currentState":"COMPLETED"}"#), "does not say why");
        wrong(&of_party(404, r#"{"errorInformation":{"errorCode":"3202"}}"#), "does not know our own institution. This is about how");
        wrong(&of_party(500, r#"{"message":"Timeout","requestPartiesInformationState":{},"statusCode":"500"}"#), "No answer came in time");
        wrong(
            &of_party(200, &party("", r#""content-type":"application/vnd.interoperability.iso20022.parties+json;version=2.0""#)),
            "API_TYPE=fspiop",
        );
        wrong(&of_party(200, &party("", r#""fspiop-destination":"another""#)), "the DFSP «another», and dfsp_id here is «mfi»");
        wrong(&of_party(200, &party(r#","supportedCurrencies":["USD"]"#, "")), "takes USD and not MMK");
    }

    #[test]
    fn what_a_quote_shows_is_said_in_words() {
        wrong(&of_quote(200, r#"{"quotes":{"body":{"errorInformation":{"errorCode":"5106"}}}}"#), "MMK is not taken by kbzpay (5106)");
        wrong(&of_quote(200, r#"{"quotes":{"errorInformation":{"errorCode":"5200"}}}"#), "refused with 5200");
        wrong(
            &of_quote(400, r#"{"message":"must be equal to one of the allowed values","statusCode":400}"#),
            "list of currencies is probably without MMK",
        );
        wrong(&of_quote(200, &quote("USD", "1005", "")), "came back in USD");
        wrong(&of_quote(200, &quote("MMK", "1006", "")), "a fee above the account's limit");
        wrong(
            &of_quote(200, &quote("MMK", "1000", r#","extensionList":{"extension":[{"key":"CdtTrfTxInf.PmtId","value":"x"}]}"#)),
            "ISO 20022",
        );
        wrong(&of_quote(200, &quote("MMK", "1000", "").replace("kbzpay", "ayapay")), "the quote came from ayapay");
    }
}
