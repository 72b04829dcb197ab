//! Commands and responses of ISO/IEC 7816-4, short ones.
//!
//! The card reads commands, the terminal reads responses. Rules: ISO/IEC 7816-4 5.1 (cases 1 to 4) and table 5 (status words).
//! Deliberately absent: extended lengths, chaining, logical channels; what T=0 makes of a command is the card's matter.

mod status;

pub use status::Status;

/// Most bytes of a command's data.
pub const MAX_COMMAND_DATA: usize = 255;
/// Most bytes of a response's data.
pub const MAX_RESPONSE_DATA: usize = 256;

/// Why bytes are no command or response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApduError {
    /// Less than the four bytes of a header.
    #[error("a command has at least 4 bytes, not {0}")]
    ShortCommand(usize),
    /// A zero where the length of the data stands.
    #[error("commands of extended length are not spoken here")]
    ExtendedLength,
    /// The length says something else than what is there.
    #[error("the command claims {claimed} bytes of data and has {left} after its length")]
    WrongLength { claimed: usize, left: usize },
    /// A response without status.
    #[error("a response has at least 2 bytes, not {0}")]
    ShortResponse(usize),
    /// More data than a short command or response can hold.
    #[error("{0} bytes of data are too many")]
    LongData(usize),
    /// More is expected than a short response can hold.
    #[error("{0} bytes cannot be expected of a short response")]
    LongExpected(u16),
}

/// What the terminal says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Class.
    pub cla: u8,
    /// Instruction.
    pub ins: u8,
    /// First parameter.
    pub p1: u8,
    /// Second parameter.
    pub p2: u8,
    /// At most 255 bytes.
    pub data: Vec<u8>,
    /// Bytes expected in the response, at most 256 (which also means: all there are). None where no data is expected.
    pub le: Option<u16>,
}

/// What the card says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// At most 256 bytes.
    pub data: Vec<u8>,
    /// How it went.
    pub status: Status,
}

impl Command {
    /// Reads a command of any of the four cases.
    pub fn parse(bytes: &[u8]) -> Result<Self, ApduError> {
        let [cla, ins, p1, p2, ref body @ ..] = *bytes else { return Err(ApduError::ShortCommand(bytes.len())) };
        let (data, le) = split_body(body)?;
        Ok(Self { cla, ins, p1, p2, data: data.to_vec(), le })
    }

    /// The bytes of the command.
    pub fn encode(&self) -> Result<Vec<u8>, ApduError> {
        let mut bytes = vec![self.cla, self.ins, self.p1, self.p2];
        if !self.data.is_empty() {
            bytes.push(u8::try_from(self.data.len()).map_err(|_| ApduError::LongData(self.data.len()))?);
            bytes.extend_from_slice(&self.data);
        }
        if let Some(le) = self.le {
            bytes.push(encode_le(le)?);
        }
        Ok(bytes)
    }
}

impl Response {
    /// A response with data, and all is well.
    pub const fn ok(data: Vec<u8>) -> Self {
        Self { data, status: Status::OK }
    }

    /// A response of a status alone.
    pub const fn status(status: Status) -> Self {
        Self { data: Vec::new(), status }
    }

    /// Reads a response.
    pub fn parse(bytes: &[u8]) -> Result<Self, ApduError> {
        let [ref data @ .., sw1, sw2] = *bytes else { return Err(ApduError::ShortResponse(bytes.len())) };
        if data.len() > MAX_RESPONSE_DATA {
            return Err(ApduError::LongData(data.len()));
        }
        Ok(Self { data: data.to_vec(), status: Status(u16::from_be_bytes([sw1, sw2])) })
    }

    /// The bytes of the response.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.data.clone();
        bytes.extend_from_slice(&self.status.0.to_be_bytes());
        bytes
    }
}

/// For fuzzing: any bytes as a command and as a response; what is read is written as the same bytes.
#[doc(hidden)]
pub fn check_parsing(bytes: &[u8]) {
    if let Ok(command) = Command::parse(bytes) {
        assert!(command.data.len() <= MAX_COMMAND_DATA, "bounded");
        assert_eq!(command.encode().as_deref(), Ok(bytes), "one command, one encoding");
    }
    if let Ok(response) = Response::parse(bytes) {
        assert!(response.data.len() <= MAX_RESPONSE_DATA, "bounded");
        assert_eq!(response.encode(), bytes, "one response, one encoding");
        assert!(response.status.to_string().len() > "0000 ".len(), "a status says something");
    }
}

/// What follows the header: data and the expected length.
fn split_body(body: &[u8]) -> Result<(&[u8], Option<u16>), ApduError> {
    match *body {
        [] => Ok((&[], None)),
        [le] => Ok((&[], Some(decode_le(le)))),
        [0, ..] => Err(ApduError::ExtendedLength),
        [length, ref rest @ ..] => {
            let (claimed, left) = (usize::from(length), rest.len());
            match rest.split_at_checked(claimed) {
                Some((data, [])) => Ok((data, None)),
                Some((data, [le])) => Ok((data, Some(decode_le(*le)))),
                _ => Err(ApduError::WrongLength { claimed, left }),
            }
        }
    }
}

fn decode_le(le: u8) -> u16 {
    if le == 0 { WHOLE } else { u16::from(le) }
}

fn encode_le(le: u16) -> Result<u8, ApduError> {
    match le {
        WHOLE => Ok(0),
        0 => Err(ApduError::LongExpected(0)),
        _ => u8::try_from(le).map_err(|_| ApduError::LongExpected(le)),
    }
}

/// Written as 0.
const WHOLE: u16 = 256;

#[cfg(test)]
mod tests;
