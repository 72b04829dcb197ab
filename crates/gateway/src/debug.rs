//! The `debug_` methods: raw encodings, and executions step by step. Rules: execution-apis for the raw ones, geth for traces.

pub(crate) mod raw;
pub(crate) mod trace;
