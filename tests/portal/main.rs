//! The one integration binary: rooms as in `src/`, over their public functions.

mod catalogue;
mod contrast;
mod gallery;
mod sdk;
