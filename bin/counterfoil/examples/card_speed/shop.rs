//! A terminal in a shop with a card in it: the machines of `payments`, driven as `counterfoil terminal` drives them.

use std::time::{SystemTime, UNIX_EPOCH};

use contracts::cash::iso4217::Currency;
use eyre::{OptionExt, bail};
use payments::{
    card::{Card, Counter},
    message::{Request, Response},
    terminal::{Config, DateTime, HostAnswer, Moment, Pending, Place, Purchase, Session, Step, Trace},
};
use rand::{RngCore, rngs::OsRng};

pub(crate) const ACQUIRER: &str = "12345";
pub(crate) const MERCHANT: &str = "SHOP-1";
pub(crate) const CURRENCY: &[u8] = b"EUR";
/// Of each payment.
const AMOUNT_MINOR: u64 = 1;

/// A terminal; its numbers rise.
pub(crate) struct Terminal {
    config: Config,
    currency: Currency,
    place: usize,
    taps: u32,
}

impl Terminal {
    /// The terminal at a place of the shop.
    pub(crate) fn at(place: usize) -> eyre::Result<Self> {
        let config = Config::new(&Place {
            acquirer: ACQUIRER,
            merchant_id: MERCHANT,
            terminal_id: &format!("TERM{place:04}"),
            category: "5411",
            name_and_location: "Shop of the bench",
            country: 276,
        })?;
        let currency = Currency::by_code(CURRENCY).copied().ok_or_eyre("the euro is listed")?;
        Ok(Self { config, currency, place, taps: 0 })
    }

    /// A payment. `keep` has made durable what it is given when it returns; `ask` brings the issuer's answer.
    pub(crate) fn tap(
        &mut self,
        card: &mut Card,
        counter: &mut dyn Counter,
        keep: &mut dyn FnMut(&Pending) -> eyre::Result<()>,
        ask: &mut dyn FnMut(&Request) -> eyre::Result<Response>,
    ) -> eyre::Result<()> {
        let (mut session, mut step) = self.begin()?;
        loop {
            step = match step {
                Step::Card(command) => session.card(&card.exchange(&command, counter)),
                Step::Keep(pending) => {
                    keep(&pending)?;
                    session.kept()
                }
                Step::Host(request) => session.host(&HostAnswer::Response(Box::new(ask(&request)?))),
                Step::Done(outcome) if outcome.verdict.is_approved() => return Ok(()),
                Step::Done(outcome) => bail!("a payment was not approved: {:?}", outcome.verdict),
            };
        }
    }

    /// The request of a payment that goes no further.
    pub(crate) fn request(&mut self, card: &mut Card, counter: &mut dyn Counter) -> eyre::Result<Vec<u8>> {
        let (mut session, mut step) = self.begin()?;
        loop {
            step = match step {
                Step::Card(command) => session.card(&card.exchange(&command, counter)),
                Step::Keep(_) => session.kept(),
                Step::Host(request) => return Ok(request.encode()?),
                Step::Done(outcome) => bail!("a payment did not come to its request: {:?}", outcome.verdict),
            };
        }
    }

    fn begin(&mut self) -> eyre::Result<(Session, Step)> {
        self.taps += 1;
        let stan = 2 * self.taps;
        let rrn = format!("{:04}{:08}", self.place, self.taps);
        let purchase = Purchase::new(AMOUNT_MINOR, self.currency, Trace { stan, reversal_stan: stan + 1, rrn })?;
        let now = DateTime::from_unix_s(now_ms()? / 1000)?;
        let mut unpredictable = [0; 4];
        OsRng.fill_bytes(&mut unpredictable);
        let moment = Moment { local: now, universal: now };
        Ok(Session::start(&self.config, &purchase, unpredictable, moment))
    }
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> eyre::Result<u64> {
    Ok(u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?)
}
