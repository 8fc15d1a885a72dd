//! The one integration binary: rooms as in `src/`, over their public functions.

mod files;
mod gallery;
mod sdk;
