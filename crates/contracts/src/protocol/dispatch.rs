//! Selector to operation.

use super::{
    abi::IProtocol,
    operations::{appoint_governor, epoch, schedule, scheduled, sequence, version},
};

crate::native_contract!(IProtocol::IProtocolCalls {
    view version => version,
    view scheduled => scheduled,
    view sequence => sequence,
    view epoch => epoch,
    write schedule => schedule,
    write appointGovernor => appoint_governor,
});
