//! Institutions side by side in one process: what each says and keeps for itself, and what the operator does with them.

mod apart;
mod connections;
mod logo;
mod operator;
mod settings;
mod suspended;
