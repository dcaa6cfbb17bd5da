//! The rules about dates against whole numbers of nanoseconds, 128 bits wide, in which nothing is ever out of range.
//!
//! The model reads the digits of a date itself and knows neither [`UnixTime`] nor a float. What it must be told is the one
//! thing that is promised beside arithmetic: that dates beyond what 64 bits of seconds hold count as the furthest that do.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::{MAX_SKEW, TimeRules, check_time};
use crate::claims::ClaimsSet;
use crate::time::UnixTime;

const SECOND: i128 = 1_000_000_000;
const LATEST: i128 = 0x7fff_ffff_ffff_ffff * SECOND + SECOND - 1;
const EARLIEST: i128 = -0x8000_0000_0000_0000 * SECOND;

/// A JSON number: `digits`, of which `fraction` stand behind the point, times a power of ten.
#[derive(Clone, Copy, Debug)]
struct Number {
    negative: bool,
    digits: u128,
    fraction: usize,
    exponent: Option<i32>,
}

impl Number {
    fn whole(value: i128) -> Self {
        Self { negative: value < 0, digits: value.unsigned_abs(), fraction: 0, exponent: None }
    }

    fn without_closing_zeros(self) -> Self {
        match self.digits % 10 {
            0 if self.fraction > 0 => {
                Self { digits: self.digits / 10, fraction: self.fraction - 1, ..self }.without_closing_zeros()
            }
            _ => self,
        }
    }

    fn text(&self) -> String {
        let mut text = format!("{:0width$}", self.digits, width = self.fraction + 1);
        if self.fraction > 0 {
            text.insert(text.len() - self.fraction, '.');
        }
        let sign = if self.negative { "-" } else { "" };
        let exponent = self.exponent.map_or_else(String::new, |exponent| format!("e{exponent}"));
        format!("{sign}{text}{exponent}")
    }

    /// The nanosecond it lies in, within the range of 64-bit seconds.
    fn nanos(&self) -> i128 {
        let power = 9 + self.exponent.unwrap_or(0) - i32::try_from(self.fraction).unwrap();
        let digits = i128::try_from(self.digits).unwrap() * if self.negative { -1 } else { 1 };
        let ten = 10i128.checked_pow(power.unsigned_abs());
        let far = if digits == 0 { 0 } else { digits.signum() * i128::MAX };
        let nanos = match (power >= 0, ten) {
            (true, Some(ten)) => digits.checked_mul(ten).unwrap_or(far),
            (true, None) => far,
            (false, Some(ten)) => digits.div_euclid(ten),
            (false, None) => digits.signum().min(0),
        };
        within_range(nanos)
    }

    /// By how much the date that is read may lie beside the one that is written.
    ///
    /// Not at all for an integer of 64 bits. Any other number is a double, and two units in the last place at most from
    /// what is written, which is half a microsecond in this century.
    fn tolerance(&self) -> i128 {
        let integer = self.fraction == 0 && self.exponent.is_none() && !(self.negative && self.digits == 0);
        let bound = if self.negative { 1 << 63 } else { u64::MAX.into() };
        if integer && self.digits <= bound { 0 } else { self.nanos().abs() / (1 << 51) + 1 }
    }

    /// The nanoseconds that it may have been read as, as far as they could matter: of the whole range the ends, the middle
    /// and where something changes.
    fn possible(&self, setting: &Setting) -> Vec<i128> {
        let (nanos, tolerance) = (self.nanos(), self.tolerance());
        let age = setting.max_age.map_or(0, nanos_of);
        let edges = [
            setting.now + nanos_of(setting.skew),
            setting.now - nanos_of(setting.skew),
            setting.now - nanos_of(setting.skew) - age,
        ];
        let around = edges.into_iter().flat_map(|edge| [edge - 1, edge, edge + 1]).map(within_range);
        let within = around.filter(|edge| (edge - nanos).abs() <= tolerance);
        let ends = [nanos - tolerance, nanos, nanos + tolerance].map(within_range);
        ends.into_iter().chain(within).collect()
    }
}

fn nanos_of(duration: Duration) -> i128 {
    i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX / 4)
}

fn within_range(nanos: i128) -> i128 {
    nanos.clamp(EARLIEST, LATEST)
}

#[derive(Clone, Copy, Debug)]
struct Dates<T> {
    exp: Option<T>,
    nbf: Option<T>,
    iat: Option<T>,
}

#[derive(Clone, Copy, Debug)]
struct Setting {
    now: i128,
    skew: Duration,
    max_age: Option<Duration>,
}

