//! chain

pub mod pool;
