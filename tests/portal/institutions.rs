//! Institutions side by side.
