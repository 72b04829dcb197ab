//! Data object lists.
