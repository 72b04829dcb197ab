//! Fifty fixed seeds that must pass, each under its own name; planted bugs that must be caught, by seeds that pass without them.

mod fixed;
mod planted;
