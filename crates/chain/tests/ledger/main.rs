//! The chain over a real data folder with the solo engine: stories that a client or an operator would tell.

mod network;
mod queries;
mod rivals;
mod stories;
