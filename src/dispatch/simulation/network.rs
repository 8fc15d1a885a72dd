//! What is on its way: requests, prepares, callbacks, replies. It may arrive late, twice, in any order, or never.

use crate::clock::Instant;

/// An id of the network. `salt` is 0 for ids that are derived, as all are; a mutant draws it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Id {
    pub chain: usize,
    pub n: i32,
    pub salt: u32,
}

impl Id {
    /// An id nobody ever used, for control questions.
    pub const CONTROL: Self = Self { chain: usize::MAX, n: 0, salt: u32::MAX };
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (*self == Self::CONTROL, self.salt) {
            (true, _) => write!(f, "an id nobody used"),
            (false, 0) => write!(f, "id({}) of payment {}", self.n, self.chain),
            (false, salt) => write!(f, "id({}, drawn {salt}) of payment {}", self.n, self.chain),
        }
    }
}

/// The bytes of a prepare; two are the same bytes if their number is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Prepare {
    pub id: Id,
    pub number: u32,
    pub payee: u32,
    pub expires_at: Instant,
    /// Which copy of the database made them.
    pub copy: usize,
    /// For which of its rows.
    pub row: usize,
}

/// What a dispatcher asks of the SDK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Asked {
    Post(Prepare),
    Get(Id),
}

impl Asked {
    pub fn id(&self) -> Id {
        match self {
            Self::Post(prepare) => prepare.id,
            Self::Get(id) => *id,
        }
    }
}

/// What is said about an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Said {
    /// With the number of the bytes that were executed, which their fulfilment proves.
    Committed(u32),
    Aborted,
    InProgress,
    Error(u16),
    /// The SDK's 504.
    Silent,
    /// Connection reset.
    Broken,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Message {
    /// Dispatcher to SDK.
    Request { call: u32, asked: Asked },
    /// SDK to hub.
    Prepare(Prepare),
    /// SDK to hub: GET.
    Question(Id),
    /// Hub to SDK.
    Callback { id: Id, said: Said },
    /// SDK to dispatcher.
    Reply { call: u32, said: Said },
}

#[derive(Debug, Clone, Default)]
pub(super) struct Network {
    pub on_the_way: Vec<(Message, Instant)>,
}

impl Network {
    pub fn send(&mut self, message: Message, now: Instant) {
        self.on_the_way.push((message, now));
    }
}
