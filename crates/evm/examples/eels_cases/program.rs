//! Random programs that mostly run to their end: statements leave the stack as they found it, expressions push one word,
//! memory and storage are touched in a small range, loops and recursion are bounded by counters and gas.

use alloy_primitives::{Address, Bytes, U256};
use rand::{Rng, rngs::StdRng, seq::IndexedRandom};
use revm::bytecode::opcode as op;

use crate::{
    assembler::{Assembler, Data},
    vectors::{self, Vector},
};

/// What a program knows of the world around it.
pub(crate) struct Surroundings {
    /// Accounts to look at, call and pay.
    pub(crate) addresses: Vec<Address>,
    /// Height of the block, for `BLOCKHASH`.
    pub(crate) number: u64,
    /// A call of a precompiled contract that has to come somewhere.
    pub(crate) vector: Option<Vector>,
}

/// A contract's code.
pub(crate) fn contract(rng: &mut StdRng, around: &Surroundings, statements: usize) -> Bytes {
    Writer::new(rng, around, CREATION_DEPTH).contract(statements)
}

/// Code that runs in a creation: mostly returns the code of a contract, but may also return nothing, or die.
pub(crate) fn init_code(rng: &mut StdRng, around: &Surroundings) -> Bytes {
    Writer::new(rng, around, CREATION_DEPTH).init_code()
}

/// How deep creations are nested in code that creates code.
const CREATION_DEPTH: u8 = 2;
/// Deepest nesting of branches and loops.
const BLOCK_DEPTH: u8 = 2;
/// Memory is touched below this, but for inputs and answers of calls.
const MEMORY_END: usize = 0x200;
const INPUT_AT: usize = 0x200;
const OUTPUT_AT: usize = 0x800;

struct Writer<'a> {
    rng: &'a mut StdRng,
    around: &'a Surroundings,
    code: Assembler,
    creation_depth: u8,
    block_depth: u8,
}

impl<'a> Writer<'a> {
    fn new(rng: &'a mut StdRng, around: &'a Surroundings, creation_depth: u8) -> Self {
        Self { rng, around, code: Assembler::default(), creation_depth, block_depth: BLOCK_DEPTH }
    }

    fn contract(mut self, statements: usize) -> Bytes {
        if let Some(vector) = &self.around.vector {
            self.precompile(vector);
        }
        self.statements(statements);
        self.end();
        self.code.finish()
    }

    fn init_code(mut self) -> Bytes {
        let statements = self.rng.random_range(0..3);
        self.statements(statements);
        match self.rng.random_range(0..10) {
            0 => self.self_destruct(),
            1 => _ = self.code.op(op::STOP),
            _ => self.return_code(),
        }
        self.code.finish()
    }

    fn return_code(&mut self) {
        let runtime =
            if self.creation_depth == 0 { Bytes::from_static(&[op::STOP]) } else { self.nested().contract(2) };
        let data = self.code.data(&runtime);
        self.code.copy_data(0, data).push(U256::from(data.length)).push(U256::ZERO).op(op::RETURN);
    }