/// RFC 7519, sections 4.1.4 and 4.1.5, in whole numbers.
fn expected(dates: Dates<i128>, setting: &Setting) -> &'static str {
    let (now, skew) = (setting.now, nanos_of(setting.skew));
    let Some(exp) = dates.exp else { return "claim_missing" };
    if now >= within_range(exp + skew) {
        return "token_expired";
    }
    if dates.nbf.is_some_and(|nbf| nbf > within_range(now + skew)) {
        return "token_not_yet_valid";
    }
    let Some(max_age) = setting.max_age.map(nanos_of) else { return "ok" };
    match dates.iat {
        None => "claim_missing",
        Some(iat) if iat > within_range(now + skew) => "token_issued_in_future",
        Some(iat) if now > within_range(iat + max_age + skew) => "token_too_old",
        Some(_) => "ok",
    }
}

/// What the crate says: of the JSON text, not of numbers that the test has read for it.
fn decided(dates: &Dates<Number>, setting: &Setting) -> &'static str {
    let member = |name: &str, number: Option<Number>| Some(format!("\"{name}\":{}", number?.text()));
    let members = [member("exp", dates.exp), member("nbf", dates.nbf), member("iat", dates.iat)];
    let payload = format!("{{{}}}", members.into_iter().flatten().collect::<Vec<_>>().join(","));
    let claims = ClaimsSet::parse(payload.as_bytes(), 0).expect(&payload);
    let seconds = setting.now.div_euclid(SECOND).try_into().unwrap();
    let fraction = setting.now.rem_euclid(SECOND).try_into().unwrap();
    let now = UnixTime::from_seconds(seconds).saturating_add(Duration::from_nanos(fraction));
    let rules = TimeRules { skew: setting.skew, max_age: setting.max_age };
    check_time(claims.time(), now, &rules).map_or_else(|rejection| rejection.code(), |()| "ok")
}

/// Compares, unless a date lies so near an edge that the double it was read as may lie on either side of it. Whether it
/// was compared.
fn agrees(dates: &Dates<Number>, setting: &Setting) -> Result<bool, TestCaseError> {
    let ends = |number: Option<Number>| match number {
        None => vec![None],
        Some(number) => number.possible(setting).into_iter().map(Some).collect(),
    };
    let mut possible = BTreeSet::new();
    for exp in ends(dates.exp) {
        for nbf in ends(dates.nbf) {
            for iat in ends(dates.iat) {
                possible.insert(expected(Dates { exp, nbf, iat }, setting));
            }
        }
    }
    let got = decided(dates, setting);
    prop_assert!(possible.contains(got), "{got}, not {possible:?}");
    Ok(possible.len() == 1)
}

fn number() -> impl Strategy<Value = Number> {
    let written = (any::<bool>(), any::<u64>(), 0..12usize, prop::option::of(-40..40i32)).prop_map(
        |(negative, digits, fraction, exponent)| Number {
            negative,
            digits: digits.into(),
            fraction,
            exponent,
        },
    );
    let exponent = prop_oneof![-320..=270i32, Just(0), Just(-320), Just(270)];
    let absurd = (any::<bool>(), 0..1_000_000u32, exponent).prop_map(|(negative, digits, exponent)| Number {
        negative,
        digits: digits.into(),
        fraction: 0,
        exponent: Some(exponent),
    });
    prop_oneof![
        any::<i64>().prop_map(|value| Number::whole(value.into())),
        any::<u64>().prop_map(|value| Number::whole(value.into())),
        extremes().prop_map(Number::whole),
        written,
        absurd,
    ]
}

/// Around the ends of what an `i64`, a `u64` and the whole numbers of a double can hold.
fn extremes() -> impl Strategy<Value = i128> {
    let ends = prop_oneof![
        Just(0),
        Just(i128::from(i64::MAX)),
        Just(i128::from(i64::MIN)),
        Just(i128::from(u64::MAX)),
        Just(-i128::from(u64::MAX)),
        Just(1 << 53),
        Just(-(1 << 53)),
        Just(1 << 31),
        Just(1 << 32),
    ];
    (ends, -400..=400i128).prop_map(|(end, beside)| end + beside)
}

fn now() -> impl Strategy<Value = i128> {
    let second = prop_oneof![
        3 => 1_600_000_000..1_900_000_000i128,
        1 => any::<i64>().prop_map(i128::from),
        2 => extremes(),
    ];
    let fraction = prop_oneof![3 => Just(0), 1 => 0..SECOND, 1 => Just(SECOND - 1), 1 => Just(SECOND / 2)];
    (second, fraction).prop_map(|(second, fraction)| within_range(second * SECOND + fraction))
}

