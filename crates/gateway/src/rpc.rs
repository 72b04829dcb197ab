//! JSON-RPC 2.0 as this node speaks it: `request` reads a body, `dispatch` says how methods are called, `params` decodes their
//! arguments, `batch` works a list in order, `reply` writes the answer.

pub mod dispatch;
pub mod error;
pub mod params;

pub use dispatch::{Answer, CallResult, Caller, Methods, Transport, heavy, later, now};
pub use error::{RpcError, json};
pub use params::Params;
