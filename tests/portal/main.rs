//! The one integration binary: rooms as in `src/`, over their public functions.

mod gallery;
mod sdk;
mod simulator;
