//! What the terminal owes the issuer: reversals and captures that were not answered. They are told before anything new is asked, again and
//! again, until they are answered.

use payments::{message::Response, terminal::Pending};

use super::{state::State, wire::Wire};

/// Tells the issuer all that it did not answer yet; what it does not answer now stays. Gives how much that is.
pub(super) fn tell_all(state: &State, wire: &Wire) -> eyre::Result<usize> {
    let mut left = 0;
    for pending in state.owed()? {
        let record = state.find_record(&pending.rrn)?;
        if record.is_some_and(|record| !record.wants(&pending)) {
            state.forget_owed(&pending)?;
        } else if tell(state, wire, pending)?.is_none() {
            left += 1;
        }
    }
    Ok(left)
}

/// Tells the issuer one thing, once. None where it did not answer, or not for good: then it stays owed.
pub(super) fn tell(state: &State, wire: &Wire, mut pending: Pending) -> eyre::Result<Option<Response>> {
    let request = pending.attempt()?;
    // That it was sent must be known before it is: what comes after is a repeat.
    state.keep_owed(&pending)?;
    let what = format!("message {:06} about payment {}", pending.stan, pending.rrn);
    let response = match wire.ask(&request.encode()?) {
        Ok(bytes) => Response::parse(&bytes).map_err(eyre::Report::from),
        Err(error) => Err(error.into()),
    };
    match response {
        Ok(response) if pending.is_answered_by(&response) => {
            if let Some(mut record) = state.find_record(&pending.rrn)? {
                record.answer(pending.stan, &response);
                state.keep_record(&record)?;
            }
            state.forget_owed(&pending)?;
            Ok(Some(response))
        }
        Ok(response) => {
            eprintln!("{what} is still owed to the issuer, which answered {}", response.response_code.as_str());
            Ok(None)
        }
        Err(error) => {
            eprintln!("{what} is still owed to the issuer: {error}");
            Ok(None)
        }
    }
}
