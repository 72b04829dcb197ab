//! Block time in milliseconds since 1970, split over the two header fields that carry it: seconds in `timestamp`,
//! the rest (0..=999) in `nonce` (DESIGN section 5). The clock itself is read by whoever calls, never here.

use alloy_consensus::Header;
use alloy_primitives::B64;

/// Milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeMs(pub u64);

impl TimeMs {
    /// The time that a header carries; `None` if its nonce is not a number of milliseconds below 1000.
    pub fn of_header(header: &Header) -> Option<Self> {
        let ms = u64::from_be_bytes(header.nonce.0);
        if ms > 999 {
            return None;
        }
        header.timestamp.checked_mul(1000)?.checked_add(ms).map(Self)
    }

    /// The whole seconds, for `timestamp`.
    pub const fn seconds(self) -> u64 {
        self.0 / 1000
    }

    /// The milliseconds within the second, for `nonce`.
    pub const fn nonce(self) -> B64 {
        B64::new((self.0 % 1000).to_be_bytes())
    }

    /// Block time strictly rises: `now`, or one millisecond after the parent.
    pub fn after(self, now: Self) -> Self {
        now.max(Self(self.0.saturating_add(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_gives_back_its_time() {
        let time = TimeMs(1_700_000_000_123);
        let header = Header { timestamp: time.seconds(), nonce: time.nonce(), ..Default::default() };
        assert_eq!(TimeMs::of_header(&header), Some(time));
    }

    #[test]
    fn a_nonce_of_a_thousand_is_not_a_time() {
        let header = Header { nonce: B64::new(1000_u64.to_be_bytes()), ..Default::default() };
        assert_eq!(TimeMs::of_header(&header), None);
    }

    #[test]
    fn time_rises_even_when_the_clock_stands() {
        assert_eq!(TimeMs(5).after(TimeMs(5)), TimeMs(6));
        assert_eq!(TimeMs(5).after(TimeMs(9)), TimeMs(9));
    }
}
