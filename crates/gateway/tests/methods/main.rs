//! Every method over a real chain in a temporary folder: stories that a client would tell.

mod admission;
mod blocks;
mod calls;
mod counterfoils;
mod documents;
mod fees;
mod filters;
mod logs;
mod natives;
mod network;
mod old;
mod pool;
mod sending;
mod shop;
mod signing;
mod state;
mod subscriptions;
mod table;
mod traces;
