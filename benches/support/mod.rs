//! What the benchmarks stand on: an institution with its worker in this process, the simulated SDK in a process of its own, a PostgreSQL
//! server of their own, and what the operating system says of processes.

#![allow(dead_code, reason = "each benchmark uses its part")]

pub mod bare;
pub mod house;
pub mod machine;
pub mod network;
pub mod postgres;
