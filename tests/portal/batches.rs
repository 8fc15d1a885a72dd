//! From a file to a submitted batch.

pub mod desk;
mod files;
mod findings;
mod load;
mod submit;
mod upload;
