//! Counts what a tracer writes down and stops the execution when that becomes too much. revm-inspectors has a bound of its own, but it
//! leaves out stacks and the storage that is shown with every step, which are the largest part.
//! The counts are estimates of the memory held until the answer is sent; they need not be exact, only in proportion.

use std::collections::HashMap;

use alloy_rpc_types_trace::geth::{
    GethDebugBuiltInTracerType as BuiltIn, GethDebugTracerType, GethDebugTracingOptions, GethTrace,
};
use primitives::{Address, U256};
use revm::{
    DatabaseRef, Inspector,
    bytecode::opcode,
    context::{BlockEnv, ContextTr, TxEnv},
    context_interface::{ContextError, result::ResultAndState},
    inspector::JournalExt,
    interpreter::{
        CallInputs, CallOutcome, CreateInputs, CreateOutcome, Interpreter,
        interpreter_types::{InputsTr, Jumps, LoopControl, MemoryTr, ReturnData},
    },
    primitives::{HashSet, KECCAK_EMPTY, Log},
    state::EvmState,
};
use revm_inspectors::tracing::{DebugInspector, TransactionContext};

use crate::call::CallError;

/// A tracer and what it may still write down.
#[derive(Debug)]
pub(super) struct Metered {
    tracer: DebugInspector,
    steps: Option<StepCost>,
    shows_state: bool,
    limit_bytes: usize,
    left_bytes: usize,
    exceeded: bool,
}

/// What the struct logger writes down at each step.
#[derive(Debug)]
struct StepCost {
    stack: bool,
    memory: bool,
    storage: bool,
    return_data: bool,
    /// Steps after which it stops; `None` = never.
    limit: Option<u64>,
    written: u64,
    /// The slots that a step of a contract shows: all that it has touched so far.
    slots: HashMap<Address, HashSet<U256>>,
}

/// A step without stack, memory and storage.
const STEP_BYTES: usize = 400;
const WORD_BYTES: usize = 32;
/// Memory is shown in words of hex digits.
const MEMORY_FACTOR: usize = 3;
/// Two words of hex digits and their place in a map.
const SLOT_BYTES: usize = 200;
/// A call, a log or an account without its bytes.
const FRAME_BYTES: usize = 600;
/// Bytes are held once and shown as two hex digits.
const BYTES_FACTOR: usize = 3;

impl Metered {
    pub(super) fn new(tracer: DebugInspector, options: &GethDebugTracingOptions, limit_bytes: usize) -> Self {
        let steps = matches!(tracer, DebugInspector::Default(..)).then(|| StepCost::new(options));
        let shows_state = matches!(
            options.tracer,
            Some(GethDebugTracerType::BuiltInTracer(BuiltIn::PreStateTracer | BuiltIn::MuxTracer))
        );
        Self { tracer, steps, shows_state, limit_bytes, left_bytes: limit_bytes, exceeded: false }
    }

    /// Whether everything was written down.
    pub(super) const fn check(&self) -> Result<(), CallError> {
        if self.exceeded { Err(CallError::TraceSize(self.limit_bytes)) } else { Ok(()) }
    }

    /// Counts the accounts that a tracer of states will show, before it makes copies of them.
    pub(super) fn count_state<DB: DatabaseRef>(&mut self, state: &EvmState, db: &DB) -> Result<(), CallError> {
        if !self.shows_state {
            return Ok(());
        }
        for account in state.values() {
            let code_hash = account.info.code_hash;
            let code_bytes = match &account.info.code {
                _ if code_hash == KECCAK_EMPTY => 0,
                Some(code) => code.len(),
                None => db.code_by_hash_ref(code_hash).map_err(CallError::internal)?.len(),
            };
            self.count(FRAME_BYTES + code_bytes * BYTES_FACTOR + account.storage.len() * SLOT_BYTES);
            self.check()?;
        }
        Ok(())
    }

    pub(super) fn result<DB: DatabaseRef>(
        &mut self,
        context: Option<TransactionContext>,
        tx: &TxEnv,
        block: &BlockEnv,
        executed: &ResultAndState,
        db: &mut DB,
    ) -> Result<GethTrace, CallError> {
        self.tracer.get_result(context, tx, block, executed, db).map_err(CallError::internal)
    }

    /// Forgets the transaction, but not what its trace takes up.
    pub(super) fn next_transaction(&mut self) -> Result<(), CallError> {
        if let Some(steps) = &mut self.steps {
            steps.written = 0;
            steps.slots.clear();
        }
        self.tracer.fuse().map_err(CallError::internal)
    }

