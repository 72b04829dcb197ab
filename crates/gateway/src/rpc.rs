//! JSON-RPC 2.0 as this node speaks it: `request` reads a body, `endpoint` works it (`batch` a list of calls in order),
//! `dispatch` says how methods are called, `params` decodes their arguments, `reply` writes the answer.

mod batch;
mod check;
pub mod dispatch;
pub(crate) mod endpoint;
pub mod error;
pub mod params;
pub(crate) mod reply;
pub(crate) mod request;

#[doc(hidden)]
pub use check::check_body;
pub use dispatch::{Answer, CallResult, Caller, Methods, Transport, heavy, later, now};
pub use error::{RpcError, json};
pub use params::Params;
