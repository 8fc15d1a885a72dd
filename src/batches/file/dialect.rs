//! Which delimiter a file has and where its header stands.

use crate::db::text_enum;

text_enum! {
    /// What stands between cells.
    pub enum Delimiter {
        Comma = ",",
        Semicolon = ";",
        Tab = "\t",
        Pipe = "|",
    }
}

impl Delimiter {
    pub const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }
}
