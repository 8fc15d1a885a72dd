//! The one integration binary: rooms as in `src/`, over their public functions.

mod catalogue;
mod gallery;
mod sdk;
mod style_sheet;
