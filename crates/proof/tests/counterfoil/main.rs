//! Counterfoils of a network with hand-overs: what they prove, and that nothing of them can be changed.

mod changed;
mod checkpoints;
mod committees;
mod facts;
mod network;
