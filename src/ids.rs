//! Ids: one type each, so that a branch cannot be taken for a batch.

use std::sync::atomic::{AtomicU32, Ordering};

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Instant;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow, Serialize, Deserialize)]
        #[diesel(sql_type = Text)]
        #[serde(transparent)]
        pub struct $name(String);

        crate::db::text_type!($name);

        impl $name {
            /// A new id that sorts by the time it was made (UUIDv7).
            pub fn new(now: Instant) -> Self {
                Self(time_ordered(now).to_string())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// An institution: the namespace of every id derived in it.
    InstitutionId
);
id!(UserId);
id!(BranchId);
id!(GrantId);
id!(
    /// A set of actions that an institution saved under a name.
    RoleId
);
id!(
    /// What one account manager asked for and another has to confirm.
    ConfirmationId
);
id!(
    /// An invitation or a reset: a mailed link or a printed code.
    PasswordLinkId
);
id!(
    /// What lists and forms call a session; not the key that opens it.
    SessionId
);
id!(
    /// A request for a new QR code by a person who lost their phone.
    QrRequestId
);
id!(
    /// A mail in the outbox.
    MailId
);
id!(NoticeId);
id!(
    /// An FSP's id on the network, for example `kbzpay`: 1 to 32 characters (CONTRACT 1.5).
    FspId
);
id!(FundingAccountId);
id!(BatchId);
id!(FileId);
id!(
    /// A row of a batch. Not an id of money: see [`HomeTransactionId`] and [`TransferId`].
    RowId
);
id!(AttemptId);
id!(
    /// What one person says of a payment's end, and another confirms.
    ResolutionId
);
id!(AlarmId);
id!(EventId);
id!(
    /// Our id for a payment, given at upload and never changed (DESIGN, Words).
    HomeTransactionId
);
id!(
    /// The network's id of a transfer; the hub executes each at most once.
    TransferId
);
id!(
    /// The 8 hexadecimal characters people read aloud, for example `d03bdc40`.
    Reference
);
id!(
    /// A random value in each form that changes state.
    OnceKey
);

/// So many ids of this process have been made: ids of one microsecond keep the order they were made in.
static MADE: AtomicU32 = AtomicU32::new(0);

/// UUIDv7 of the injected time, so that tests with a clock of their own sort as they should: milliseconds, microseconds, a counter, chance
/// (RFC 9562, section 6.2, methods 1 and 3).
fn time_ordered(now: Instant) -> Uuid {
    let millis = u64::try_from(now.micros() / 1000).unwrap_or(0);
    let micros = u16::try_from(now.micros().rem_euclid(1000)).unwrap_or(0);
    let [micros_high, micros_low] = (micros << 2).to_be_bytes();
    // The two highest bits become the UUID's variant: it begins anew after a thousand million ids.
    let [count_high, count, count_on, count_low] = MADE.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let [a, b, c, d] = rand::random::<[u8; 4]>();
    uuid::Builder::from_unix_timestamp_millis(millis, &[micros_high, micros_low, count_high, count, count_on, count_low, a, b, c, d])
        .into_uuid()
}

impl InstitutionId {
    /// The UUID behind the text; the nil UUID if the row was tampered with.
    fn namespace(&self) -> Uuid {
        Uuid::parse_str(self.as_str()).unwrap_or(Uuid::nil())
    }
}

impl HomeTransactionId {
    /// UUIDv5 of institution, content digest of the file, how often this institution has seen that content, and line:
    /// the same file uploaded again after a restore meets its own ids.
    pub fn derive(institution: &InstitutionId, content_digest: &str, seen: i64, line: i64) -> Self {
        let name = format!("outlay-home-transaction-v1\0{content_digest}\0{seen}\0{line}");
        Self(Uuid::new_v5(&institution.namespace(), name.as_bytes()).to_string())
    }
}

impl TransferId {
    /// The `n`th id of a payment's chain: UUIDv5 of institution, home transaction id and n, in lower case as the SDK wants it.
    /// The next one may be used only after the network said ABORTED for this one (DESIGN 5).
    pub fn derive(institution: &InstitutionId, home: &HomeTransactionId, n: i32) -> Self {
        let name = format!("outlay-transfer-v1\0{home}\0{n}");
        Self(Uuid::new_v5(&institution.namespace(), name.as_bytes()).to_string())
    }
}

impl Reference {
    /// A new one; the unique column says if chance repeated itself.
    pub fn random() -> Self {
        Self(format!("{:08x}", rand::random::<u32>()))
    }

    /// In two groups, as it is read aloud: `d03b dc40`.
    pub fn spoken(&self) -> String {
        match self.0.split_at_checked(4) {
            Some((first, last)) => format!("{first} {last}"),
            None => self.0.clone(),
        }
    }
}

impl OnceKey {
    /// 128 random bits.
    pub fn random() -> Self {
        Self(format!("{:032x}", rand::random::<u128>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_a_chain_are_derived_never_drawn() {
        let house = InstitutionId::from("0193d7a0-0000-7000-8000-000000000001");
        let home = HomeTransactionId::derive(&house, "abc", 1, 7);
        assert_eq!(home, HomeTransactionId::derive(&house, "abc", 1, 7));
        assert_ne!(home, HomeTransactionId::derive(&house, "abc", 2, 7));
        assert_ne!(home, HomeTransactionId::derive(&house, "abc", 1, 8));
        assert_eq!(TransferId::derive(&house, &home, 0), TransferId::derive(&house, &home, 0));
        assert_ne!(TransferId::derive(&house, &home, 0), TransferId::derive(&house, &home, 1));
    }

    #[test]
    fn ids_sort_by_the_microsecond_and_then_by_their_making() {
        let made = |micros: i64| BranchId::new(Instant::from_micros(1_763_684_738_000_000 + micros)).0;
        let ids = [made(0), made(0), made(1), made(999), made(1_000)];
        assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
        // As many as a transaction may make, all of its one moment: what happened first in it stands first in the log.
        let ids: Vec<_> = (0..100_000).map(|_| made(0)).collect();
        assert!(ids.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn a_reference_is_read_aloud_in_two_groups() {
        assert_eq!(Reference::from("d03bdc40").spoken(), "d03b dc40");
    }
}
