//! Every edge of the timing, and a model of it.

use super::*;
use proptest::prelude::*;

const LEAST: Jitter = Jitter(0);
const MOST: Jitter = Jitter(999);
const FAILED: Ended = Ended::Failed { retry_after: None };
const TIMING: Timing = Timing {
    max_stale: Duration::from_secs(3_600),
    unknown_key_interval: Duration::from_secs(10),
    default_max_age: Duration::from_secs(600),
    renewal: Renewal::Ahead,
};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn ended(schedule: &mut Schedule, start: Duration, end: Duration, how: Ended) {
    schedule.begin(start);
    schedule.end(end, how, MOST);
}

#[test]
fn keys_serve_until_the_edge_and_not_on_it() {
    for (name, age, want) in [
        ("new", ms(0), Freshness::Fresh),
        ("just under max_age", ms(59_999), Freshness::Fresh),
        ("max_age itself", ms(60_000), Freshness::Grace),
        ("just under max_age + max_stale", ms(89_999), Freshness::Grace),
        ("max_age + max_stale itself", ms(90_000), Freshness::Expired),
        ("for ever", Duration::MAX, Freshness::Expired),
    ] {
        assert_eq!(freshness(age, secs(60), secs(30)), want, "{name}");
    }
    assert_eq!(freshness(secs(60), secs(60), Duration::ZERO), Freshness::Expired, "no grace at all");
    assert_eq!(freshness(secs(1), Duration::MAX, Duration::MAX), Freshness::Fresh);
}

#[test]
fn retry_after_is_whole_seconds_and_at_least_one() {
    for (wait, want) in [(0, 1), (1, 1), (1_000, 1), (1_001, 2), (59_999, 60), (60_000, 60)] {
        assert_eq!(retry_after(ms(wait)), secs(want), "{wait} ms");
    }
    assert_eq!(retry_after(Duration::MAX), secs(u64::MAX));
}

#[test]
fn the_first_attempt_is_due_at_once() {
    assert_eq!(Schedule::new(TIMING).next_start(), Duration::ZERO);
}

#[test]
fn a_success_is_followed_at_eighty_percent_give_or_take_ten() {
    for (jitter, want) in
        [(Jitter::new(0), 420_000), (Jitter::new(500), 480_000), (Jitter::new(5_000), 539_400)]
    {
        let mut schedule = Schedule::new(TIMING);
        schedule.begin(ms(0));
        schedule.end(ms(0), Ended::Renewed { max_age: secs(600) }, jitter);
        assert_eq!(schedule.next_start(), ms(want), "{jitter:?}");
    }
}

#[test]
fn a_slow_answer_does_not_put_off_the_next() {
    let mut schedule = Schedule::new(TIMING);
    ended(&mut schedule, secs(100), secs(115), Ended::Renewed { max_age: secs(60) });
    assert_eq!(schedule.next_start(), ms(153_940), "90 % of the keys' age, which counts from the start");
}

#[test]
fn failures_double_the_wait_to_a_minute_and_a_success_forgets_them() {
    let mut schedule = Schedule::new(TIMING);
    for want in [999, 1_998, 3_996, 7_992, 15_984, 31_968, 59_940, 59_940, 59_940] {
        ended(&mut schedule, secs(0), secs(0), FAILED);
        assert_eq!(schedule.next_start(), ms(want));
    }
    ended(&mut schedule, secs(0), secs(0), Ended::Renewed { max_age: secs(60) });
    ended(&mut schedule, secs(0), secs(0), FAILED);
    assert_eq!(schedule.next_start(), ms(999));
    schedule.failures = u32::MAX;
    ended(&mut schedule, secs(0), secs(0), FAILED);
    assert_eq!(schedule.next_start(), ms(59_940), "nothing overflows");
}

#[test]
fn jitter_that_draws_nothing_still_waits() {
    let mut schedule = Schedule::new(TIMING);
    schedule.begin(secs(0));
    schedule.end(secs(0), FAILED, LEAST);
    assert_eq!(schedule.next_start(), ms(100));
}

#[test]
fn a_cheap_source_is_asked_at_its_interval_and_no_later_after_failures() {
    let mut schedule = Schedule::new(Timing { renewal: Renewal::Every(secs(10)), ..TIMING });
    ended(&mut schedule, secs(0), secs(0), Ended::Renewed { max_age: secs(600) });
    assert_eq!(schedule.next_start(), secs(10));
    for _ in 0..20 {
        ended(&mut schedule, secs(0), secs(0), FAILED);
    }
    assert_eq!(schedule.next_start(), ms(9_990));
}

#[test]
fn an_unknown_key_hastens_one_attempt_an_interval() {
    let mut schedule = Schedule::new(TIMING);
    ended(&mut schedule, secs(100), secs(103), Ended::Renewed { max_age: secs(600) });
    assert!(!schedule.wish(ms(109_999), ms(109_999)), "too early, counted from the start");
    assert_eq!(schedule.next_start(), secs(110), "but not forgotten");
    assert!(schedule.wish(secs(110), secs(110)), "on the edge");
    schedule.begin(secs(110));
    assert!(schedule.wish(secs(111), secs(111)), "one is under way: wait for it");
    schedule.end(secs(112), FAILED, MOST);
    assert_eq!(schedule.next_start(), ms(112_999), "back-off comes before the interval ends");
    ended(&mut schedule, secs(113), secs(113), Ended::Renewed { max_age: secs(600) });
    assert_eq!(
        schedule.next_start(),
        ms(652_400),
        "the wish was covered by the attempt that started after it"
    );
}

