//! What every page shares: the url table and its guard, sessions, forms that happen once, error pages, the frame and its assets.
//! Rooms reach it only from their `pages.rs`.

pub mod assets;
pub mod download;
mod error_page;
mod fields;
pub mod filters;
pub mod guard;
pub mod headers;
mod once;
pub mod page;
mod paging;
mod same_origin;
pub mod sessions;
mod store;
mod tallies;
pub mod urls;
mod visitor;

pub use self::error_page::ErrorPage;
pub use self::fields::{Checked, FORM_BYTES_MAX, FORM_TOKEN, Fields, ONCE_KEY, Posted, once_key, token_fits};
pub use self::once::{Done, Outcome, ShownOnce, once, once_shown};
pub use self::page::{Page, html};
pub use self::paging::{COUNTED_MAX, List, PAGE_ROWS};
pub use self::store::forget;
pub use self::visitor::{HalfVisitor, Proxies, Visitor, address, institution};
