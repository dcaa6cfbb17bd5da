//! Dates as HTTP writes them today (RFC 9110, section 5.6.7), by another way than the library's.

/// What stands in a field for a date.
pub enum Read {
    /// Seconds since 1970, in the form that must be written.
    Date(u64),
    /// Surely none.
    NoDate,
    /// Perhaps in one of the two old forms.
    Open,
}

/// Reads `Sun, 06 Nov 1994 08:49:37 GMT`.
pub fn read(text: &str) -> Read {
    let known = |names: &[&str], word: &str| names.iter().position(|name| *name == word);
    if !DAYS.iter().any(|day| text.starts_with(day)) {
        return Read::NoDate;
    }
    let parts: Vec<_> = text.split(' ').collect();
    let [weekday, day, month, year, time, "GMT"] = parts[..] else { return Read::Open };
    let clock: Vec<_> = time.split(':').collect();
    let ([hour, minute, second], Some(weekday)) = (&clock[..], weekday.strip_suffix(',')) else {
        return Read::Open;
    };
    let number = |text: &str, digits| (text.len() == digits).then(|| text.parse::<u64>().ok()).flatten();
    let numbers = (number(day, 2), number(year, 4), number(hour, 2), number(minute, 2), number(second, 2));
    let (Some(day), Some(year), Some(hour), Some(minute), Some(second)) = numbers else { return Read::Open };
    let (Some(weekday), Some(month)) = (known(&DAYS, weekday), known(&MONTHS, month)) else {
        return Read::Open;
    };
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let length = |month: usize| LENGTHS[month] + u64::from(month == 1 && leap(year));
    if year < 1970 || day == 0 || day > length(month) || hour > 23 || minute > 59 || second > 59 {
        return Read::NoDate;
    }
    // Counted year by year and month by month, so that nothing can be wrong with a formula.
    let years: u64 = (1970..year).map(|year| 365 + u64::from(leap(year))).sum();
    let days = years + (0..month).map(length).sum::<u64>() + day - 1;
    // 1 January 1970 was a Thursday.
    if usize::try_from((days + 3) % 7) != Ok(weekday) {
        return Read::NoDate;
    }
    Read::Date(((days * 24 + hour) * 60 + minute) * 60 + second)
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const LENGTHS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
