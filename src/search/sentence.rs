//! What happened to a payment, in one sentence, and what to do about it.

use super::Transfer;
use crate::batches::State;
use crate::dispatch::TransferState;
use crate::dispatch::why::Why;
use crate::say;
use crate::words::{Language, Said};

/// What happened. Where it has an outcome, the sentence waits for one more value, `{time}`, which only a page can print.
pub fn happened(transfer: &Transfer, language: &Language) -> Said {
    let sum = transfer.currency.show(transfer.amount);
    let payee = payee(transfer, language);
    match transfer.state {
        TransferState::Pending => match transfer.batch_state {
            State::PendingApproval => say!("Not sent: its batch waits for approval."),
            State::Rejected => say!("Not paid: its batch was rejected."),
            State::Cancelled => say!("Not paid: its batch was cancelled."),
            _ => say!("Not sent: its batch has not been submitted for approval yet."),
        },
        TransferState::Ready => match transfer.batch_state {
            State::Paused => say!("Not sent yet: its batch is paused. {sum} will go to {payee}.", sum = sum, payee = payee),
            _ => say!("Waiting to be paid: {sum} to {payee}.", sum = sum, payee = payee),
        },
        TransferState::Agreeing | TransferState::Sending => say!("Being paid now: {sum} to {payee}.", sum = sum, payee = payee),
        TransferState::InDoubt => {
            say!("We do not know yet whether {sum} reached {payee}. Outlay keeps asking the network.", sum = sum, payee = payee)
        }
        TransferState::NeedsAttention => {
            say!("We could not find out whether {sum} reached {payee}. Outlay still asks the network every hour.", sum = sum, payee = payee)
        }
        TransferState::Succeeded if of(transfer) == Some(Why::SaidPaid) => {
            say!("Closed as paid by two people on {time}: {sum} to {payee}. The network did not tell.", sum = sum, payee = payee)
        }
        TransferState::Succeeded => say!("Sent {sum} to {payee}, accepted {time}.", sum = sum, payee = payee),
        TransferState::Failed => match why(transfer.reason.as_deref(), transfer.code.as_deref(), language) {
            Some(why) => say!("Not paid. {why}.", why = why),
            None => say!("Not paid: {sum} to {payee}.", sum = sum, payee = payee),
        },
        TransferState::Superseded => say!("Not paid here: it was taken into a corrected batch."),
        TransferState::Cancelled => say!("Not paid: its batch was cancelled."),
        TransferState::Excluded => say!("Not paid: this row was left out of its batch."),
    }
}

/// What a person should do now; `None` where there is nothing to do.
pub fn to_do(transfer: &Transfer) -> Option<Said> {
    match transfer.state {
        TransferState::InDoubt => Some(say!("Do not pay this person again by other means until this page says Success or Failed.")),
        TransferState::NeedsAttention => Some(match transfer.found_fsp.as_deref().or(transfer.asked_fsp.as_deref()) {
            Some(fsp) => {
                say!("Do not pay this person again. Ask {fsp} whether the payment with the transfer id below arrived.", fsp = fsp)
            }
            None => {
                say!("Do not pay this person again. Ask the payee's wallet or bank whether the payment with the transfer id below arrived.")
            }
        }),
        TransferState::Failed if of(transfer) == Some(Why::SaidNotPaid) => {
            Some(say!("Two people found out that no money has moved. The network is still asked; if it says otherwise, an alarm goes up."))
        }
        TransferState::Failed if of(transfer) == Some(Why::PaidBefore) => None,
        TransferState::Failed => {
            Some(say!("No money has moved. Check the payee's details with them; the payment can be made again in a new file."))
        }
        TransferState::Pending if transfer.batch_state == State::Rejected => {
            Some(say!("The batch's page tells why, and its maker can correct it and submit it again."))
        }
        _ => None,
    }
}

fn of(transfer: &Transfer) -> Option<Why> {
    transfer.reason.as_deref().and_then(Why::from_text)
}

/// `Daw Mya, KBZPay, Phone 959…`.
fn payee(transfer: &Transfer, language: &Language) -> String {
    let account = format!("{} {}", language.translate(transfer.id_type.label()), transfer.id_value);
    let name = transfer.resolved_name.as_deref().unwrap_or(&transfer.payee_name);
    let fsp = transfer.found_fsp.as_deref().or(transfer.asked_fsp.as_deref());
    [Some(name), fsp, Some(account.as_str())].into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// Why a payment stands as it does, with the network's code: `The number or account has no wallet (3204)`.
pub fn why(reason: Option<&str>, code: Option<&str>, language: &Language) -> Option<String> {
    let network = |code: &str| Why::Network { code: code.to_owned() };
    let why = reason.and_then(Why::from_text).or_else(|| code.map(network))?;
    let said = why.said().in_language(language);
    Some(match code.filter(|code| !said.contains(code)) {
        Some(code) => format!("{said} ({code})"),
        None => said,
    })
}