#[test]
fn a_wish_made_during_an_attempt_is_not_covered_by_it() {
    let mut schedule = Schedule::new(TIMING);
    schedule.begin(secs(0));
    assert!(schedule.wish(secs(1), secs(1)));
    schedule.end(secs(2), Ended::Renewed { max_age: secs(600) }, MOST);
    assert_eq!(schedule.next_start(), secs(10));
}

#[test]
fn waiting_for_any_keys_hastens_nothing() {
    let mut schedule = Schedule::new(TIMING);
    assert!(schedule.attempts_by(secs(0)));
    for _ in 0..9 {
        ended(&mut schedule, secs(0), secs(0), FAILED);
    }
    assert!(!schedule.attempts_by(ms(59_939)));
    assert!(schedule.attempts_by(ms(59_940)), "due on the deadline");
    schedule.begin(ms(59_940));
    assert!(schedule.attempts_by(Duration::ZERO), "under way");
}

#[test]
fn keys_seen_once_are_confirmed_within_a_second() {
    let mut schedule = Schedule::new(TIMING);
    for _ in 0..9 {
        ended(&mut schedule, secs(0), secs(0), FAILED);
    }
    ended(&mut schedule, secs(60), secs(60), Ended::Held { again: false });
    assert_eq!(schedule.next_start(), ms(60_999));
    assert!(schedule.confirms_by(secs(62)) && !schedule.confirms_by(ms(60_998)));
    assert!(schedule.wish(ms(60_500), secs(62)), "a token waits for it");
    ended(&mut schedule, secs(61), secs(61), Ended::Held { again: true });
    assert_eq!(schedule.next_start(), ms(62_998), "others each time: backed off from");
    ended(&mut schedule, secs(63), secs(63), Ended::Renewed { max_age: secs(600) });
    assert!(!schedule.confirms_by(Duration::MAX));
}

#[derive(Clone, Debug)]
enum Step {
    Pass(u64),
    Wish,
    Attempt { takes: u64, ended: Ended, jitter: u32 },
}

fn step() -> impl Strategy<Value = Step> {
    let ended = prop_oneof![
        (60_000_u64..86_400_000).prop_map(|max_age| Ended::Renewed { max_age: ms(max_age) }),
        any::<bool>().prop_map(|again| Ended::Held { again }),
        Just(FAILED),
    ];
    prop_oneof![
        (0_u64..20_000).prop_map(Step::Pass),
        Just(Step::Wish),
        (0_u64..15_000, ended, 0_u32..1_000).prop_map(|(takes, ended, jitter)| Step::Attempt {
            takes,
            ended,
            jitter
        }),
    ]
}

proptest! {
    #![proptest_config(crate::testing::cases(256))]

    #[test]
    fn whatever_happens_attempts_keep_their_distance_and_wishes_are_kept(
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        let mut schedule = Schedule::new(TIMING);
        let mut now = Duration::ZERO;
        let mut last_end = None;
        for step in steps {
            match step {
                Step::Pass(millis) => now += ms(millis),
                Step::Wish => {
                    schedule.wish(now, now);
                    prop_assert!(schedule.next_start() <= now.max(schedule.early_from(TIMING.unknown_key_interval)));
                }
                Step::Attempt { takes, ended, jitter } => {
                    now = now.max(schedule.next_start());
                    if let Some(end) = last_end {
                        let hastened = now >= schedule.early_from(TIMING.unknown_key_interval);
                        prop_assert!(hastened || now >= end + MIN_BACKOFF);
                    }
                    schedule.begin(now);
                    now += ms(takes);
                    schedule.end(now, ended, Jitter::new(jitter));
                    last_end = Some(now);
                    prop_assert!(!schedule.is_running());
                    prop_assert!(schedule.next_start() >= now + MIN_BACKOFF);
                    prop_assert!(schedule.next_start() <= now + secs(86_400));
                }
            }
        }
    }
}

#[test]
fn a_suspicion_waits_six_intervals_and_an_unknown_key_one() {
    let mut schedule = Schedule::new(TIMING);
    ended(&mut schedule, secs(0), secs(0), Ended::Renewed { max_age: secs(600) });
    assert!(!schedule.suspect(secs(59), secs(61)), "not yet");
    assert_eq!(schedule.next_start(), secs(60));
    assert!(!schedule.wish(secs(9), secs(11)));
    assert_eq!(schedule.next_start(), secs(10), "a suspicion does not hold up what an unknown key hastens");
    assert_eq!(schedule.begin(secs(10)), Cause::UnknownKey);
    assert!(schedule.suspect(secs(10), secs(12)), "an attempt is under way");
    schedule.end(secs(10), Ended::Renewed { max_age: secs(600) }, MOST);
    assert_eq!(schedule.next_start(), secs(70), "what came while it ran is not covered by it");
    assert!(schedule.suspect(secs(70), secs(72)));
    assert_eq!(schedule.begin(secs(70)), Cause::UnknownKey, "and asked for in full");
    schedule.end(secs(70), Ended::Renewed { max_age: secs(600) }, MOST);
    assert!(!schedule.is_wished());
}
