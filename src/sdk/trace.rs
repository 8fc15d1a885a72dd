//! W3C trace context, which the SDK passes on to the hub.

use crate::ids::TransferId;

/// The trace a call belongs to: the transfer's own id, so that the hub's logs are found by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// 32 lower-case hexadecimal digits, not all zero.
    id: String,
}

impl Trace {
    /// A transfer id is a UUID, which has exactly the 128 bits a trace id has.
    pub fn of(transfer: &TransferId) -> Self {
        let id: String = transfer.as_str().chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect();
        let fits = id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()) && id.bytes().any(|b| b != b'0');
        if fits { Self { id } } else { Self::random() }
    }

    /// For a call that belongs to no transfer, such as the lookup of a payee while a file is checked.
    pub fn random() -> Self {
        Self { id: format!("{:032x}", rand::random::<u128>().max(1)) }
    }

    /// The value of the `traceparent` header; every call is a span of its own.
    pub fn header(&self) -> String {
        format!("00-{}-{:016x}-01", self.id, rand::random::<u64>().max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_is_found_by_its_id_in_the_hubs_traces() {
        let header = Trace::of(&TransferId::from("9465ed4d-8a94-5fad-9c0a-ac80966ea5af")).header();
        assert!(header.starts_with("00-9465ed4d8a945fad9c0aac80966ea5af-"));
        assert_eq!(header.len(), 55);
    }

    #[test]
    fn an_id_that_is_no_uuid_gets_a_trace_all_the_same() {
        assert_eq!(Trace::of(&TransferId::from("01M7XQX41Y8QHREWD34QKWVX3C")).header().len(), 55);
    }
}
