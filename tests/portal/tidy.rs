//! The house rules as code.
