//! What every page shares: its frame, the filters of its template, its style sheet and script.
//! Rooms reach it only from their `pages.rs`.

pub mod assets;
pub mod filters;
pub mod page;