    /// A writer for code within this code.
    fn nested(&mut self) -> Writer<'_> {
        Writer {
            rng: self.rng,
            around: self.around,
            code: Assembler::default(),
            creation_depth: self.creation_depth.saturating_sub(1),
            block_depth: 1,
        }
    }

    fn statements(&mut self, count: usize) {
        for _ in 0..count {
            self.statement();
        }
    }

    fn statement(&mut self) {
        match self.rng.random_range(0..24) {
            0..=3 => self.store(),
            4..=5 => self.memory(),
            6..=7 => self.copy(),
            8..=9 => self.log(),
            10..=11 => self.discard(),
            12..=13 => self.shuffle(),
            14..=15 => self.branch(),
            16 => self.repeat(),
            17..=19 => self.call(),
            20..=21 => {
                let vector = vectors::cheap(self.rng);
                self.precompile(&vector);
            }
            _ => self.create(),
        }
    }

    /// Ends the program. Most programs succeed.
    fn end(&mut self) {
        match self.rng.random_range(0..40) {
            0..=1 => _ = self.memory_range().op(op::REVERT),
            2 => _ = self.code.op(op::INVALID),
            3..=6 => self.self_destruct(),
            7..=20 => _ = self.memory_range().op(op::RETURN),
            _ => _ = self.code.op(op::STOP),
        }
    }

    fn self_destruct(&mut self) {
        self.address();
        self.code.op(op::SELFDESTRUCT);
    }

    fn store(&mut self) {
        self.expression(2);
        let opcode = *[op::SSTORE, op::SSTORE, op::TSTORE].choose(self.rng).expect("not empty");
        self.slot().op(opcode);
    }

    fn memory(&mut self) {
        self.expression(2);
        let opcode = *[op::MSTORE, op::MSTORE8].choose(self.rng).expect("not empty");
        self.memory_at().op(opcode);
    }

    fn copy(&mut self) {
        match self.rng.random_range(0..5) {
            0 => self.returned_data(),
            kind => {
                let length = self.rng.random_range(0..80_u64);
                let from = self.rng.random_range(0..100_u64);
                self.code.push(U256::from(length)).push(U256::from(from));
                self.memory_at();
                match kind {
                    1 => self.code.op(op::CALLDATACOPY),
                    2 => self.code.op(op::CODECOPY),
                    3 => self.code.op(op::MCOPY),
                    _ => {
                        self.address();
                        self.code.op(op::EXTCODECOPY)
                    }
                };
            }
        }
    }

    /// Copies all that the last call returned: less or more of it would fail.
    fn returned_data(&mut self) {
        let output = U256::from(OUTPUT_AT);
        self.code.op(op::RETURNDATASIZE).push(U256::ZERO).push(output).op(op::RETURNDATACOPY);
    }

    fn log(&mut self) {
        let topics = self.rng.random_range(0..=4_u8);
        for _ in 0..topics {
            self.expression(1);
        }
        self.memory_range().op(op::LOG0 + topics);
    }

    fn discard(&mut self) {
        self.expression(3);
        self.code.op(op::POP);
    }

    /// Words on the stack, copied and exchanged, then folded into one.
    fn shuffle(&mut self) {
        let mut height = 17;
        for _ in 0..height {
            self.constant();
        }
        for _ in 0..self.rng.random_range(1..8) {
            let which = self.rng.random_range(0..16_u8);
            if self.rng.random_bool(0.5) {
                self.code.op(op::DUP1 + which);
                height += 1;
            } else {
                self.code.op(op::SWAP1 + which);
            }
        }
        for _ in 1..height {
            let fold = *[op::XOR, op::ADD, op::SUB, op::POP].choose(self.rng).expect("not empty");
            self.code.op(fold);
        }
        self.slot().op(op::SSTORE);
    }

    fn branch(&mut self) {
        self.expression(2);
        let otherwise = self.code.jump_if();
        self.block();
        let end = self.code.jump();
        self.code.land(&otherwise);
        self.block();
        self.code.land(&end);
    }

    fn repeat(&mut self) {
        let times = self.rng.random_range(1..4_u64);
        self.code.push(U256::from(times));
        let start = self.code.mark();
        self.block();
        self.code.push(U256::ONE).op(op::SWAP1).op(op::SUB).op(op::DUP1).jump_back_if(start).op(op::POP);
    }

    fn block(&mut self) {
        if self.block_depth > 0 {
            self.block_depth -= 1;
            self.statement();
            self.block_depth += 1;
        }
    }

    /// A call of any kind with bounded gas; whether it succeeded is stored.
    fn call(&mut self) {
        self.code.push(U256::from(32)).push(U256::from(OUTPUT_AT));
        self.memory_range();
        let opcode = self.call_kind();
        if matches!(opcode, op::CALL | op::CALLCODE) {
            let value = self.rng.random_range(0..3_u64);
            self.code.push(U256::from(value));
        }
        self.address();
        let gas = self.rng.random_range(5_000..90_000_u64);
        self.code.push(U256::from(gas)).op(opcode);
        self.slot().op(op::SSTORE);
        if self.rng.random_bool(0.3) {
            self.returned_data();
        }
    }

    fn call_kind(&mut self) -> u8 {
        *[op::CALL, op::CALL, op::CALLCODE, op::DELEGATECALL, op::STATICCALL].choose(self.rng).expect("not empty")
    }

    /// A call of a precompiled contract; the hash of its answer is stored.
    fn precompile(&mut self, vector: &Vector) {
        let data = self.code.data(&vector.input);
        self.code.copy_data(INPUT_AT, data);
        self.code.push(U256::ZERO).push(U256::ZERO).push(U256::from(data.length)).push(U256::from(INPUT_AT));
        let opcode = self.call_kind();
        if matches!(opcode, op::CALL | op::CALLCODE) {
            self.code.push(U256::ZERO);
        }
        self.code.push(U256::from_be_slice(vector.address.as_slice())).op(op::GAS).op(opcode);
        self.returned_data();
        self.code.op(op::RETURNDATASIZE).push(U256::from(OUTPUT_AT)).op(op::KECCAK256).op(op::ADD);
        self.slot().op(op::SSTORE);
    }

    /// `CREATE` or `CREATE2`; the address is stored, and sometimes called.
    fn create(&mut self) {
        if self.creation_depth == 0 {
            return self.store();
        }
        let init_code = self.nested().init_code();
        let data: Data = self.code.data(&init_code);
        self.code.copy_data(INPUT_AT, data);
        let opcode = *[op::CREATE, op::CREATE2].choose(self.rng).expect("not empty");
        if opcode == op::CREATE2 {
            let salt = self.rng.random_range(0..3_u64);
            self.code.push(U256::from(salt));
        }
        let value = self.rng.random_range(0..3_u64);
        self.code.push(U256::from(data.length)).push(U256::from(INPUT_AT)).push(U256::from(value)).op(opcode);
        self.code.op(op::DUP1);
        self.slot().op(op::SSTORE);
        if self.rng.random_bool(0.5) {
            // call(50000, created, 0, 0, 0, 0, 0): the address lies under the arguments after it
            self.code.push(U256::ZERO).push(U256::ZERO).push(U256::ZERO).push(U256::ZERO).push(U256::ZERO);
            self.code.op(op::DUP6).push(U256::from(50_000)).op(op::CALL).op(op::POP);
        }
        self.code.op(op::POP);
    }

    /// Pushes one word.
    fn expression(&mut self, depth: u8) {
        if depth == 0 || self.rng.random_bool(0.2) {
            return self.leaf();
        }
        let operands = *[1, 2, 2, 2, 3].choose(self.rng).expect("not empty");
        match operands {
            1 => {
                self.expression(depth - 1);
                let opcode = *UNARY.choose(self.rng).expect("not empty");
                self.code.op(opcode);
            }
            2 => self.binary(depth),
            _ => {
                (0..3).for_each(|_| self.expression(depth - 1));
                let opcode = *[op::ADDMOD, op::MULMOD].choose(self.rng).expect("not empty");
                self.code.op(opcode);
            }
        }
    }

    fn binary(&mut self, depth: u8) {
        let opcode = *BINARY.choose(self.rng).expect("not empty");
        match opcode {
            op::KECCAK256 => _ = self.memory_range().op(opcode),
            op::SHL | op::SHR | op::SAR | op::BYTE | op::SIGNEXTEND => {
                self.expression(depth - 1);
                let small = self.rng.random_range(0..260_u64);
                let small = if matches!(opcode, op::BYTE | op::SIGNEXTEND) { small / 8 } else { small };
                self.code.push(U256::from(small)).op(opcode);
            }
            _ => {
                self.expression(depth - 1);
                self.expression(depth - 1);
                self.code.op(opcode);
            }
        }
    }

    fn leaf(&mut self) {
        match self.rng.random_range(0..10) {
            0..=2 => self.constant(),
            3..=5 => {
                let opcode = *NULLARY.choose(self.rng).expect("not empty");
                self.code.op(opcode);
            }
            6 => {
                let opcode = *[op::SLOAD, op::SLOAD, op::TLOAD].choose(self.rng).expect("not empty");
                self.slot().op(opcode);
            }
            7 => {
                self.address();
                let opcode = *[op::BALANCE, op::EXTCODESIZE, op::EXTCODEHASH].choose(self.rng).expect("not empty");
                self.code.op(opcode);
            }
            8 => {
                let opcode = *[op::MLOAD, op::CALLDATALOAD].choose(self.rng).expect("not empty");
                self.memory_at().op(opcode);
            }
            _ => self.block_values(),
        }
    }

    fn block_values(&mut self) {
        if self.rng.random_bool(0.3) {
            let index = self.rng.random_range(0..2_u64);
            self.code.push(U256::from(index)).op(op::BLOBHASH);
        } else {
            let back = self.rng.random_range(0..260_u64);
            self.code.push(U256::from(self.around.number.saturating_sub(back))).op(op::BLOCKHASH);
        }
    }

    /// A constant in any width, often one of the numbers at which arithmetic changes its ways.
    fn constant(&mut self) {
        let width = self.rng.random_range(0..=32);
        let value = match self.rng.random_range(0..6) {
            0 => U256::MAX,
            1 => U256::ONE << 255,
            2 => U256::from(self.rng.random_range(0..300_u64)),
            _ => U256::from_be_bytes(self.rng.random::<[u8; 32]>()),
        };
        let value = if width == 32 { value } else { value & ((U256::ONE << (8 * width)) - U256::ONE) };
        self.code.push_wide(value, width);
    }

    fn address(&mut self) {
        let address = *self.around.addresses.choose(self.rng).expect("not empty");
        self.code.push_wide(U256::from_be_slice(address.as_slice()), 20);
    }

    fn slot(&mut self) -> &mut Assembler {
        let slot = self.rng.random_range(0..6_u64);
        self.code.push(U256::from(slot))
    }

    fn memory_at(&mut self) -> &mut Assembler {
        let at = self.rng.random_range(0..MEMORY_END);
        self.code.push(U256::from(at))
    }

    /// Pushes length, then start, as most opcodes want them.
    fn memory_range(&mut self) -> &mut Assembler {
        let length = self.rng.random_range(0..100_u64);
        self.code.push(U256::from(length));
        self.memory_at()
    }
}

const UNARY: [u8; 3] = [op::ISZERO, op::NOT, op::CLZ];

const BINARY: [u8; 23] = [
    op::ADD,
    op::MUL,
    op::SUB,
    op::DIV,
    op::SDIV,
    op::MOD,
    op::SMOD,
    op::EXP,
    op::SIGNEXTEND,
    op::LT,
    op::GT,
    op::SLT,
    op::SGT,
    op::EQ,
    op::AND,
    op::OR,
    op::XOR,
    op::BYTE,
    op::SHL,
    op::SHR,
    op::SAR,
    op::KECCAK256,
    op::KECCAK256,
];

const NULLARY: [u8; 20] = [
    op::ADDRESS,
    op::ORIGIN,
    op::CALLER,
    op::CALLVALUE,
    op::CALLDATASIZE,
    op::CODESIZE,
    op::GASPRICE,
    op::RETURNDATASIZE,
    op::COINBASE,
    op::TIMESTAMP,
    op::NUMBER,
    op::DIFFICULTY,
    op::GASLIMIT,
    op::CHAINID,
    op::SELFBALANCE,
    op::BASEFEE,
    op::BLOBBASEFEE,
    op::PC,
    op::MSIZE,
    op::GAS,
];
