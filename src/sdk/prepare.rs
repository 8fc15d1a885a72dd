//! The one request that moves money. It is its bytes: recorded before they are sent, repeated without harm.

use serde::{Deserialize, Serialize};

use crate::clock::Instant;
use crate::ids::{FspId, TransferId};
use crate::sdk::Quote;

/// The exact body of `POST /simpleTransfers`. The hub compares repeats by content, so the bytes are kept, never rebuilt.
#[derive(Clone, PartialEq, Eq)]
pub struct Prepare {
    body: String,
    transfer_id: TransferId,
    condition: String,
    expiration: Instant,
}

impl std::fmt::Debug for Prepare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Prepare({})", self.transfer_id)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the bytes of a prepare")]
pub struct NotAPrepare;

impl Prepare {
    /// The prepare for a quote whose amounts and fee were checked: its `transfer_amount` goes back as it was written. After
    /// `expiration` the hub refuses it; it is cut to milliseconds, as the network has it.
    ///
    /// # Errors
    /// [`NotAPrepare`] where the bytes would not read back as what they were made from.
    pub fn new(
        transfer_id: &TransferId,
        payer_fsp: &FspId,
        payee_fsp: &FspId,
        quote: &Quote,
        expiration: Instant,
    ) -> Result<Self, NotAPrepare> {
        let request = Outer {
            fsp_id: payee_fsp.to_string(),
            transfers_post_request: Inner {
                transfer_id: transfer_id.to_string(),
                payer_fsp: payer_fsp.to_string(),
                payee_fsp: payee_fsp.to_string(),
                amount: Money { currency: quote.transfer_amount.currency.code().to_owned(), amount: quote.transfer_amount.wire.clone() },
                ilp_packet: quote.ilp_packet.clone(),
                condition: quote.condition.clone(),
                expiration: expiration.fspiop(),
            },
        };
        Self::recorded(serde_json::to_string(&request).map_err(|_| NotAPrepare)?)
    }

    /// The bytes as they were recorded, read back.
    pub fn recorded(body: String) -> Result<Self, NotAPrepare> {
        let read: Outer = serde_json::from_str(&body).map_err(|_| NotAPrepare)?;
        let inner = read.transfers_post_request;
        let expiration: jiff::Timestamp = inner.expiration.parse().map_err(|_| NotAPrepare)?;
        Ok(Self {
            body,
            transfer_id: TransferId::from(inner.transfer_id),
            condition: inner.condition,
            expiration: Instant::from_micros(expiration.as_microsecond()),
        })
    }

    /// What is recorded and what is sent.
    pub fn as_str(&self) -> &str {
        &self.body
    }

    pub const fn transfer_id(&self) -> &TransferId {
        &self.transfer_id
    }

    /// What a fulfilment is checked against.
    pub fn condition(&self) -> &str {
        &self.condition
    }

    /// When the hub stops taking it.
    pub const fn expiration(&self) -> Instant {
        self.expiration
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outer {
    fsp_id: String,
    transfers_post_request: Inner,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inner {
    transfer_id: String,
    payer_fsp: String,
    payee_fsp: String,
    amount: Money,
    ilp_packet: String,
    condition: String,
    expiration: String,
}

#[derive(Serialize, Deserialize)]
struct Money {
    currency: String,
    amount: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::{Currency, Minor};
    use crate::sdk::Amount;

    #[test]
    fn the_bytes_are_those_of_the_recorded_call_and_read_back() {
        let amount = Amount { currency: Currency::find("KES").unwrap(), minor: Minor::new(150_050), wire: "1500.5".to_owned() };
        let quote = Quote {
            transfer_amount: amount,
            payee_receive_amount: None,
            payee_fee: None,
            payee_commission: None,
            ilp_packet: "QVlJQ3N0dWI".to_owned(),
            condition: "YzWe0tiPExAZQuF-BjMjHZBsUW_2UZj7Etjcm3ntGFU".to_owned(),
            expiration: None,
            source: None,
        };
        let id = TransferId::from("9465ed4d-8a94-5fad-9c0a-ac80966ea5af");
        let expiration = Instant::from_micros(1_763_684_738_111_999);
        let prepare = Prepare::new(&id, &FspId::from("mfi"), &FspId::from("payeefsp"), &quote, expiration).unwrap();
        let expected = r#"{"fspId":"payeefsp","transfersPostRequest":{"transferId":"9465ed4d-8a94-5fad-9c0a-ac80966ea5af","payerFsp":"mfi","payeeFsp":"payeefsp","amount":{"currency":"KES","amount":"1500.5"},"ilpPacket":"QVlJQ3N0dWI","condition":"YzWe0tiPExAZQuF-BjMjHZBsUW_2UZj7Etjcm3ntGFU","expiration":"2025-11-21T00:25:38.111Z"}}"#;
        assert_eq!(prepare.as_str(), expected);
        assert_eq!(Prepare::recorded(expected.to_owned()), Ok(prepare.clone()));
        assert_eq!(prepare.expiration(), Instant::from_micros(1_763_684_738_111_000));
        assert_eq!((prepare.transfer_id(), prepare.condition()), (&id, quote.condition.as_str()));
    }

    #[test]
    fn what_is_no_prepare_is_not_sent() {
        for body in ["", "{}", "null", r#"{"fspId":"x","transfersPostRequest":{}}"#] {
            assert_eq!(Prepare::recorded(body.to_owned()), Err(NotAPrepare), "{body}");
        }
    }
}
