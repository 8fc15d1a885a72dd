//! From a file to a submitted batch.

mod desk;
mod files;
mod findings;
mod load;
mod submit;
mod upload;
