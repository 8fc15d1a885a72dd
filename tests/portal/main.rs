

mod gallery;
