//! Seconds between the local times that card, terminal and issuer name. No zones: what is local stays local, and what may differ is the caller's.
//!
//! Called by `compare`. The count of days is the proleptic Gregorian calendar's.

use crate::number::days_in_month;

/// A day and a time of day, both as decimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// YYMMDD, the year counted from 2000.
    pub(super) date: u64,
    /// hhmmss.
    pub(super) time: u64,
}

impl Moment {
    /// Seconds since 1970 as if the moment were UTC; `None` if there is no such day or time.
    pub(super) fn seconds(self) -> Option<i64> {
        let [year, month, day] = pairs(self.date)?;
        let [hour, minute, second] = pairs(self.time)?;
        let exists = (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        let days = days_since_1970(2000 + i64::from(year), month.into(), day.into());
        exists.then(|| days * 86_400 + i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second))
    }
}

/// Six decimal digits as three pairs.
fn pairs(digits: u64) -> Option<[u8; 3]> {
    let pair = |value: u64| u8::try_from(value).ok().filter(|pair| *pair < 100);
    Some([pair(digits / 10_000)?, pair(digits / 100 % 100)?, pair(digits % 100)?])
}

/// The year begins in March, so that the day that not every year has is its last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Local times are UTC-12 to UTC+14.
pub(super) const MOST_BEHIND_S: i64 = 12 * 3_600;
pub(super) const MOST_AHEAD_S: i64 = 14 * 3_600;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(date: u64, time: u64, expected: Option<i64>) {
        assert_eq!(Moment { date, time }.seconds(), expected, "{date:06} {time:06}");
    }

    #[test]
    fn moments_are_seconds() {
        check(700_101, 0, Some(3_155_760_000));
        check(101, 0, Some(946_684_800));
        check(240_229, 235_959, Some(1_709_251_199));
        check(261_127, 1, Some(1_795_737_601));
    }

    #[test]
    fn days_and_times_that_do_not_exist_are_none() {
        for (date, time) in
            [(0, 0), (230_229, 0), (241_301, 0), (240_100, 0), (240_101, 240_000), (240_101, 6_000), (1_240_101, 0)]
        {
            check(date, time, None);
        }
    }
}
