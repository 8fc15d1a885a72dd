//! Institutions side by side in one process: what each says and keeps for itself.

mod apart;