fn setting() -> impl Strategy<Value = Setting> {
    let skew = prop_oneof![Just(0), Just(1), Just(60), Just(MAX_SKEW.as_secs()), 0..=MAX_SKEW.as_secs()];
    let max_age = prop_oneof![
        Just(Duration::ZERO),
        (0..100_000u64).prop_map(Duration::from_secs),
        any::<u64>().prop_map(Duration::from_nanos),
        Just(Duration::MAX),
    ];
    (now(), skew, prop::option::of(max_age)).prop_map(|(now, skew, max_age)| Setting {
        now,
        skew: Duration::from_secs(skew),
        max_age,
    })
}

/// `nanos` as it may be written: a whole second, as few digits as will do, or all nine with the point shifted.
fn written(nanos: i128, shift: i32) -> Number {
    let plain = Number { negative: nanos < 0, digits: nanos.unsigned_abs(), fraction: 9, exponent: None };
    match (nanos.rem_euclid(SECOND), shift) {
        (0, 0) => Number::whole(nanos / SECOND),
        (_, 0) => plain.without_closing_zeros(),
        (_, shift) => Number {
            fraction: usize::try_from(9 + shift.clamp(-9, 9)).unwrap(),
            exponent: Some(shift.clamp(-9, 9)),
            ..plain
        },
    }
}

/// How far beside an edge: on it, a nanosecond, a fraction that a double holds exactly, or a second away.
fn beside() -> impl Strategy<Value = i128> {
    let steps = [0, 1, SECOND / 8, SECOND / 2, SECOND - 1, SECOND, 2 * SECOND];
    (prop::sample::select(steps.to_vec()), any::<bool>()).prop_map(|(by, later)| if later { by } else { -by })
}

proptest! {
    #![proptest_config(crate::testing::cases(2_000))]

    #[test]
    fn any_dates_at_any_time(
        exp in prop::option::weighted(0.95, number()),
        nbf in prop::option::of(number()),
        iat in prop::option::of(number()),
        setting in setting(),
    ) {
        agrees(&Dates { exp, nbf, iat }, &setting)?;
    }

    /// Each date close to the moment at which it begins to count, or ceases to.
    #[test]
    fn every_date_beside_its_edge(
        setting in setting(),
        by in [beside(), beside(), beside()],
        shift in prop_oneof![4 => Just(0), 1 => -9..=9i32],
        early in any::<bool>(),
        present in [prop::bool::weighted(0.5), prop::bool::weighted(0.9)],
    ) {
        let skew = nanos_of(setting.skew);
        let age = setting.max_age.map_or(0, nanos_of);
        let iat = if early { setting.now - skew - age } else { setting.now + skew };
        let date = |nanos| written(within_range(nanos), shift);
        // A token that expires at once is judged by nothing else, so half of them have time left.
        let left = if present[0] { 1_000 * SECOND } else { 0 };
        let dates = Dates {
            exp: Some(date(setting.now - skew + by[0] + left)),
            nbf: present[0].then(|| date(setting.now + skew + by[1])),
            iat: present[1].then(|| date(iat + by[2])),
        };
        agrees(&dates, &setting)?;
    }

    /// Integers, and fractions of few digits that a double holds exactly, leave no room: not even a nanosecond.
    #[test]
    fn whole_seconds_and_halves_are_exact(
        now in 1_000_000_000..4_000_000_000i128,
        halves in 0..8i128,
        skew in 0..=300u64,
        by in -2..=2i128,
    ) {
        let eighth = SECOND / 8;
        let setting = Setting { now: now * SECOND + halves * eighth, skew: Duration::from_secs(skew), max_age: None };
        let exp = setting.now - i128::from(skew) * SECOND + by * eighth;
        let dates = Dates { exp: Some(written(exp, 0)), nbf: None, iat: None };
        let want = if by <= 0 { "token_expired" } else { "ok" };
        prop_assert_eq!(decided(&dates, &setting), want);
        let nbf = Some(written(setting.now + i128::from(skew) * SECOND + by * eighth, 0));
        let dates = Dates { exp: Some(Number::whole(5_000_000_000)), nbf, iat: None };
        let want = if by > 0 { "token_not_yet_valid" } else { "ok" };
        prop_assert_eq!(decided(&dates, &setting), want);
    }
}

/// The comparison must not turn into a shrug: of the dates that are drawn, nearly all leave one answer only.
#[test]
fn the_tolerance_excuses_next_to_nothing() {
    let mut runner = proptest::test_runner::TestRunner::new(crate::testing::cases(1));
    let mut decided = 0;
    for _ in 0..1_000 {
        let mut draw = || number().new_tree(&mut runner).unwrap().current();
        let dates = Dates { exp: Some(draw()), nbf: Some(draw()), iat: Some(draw()) };
        let setting = setting().new_tree(&mut runner).unwrap().current();
        decided += u32::from(agrees(&dates, &setting).unwrap());
    }
    assert!(decided > 980, "{decided} of 1000");
}
