//! Puts bytecode together: opcodes, constants, forward and backward jumps, and data behind the code.

use alloy_primitives::{Bytes, U256};
use revm::bytecode::opcode as op;

/// Code being written. Data follows the code once it is finished; the code has to end before it.
#[derive(Default)]
pub(crate) struct Assembler {
    code: Vec<u8>,
    data: Vec<u8>,
    /// Positions in the code of two-byte operands that are offsets into the data.
    data_operands: Vec<usize>,
}

/// Bytes behind the code.
#[derive(Clone, Copy)]
pub(crate) struct Data {
    offset: usize,
    pub(crate) length: usize,
}

/// A jump whose destination is not yet known.
#[must_use]
pub(crate) struct Jump {
    operand: usize,
}

impl Assembler {
    pub(crate) fn op(&mut self, opcode: u8) -> &mut Self {
        self.code.push(opcode);
        self
    }

    /// Pushes a constant in as few bytes as it needs.
    pub(crate) fn push(&mut self, value: impl Into<U256>) -> &mut Self {
        let value: U256 = value.into();
        self.push_wide(value, value.byte_len())
    }

    /// Pushes a constant in `width` bytes, at most 32.
    pub(crate) fn push_wide(&mut self, value: U256, width: usize) -> &mut Self {
        let width = width.clamp(value.byte_len(), 32);
        self.op(op::PUSH0 + u8::try_from(width).expect("at most 32"));
        self.code.extend_from_slice(&value.to_be_bytes::<32>()[32 - width..]);
        self
    }

    pub(crate) fn data(&mut self, bytes: &[u8]) -> Data {
        let offset = self.data.len();
        self.data.extend_from_slice(bytes);
        Data { offset, length: bytes.len() }
    }

    /// `CODECOPY` of data into memory.
    pub(crate) fn copy_data(&mut self, memory: usize, data: Data) -> &mut Self {
        self.push(U256::from(data.length));
        let operand = self.push_operand(data.offset);
        self.data_operands.push(operand);
        self.push(U256::from(memory)).op(op::CODECOPY)
    }

    /// Jumps if the top of the stack is not zero.
    pub(crate) fn jump_if(&mut self) -> Jump {
        let operand = self.push_operand(0);
        self.op(op::JUMPI);
        Jump { operand }
    }

    /// Jumps in any case.
    pub(crate) fn jump(&mut self) -> Jump {
        let operand = self.push_operand(0);
        self.op(op::JUMP);
        Jump { operand }
    }

    /// The destination of a jump is here.
    pub(crate) fn land(&mut self, jump: &Jump) {
        let here = self.here();
        self.patch(jump.operand, here);
        self.op(op::JUMPDEST);
    }

    /// A place to jump back to.
    pub(crate) fn mark(&mut self) -> usize {
        let here = self.here();
        self.op(op::JUMPDEST);
        here
    }

    /// Jumps back if the top of the stack is not zero.
    pub(crate) fn jump_back_if(&mut self, mark: usize) -> &mut Self {
        self.push_operand(mark);
        self.op(op::JUMPI)
    }

    pub(crate) fn finish(mut self) -> Bytes {
        let end = self.here();
        for operand in std::mem::take(&mut self.data_operands) {
            let offset = u16::from_be_bytes([self.code[operand], self.code[operand + 1]]);
            self.patch(operand, end + usize::from(offset));
        }
        [self.code, self.data].concat().into()
    }

    fn here(&self) -> usize {
        self.code.len()
    }

    fn push_operand(&mut self, value: usize) -> usize {
        self.op(op::PUSH2);
        let operand = self.here();
        self.code.extend([0, 0]);
        self.patch(operand, value);
        operand
    }

    fn patch(&mut self, operand: usize, value: usize) {
        let bytes = u16::try_from(value).expect("programs are shorter than 64 KiB").to_be_bytes();
        self.code[operand..operand + 2].copy_from_slice(&bytes);
    }
}
