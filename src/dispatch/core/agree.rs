//! What must be true before money is promised: the right provider, the right currency, the approved amount, a bearable fee.

use rust_decimal::Decimal;

use crate::dispatch::why::Why;
use crate::ids::FspId;
use crate::money::{Currency, Minor};

/// What was approved for one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Where the file says the account is; `None`: the network finds it.
    pub to_fsp: Option<FspId>,
    pub amount: Minor,
    pub currency: Currency,
    /// The most one payment of the batch may cost.
    pub fee_limit: Minor,
}

/// What a lookup said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    pub fsp: Option<FspId>,
    /// Currencies the account takes; empty where the provider does not say.
    pub currencies: Vec<String>,
}

/// What a quote said, amounts as they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Who answered; `None` where the reply does not name its source.
    pub from: Option<FspId>,
    /// What leaves our account.
    pub transfer: (String, String),
    /// What the payee gets, as (currency, amount); optional on the wire.
    pub receive: Option<(String, String)>,
    /// Whether an ILP packet and a condition came with it.
    pub is_complete: bool,
}

/// A quote that may be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Priced {
    /// What leaves our account beyond what the payee gets; negative where the provider pays us.
    pub fee: Minor,
}

/// The provider to pay through.
pub fn check_party(order: &Order, party: &Party) -> Result<FspId, Why> {
    let Some(found) = &party.fsp else { return Err(Why::NoFsp) };
    if let Some(asked) = &order.to_fsp
        && asked != found
    {
        return Err(Why::OtherFsp { asked: asked.to_string(), found: found.to_string() });
    }
    if !party.currencies.is_empty() && !party.currencies.iter().any(|code| code == order.currency.code()) {
        return Err(Why::OtherCurrency { currency: order.currency.to_string() });
    }
    Ok(found.clone())
}

/// Whether this offer is for what was approved.
pub fn check_offer(order: &Order, payee_fsp: &FspId, offer: &Offer) -> Result<Priced, Why> {
    if let Some(from) = &offer.from
        && from != payee_fsp
    {
        return Err(Why::MovedFsp { looked_up: payee_fsp.to_string(), answered: from.to_string() });
    }
    if !offer.is_complete {
        return Err(Why::UnreadableQuote);
    }
    let leaves = amount(order, &offer.transfer)?;
    let arrives = match &offer.receive {
        Some(receive) => amount(order, receive)?,
        // Asked as RECEIVE, so the amount is fixed; less leaving than arriving would need the provider's word for it.
        None if leaves < order.amount => return Err(other_amount(order, leaves)),
        None => order.amount,
    };
    if arrives != order.amount {
        return Err(other_amount(order, arrives));
    }
    let fee = leaves.minus(arrives).ok_or(Why::UnreadableQuote)?;
    if leaves.units() <= 0 {
        return Err(other_amount(order, leaves));
    }
    if fee > order.fee_limit {
        return Err(Why::FeeAboveLimit { fee: order.currency.show(fee), limit: order.currency.show(order.fee_limit) });
    }
    Ok(Priced { fee })
}

fn amount(order: &Order, (currency, amount): &(String, String)) -> Result<Minor, Why> {
    if currency != order.currency.code() {
        return Err(Why::OtherCurrency { currency: order.currency.to_string() });
    }
    let number: Decimal = amount.parse().map_err(|_| Why::UnreadableQuote)?;
    // Finer than the currency: not the amount that was approved, whatever it is.
    order.currency.minor(number).map_err(|_| Why::OtherAmount { approved: order.currency.show(order.amount), quoted: amount.clone() })
}

fn other_amount(order: &Order, quoted: Minor) -> Why {
    Why::OtherAmount { approved: order.currency.show(order.amount), quoted: order.currency.show(quoted) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> Order {
        Order {
            to_fsp: Some(FspId::from("kbzpay")),
            amount: Minor::new(150_000),
            currency: Currency::find("USD").unwrap(),
            fee_limit: Minor::new(700),
        }
    }

    fn offer(leaves: &str, arrives: Option<&str>) -> Offer {
        Offer {
            from: Some(FspId::from("kbzpay")),
            transfer: ("USD".to_owned(), leaves.to_owned()),
            receive: arrives.map(|amount| ("USD".to_owned(), amount.to_owned())),
            is_complete: true,
        }
    }

    fn priced(offer: &Offer) -> Result<Priced, Why> {
        check_offer(&order(), &FspId::from("kbzpay"), offer)
    }

    #[test]
    fn the_account_must_be_where_the_file_says() {
        let party = |fsp: Option<&str>, currencies: &[&str]| Party {
            fsp: fsp.map(FspId::from),
            currencies: currencies.iter().map(ToString::to_string).collect(),
        };
        assert_eq!(check_party(&order(), &party(Some("kbzpay"), &[])), Ok(FspId::from("kbzpay")));
        assert_eq!(check_party(&order(), &party(Some("kbzpay"), &["MMK", "USD"])), Ok(FspId::from("kbzpay")));
        assert!(matches!(check_party(&order(), &party(Some("wave"), &[])), Err(Why::OtherFsp { .. })));
        assert_eq!(check_party(&order(), &party(None, &[])), Err(Why::NoFsp));
        assert!(matches!(check_party(&order(), &party(Some("kbzpay"), &["MMK"])), Err(Why::OtherCurrency { .. })));
        let anywhere = Order { to_fsp: None, ..order() };
        assert_eq!(check_party(&anywhere, &party(Some("wave"), &[])), Ok(FspId::from("wave")));
    }

    #[test]
    fn the_payee_gets_what_was_approved_and_the_fee_has_a_limit() {
        assert_eq!(priced(&offer("1507", Some("1500"))), Ok(Priced { fee: Minor::new(700) }), "at the limit");
        assert!(matches!(priced(&offer("1507.01", Some("1500"))), Err(Why::FeeAboveLimit { .. })), "a cent above");
        assert_eq!(priced(&offer("1500", None)), Ok(Priced { fee: Minor::ZERO }));
        assert_eq!(priced(&offer("1499", Some("1500"))), Ok(Priced { fee: Minor::new(-100) }), "the provider pays us");
        assert!(matches!(priced(&offer("1499", None)), Err(Why::OtherAmount { .. })));
        assert!(matches!(priced(&offer("1500", Some("1499"))), Err(Why::OtherAmount { .. })));
        assert!(matches!(priced(&offer("1500", Some("1500.001"))), Err(Why::OtherAmount { .. })));
        assert!(matches!(priced(&offer("ten", None)), Err(Why::UnreadableQuote)));
        let foreign = Offer { transfer: ("MMK".to_owned(), "1500".to_owned()), ..offer("1500", None) };
        assert!(matches!(priced(&foreign), Err(Why::OtherCurrency { .. })));
        let free_money = Order { amount: Minor::new(100), ..order() };
        let nothing = offer("0", Some("1"));
        assert!(matches!(check_offer(&free_money, &FspId::from("kbzpay"), &nothing), Err(Why::OtherAmount { .. })));
    }

    #[test]
    fn another_provider_than_the_one_looked_up_is_not_paid() {
        let moved = Offer { from: Some(FspId::from("wave")), ..offer("1500", Some("1500")) };
        assert!(matches!(priced(&moved), Err(Why::MovedFsp { .. })));
        let unnamed = Offer { from: None, ..offer("1500", Some("1500")) };
        assert!(priced(&unnamed).is_ok());
        let bare = Offer { is_complete: false, ..offer("1500", Some("1500")) };
        assert_eq!(priced(&bare), Err(Why::UnreadableQuote));
    }
}
