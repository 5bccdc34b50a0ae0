//! What all benchmarks share: the unchecked floor and the workloads.

#![allow(dead_code, reason = "no single benchmark uses all of it")]
#![allow(
    unreachable_pub,
    missing_docs,
    reason = "a private module that several benchmarks include"
)]
#![allow(clippy::cast_possible_truncation, reason = "lengths and counts are small")]

pub mod unchecked;
pub mod workload;
