//! `/verify`: whether a counterfoil that somebody uploads is true, and what it says. The rules are `proof`'s; the file is not kept.
//! Who trusts this page trusts the node that serves it: an auditor brings the genesis hash, or better the program.

use std::str::FromStr;

use askama::Template;
use primitives::B256;
use proof::{Counterfoil, Refusal, Verified, verify::Checkpoint};

use super::{
    Console, Frame, Page, StatusCode,
    frame::Value,
    multipart, show,
    words::{self, Moment},
};
use crate::pages::Form;

/// Bytes of a form: a counterfoil has a few kB, its JSON form twice as many.
pub(super) const MOST_BYTES: usize = 1024 * 1024;

#[derive(Template)]
#[template(path = "verify.html")]
struct VerifyPage {
    frame: Frame,
    own_genesis: String,
    genesis: String,
    checkpoint: String,
    verdict: Option<Verdict>,
}

/// What came out.
enum Verdict {
    True(Box<Proved>),
    Refused(String),
}

struct Proved {
    /// The reader did not bring it.
    is_own_genesis: bool,
    genesis: String,
    chain_id: u64,
    height: u64,
    block: String,
    time: Moment,
    handovers: usize,
    statements: Vec<Said>,
}

struct Said {
    system: String,
    kind: String,
    fields: Vec<Value>,
}

/// What was filled in.
struct Filled<'a> {
    file: &'a [u8],
    genesis: String,
    checkpoint: String,
}

/// The form.
pub(super) fn empty(console: &Console) -> Page {
    show(StatusCode::OK, &VerifyPage::of(console, String::new(), String::new(), None))
}

/// The form with the verdict on what was sent.
pub(super) fn page(console: &Console, form: &Form) -> Page {
    let Some(filled) = Filled::read(form) else {
        let verdict = Verdict::Refused("this is no form with a file".to_owned());
        return show(StatusCode::BAD_REQUEST, &VerifyPage::of(console, String::new(), String::new(), Some(verdict)));
    };
    let (status, verdict) = match filled.verify(console.chain.genesis_hash()) {
        Ok(proved) => (StatusCode::OK, Verdict::True(Box::new(proved))),
        Err(reason) => (StatusCode::UNPROCESSABLE_ENTITY, Verdict::Refused(reason)),
    };
    show(status, &VerifyPage::of(console, filled.genesis, filled.checkpoint, Some(verdict)))
}

impl VerifyPage {
    fn of(console: &Console, genesis: String, checkpoint: String, verdict: Option<Verdict>) -> Self {
        Self {
            frame: console.frame(),
            own_genesis: console.chain.genesis_hash().to_string(),
            genesis,
            checkpoint,
            verdict,
        }
    }
}

impl<'a> Filled<'a> {
    fn read(form: &'a Form) -> Option<Self> {
        let parts = multipart::parts(&form.kind, &form.body)?;
        let content = |name| parts.iter().find(|part| part.name == name).map(|part| part.content);
        let text = |name| String::from_utf8_lossy(content(name).unwrap_or_default()).trim().to_owned();
        Some(Self { file: content("file")?, genesis: text("genesis"), checkpoint: text("checkpoint") })
    }

    fn verify(&self, own_genesis: B256) -> Result<Proved, String> {
        let genesis = match self.genesis.as_str() {
            "" => own_genesis,
            text => words::hash(text).ok_or("the genesis hash is not 0x and 64 hex digits")?,
        };
        let checkpoint = match self.checkpoint.as_str() {
            "" => None,
            text => Some(checkpoint(text).ok_or("the checkpoint is not HEIGHT:HASH")?),
        };
        if self.file.is_empty() {
            return Err("there is no file, or an empty one".to_owned());
        }
        let verified = verify(self.file, genesis, checkpoint).map_err(|refusal| refusal.to_string())?;
        Ok(Proved::of(verified, self.genesis.is_empty()))
    }
}

/// Of both forms; the JSON form begins with a brace, which no RLP list does.
fn verify(file: &[u8], genesis: B256, checkpoint: Option<Checkpoint>) -> Result<Verified, Refusal> {
    if file.first() != Some(&b'{') {
        return proof::verify(file, genesis, checkpoint);
    }
    let text = str::from_utf8(file).map_err(|error| Refusal::Json(error.to_string()))?;
    proof::verify(&Counterfoil::from_json(text)?.encode(), genesis, checkpoint)
}

fn checkpoint(text: &str) -> Option<Checkpoint> {
    let (height, hash) = text.split_once(':')?;
    Some((u64::from_str(height.trim()).ok()?, words::hash(hash.trim())?))
}

impl Proved {
    fn of(verified: Verified, is_own_genesis: bool) -> Self {
        let said = |statement: proof::Statement| Said {
            system: statement.system.to_string(),
            kind: statement.kind.to_string(),
            fields: statement.fields.iter().map(|field| Value::new(field.name.to_string(), &field.value)).collect(),
        };
        Self {
            is_own_genesis,
            genesis: verified.genesis_hash.to_string(),
            chain_id: verified.chain_id,
            height: verified.height,
            block: verified.block_hash.to_string(),
            time: Moment::of(verified.time),
            handovers: verified.handovers,
            statements: verified.statements.into_iter().map(said).collect(),
        }
    }
}
