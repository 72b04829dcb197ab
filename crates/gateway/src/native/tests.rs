//! Filled when the rooms are there.
