//! Tests of money.
