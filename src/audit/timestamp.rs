//! Points in time as logs write them.

use std::fmt;

use crate::time::UnixTime;

/// A point in time by [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339), in UTC and to the microsecond: always 27
/// characters, so that texts sort as times do. Years before 1 and after 9999 become these.
pub(super) struct Timestamp(pub(super) UnixTime);

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.seconds().clamp(YEAR_1, YEAR_10000 - 1);
        let fraction = self.0.saturating_since(UnixTime::from_seconds(self.0.seconds()));
        let micros = if seconds == self.0.seconds() { fraction.subsec_micros() } else { 0 };
        let (days, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
    }
}

/// Year, month and day of the Gregorian calendar, so many days after 1970-01-01.
///
/// Counted from 1 March of the year 0, so that the day that some years have more is the last of its year: 400 years have
/// 146,097 days, and from March on five months have 153.
const fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year + era * 400 + next, month, day)
}

const DAY: i64 = 86_400;
/// 0001-01-01T00:00:00Z.
const YEAR_1: i64 = -62_135_596_800;
/// 10000-01-01T00:00:00Z, which RFC 3339 cannot write.
const YEAR_10000: i64 = 253_402_300_800;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_as_calendars_have_them() {
        for (seconds, want) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (-1, "1969-12-31T23:59:59.000000Z"),
            (951_782_400, "2000-02-29T00:00:00.000000Z"),
            (951_868_800, "2000-03-01T00:00:00.000000Z"),
            (1_767_225_600, "2026-01-01T00:00:00.000000Z"),
            (4_107_542_399, "2100-02-28T23:59:59.000000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000000Z"),
            (YEAR_1, "0001-01-01T00:00:00.000000Z"),
            (YEAR_1 - 1, "0001-01-01T00:00:00.000000Z"),
            (YEAR_10000 - 1, "9999-12-31T23:59:59.000000Z"),
            (YEAR_10000, "9999-12-31T23:59:59.000000Z"),
            (i64::MAX, "9999-12-31T23:59:59.000000Z"),
            (i64::MIN, "0001-01-01T00:00:00.000000Z"),
        ] {
            assert_eq!(Timestamp(UnixTime::from_seconds(seconds)).to_string(), want);
        }
        let half = UnixTime::from_seconds(1).saturating_add(Duration::from_nanos(1_234_567));
        assert_eq!(Timestamp(half).to_string(), "1970-01-01T00:00:01.001234Z");
        assert_eq!(Timestamp(UnixTime::MAX).to_string(), "9999-12-31T23:59:59.000000Z");
    }

    #[cfg(feature = "settings")]
    #[test]
    fn another_calendar_agrees() {
        use std::time::UNIX_EPOCH;

        for seconds in (0..253_402_300_800_u64).step_by(7_654_321) {
            let theirs =
                humantime::format_rfc3339_micros(UNIX_EPOCH + Duration::from_secs(seconds)).to_string();
            let ours = UnixTime::EPOCH.saturating_add(Duration::from_secs(seconds));
            assert_eq!(Timestamp(ours).to_string(), theirs);
        }
    }
}