    /// A call or a log with so many bytes; two tracers keep neither.
    fn count_frame(&mut self, bytes: usize) {
        if !matches!(self.tracer, DebugInspector::FourByte(_) | DebugInspector::Noop(_)) {
            self.count(FRAME_BYTES + bytes * BYTES_FACTOR);
        }
    }

    fn count(&mut self, bytes: usize) {
        match self.left_bytes.checked_sub(bytes) {
            Some(left) => self.left_bytes = left,
            None => self.exceeded = true,
        }
    }

    /// Makes revm give up on the transaction at the next occasion.
    fn stop<CTX: ContextTr>(&self, context: &mut CTX) {
        if self.exceeded && context.error().is_ok() {
            *context.error() = Err(ContextError::Custom("trace is too large".into()));
        }
    }

    fn stop_here<CTX: ContextTr>(&self, context: &mut CTX, interpreter: &mut Interpreter) {
        self.stop(context);
        if self.exceeded {
            interpreter.bytecode.action().take();
            interpreter.bytecode.reset_action();
            interpreter.halt_fatal();
        }
    }
}

impl StepCost {
    fn new(options: &GethDebugTracingOptions) -> Self {
        Self {
            stack: options.config.is_stack_enabled(),
            memory: options.config.is_memory_enabled(),
            storage: options.config.is_storage_enabled(),
            return_data: options.config.is_return_data_enabled(),
            limit: options.config.limit.filter(|limit| *limit > 0),
            written: 0,
            slots: HashMap::new(),
        }
    }

    fn bytes(&mut self, interpreter: &Interpreter) -> usize {
        if self.limit.is_some_and(|limit| self.written >= limit) {
            return 0;
        }
        self.written = self.written.saturating_add(1);
        let stack = if self.stack { interpreter.stack.len() * WORD_BYTES } else { 0 };
        let memory = if self.memory { interpreter.memory.size() * MEMORY_FACTOR } else { 0 };
        let storage = if self.storage { self.shown_slots(interpreter) * SLOT_BYTES } else { 0 };
        let returned = if self.return_data { interpreter.return_data.buffer().len() * BYTES_FACTOR } else { 0 };
        STEP_BYTES + stack + memory + storage + returned
    }

    fn shown_slots(&mut self, interpreter: &Interpreter) -> usize {
        if !matches!(interpreter.bytecode.opcode(), opcode::SLOAD | opcode::SSTORE) {
            return 0;
        }
        let slots = self.slots.entry(interpreter.input.target_address()).or_default();
        slots.extend(interpreter.stack.peek(0).ok());
        slots.len()
    }
}

impl<CTX: ContextTr<Journal: JournalExt>> Inspector<CTX> for Metered {
    fn initialize_interp(&mut self, interpreter: &mut Interpreter, context: &mut CTX) {
        self.tracer.initialize_interp(interpreter, context);
        self.stop_here(context, interpreter);
    }

    fn step(&mut self, interpreter: &mut Interpreter, context: &mut CTX) {
        if let Some(bytes) = self.steps.as_mut().map(|steps| steps.bytes(interpreter)) {
            self.count(bytes);
        }
        self.stop_here(context, interpreter);
        if !self.exceeded {
            self.tracer.step(interpreter, context);
        }
    }

    fn step_end(&mut self, interpreter: &mut Interpreter, context: &mut CTX) {
        self.tracer.step_end(interpreter, context);
    }

    fn log(&mut self, context: &mut CTX, log: Log) {
        self.count_frame(log.data.data.len());
        self.stop(context);
        self.tracer.log(context, log);
    }

    fn call(&mut self, context: &mut CTX, inputs: &mut CallInputs) -> Option<CallOutcome> {
        self.count_frame(inputs.input.len());
        self.stop(context);
        self.tracer.call(context, inputs)
    }

    fn call_end(&mut self, context: &mut CTX, inputs: &CallInputs, outcome: &mut CallOutcome) {
        self.count_frame(outcome.result.output.len());
        self.stop(context);
        self.tracer.call_end(context, inputs, outcome);
    }

    fn create(&mut self, context: &mut CTX, inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        self.count_frame(inputs.init_code().len());
        self.stop(context);
        self.tracer.create(context, inputs)
    }

    fn create_end(&mut self, context: &mut CTX, inputs: &CreateInputs, outcome: &mut CreateOutcome) {
        self.count_frame(outcome.result.output.len());
        self.stop(context);
        self.tracer.create_end(context, inputs, outcome);
    }

    fn selfdestruct(&mut self, contract: Address, target: Address, value: U256) {
        <DebugInspector as Inspector<CTX>>::selfdestruct(&mut self.tracer, contract, target, value);
    }
}
