//! The bounds of the cache, and who is kept.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use super::entry::{Basis, Entry, Whose};
use super::table::Table;
use crate::jose::Algorithm;
use crate::revoke::RevocationStatus;
use crate::stripes;
use crate::testkit::{Mint, TestClock};
use crate::time::{Clock, UnixTime};
use crate::verify::token::TokenCopy;
use crate::verify::{Issuer, VerifiedToken, Verifier};

/// An issuer whose tokens are quickly verified.
fn mint(clock: &TestClock) -> Mint {
    Mint::builder("https://id.example").algorithm(Algorithm::HS256).clock(clock.clone()).build()
}

/// The next five minutes.
fn minutes(clock: &TestClock) -> Range<UnixTime> {
    clock.now()..clock.now().saturating_add(Duration::from_secs(300))
}

fn verifier(mint: &Mint, entries: usize) -> Verifier {
    let issuer = Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
    let issuer = issuer.algorithms([Algorithm::HS256]);
    Verifier::builder().issuer(issuer).token_cache(entries).clock(mint.clock()).build().unwrap()
}

fn verify(verifier: &Verifier, token: &str) -> VerifiedToken {
    match verifier.verify_cached(token) {
        Poll::Ready(Ok(token)) => token,
        other => panic!("{other:?}"),
    }
}

/// Whether the cache answers for the token.
fn is_hit(verifier: &Verifier, token: &str) -> bool {
    let before = verifier.token_cache().unwrap().hits;
    verify(verifier, token);
    verifier.token_cache().unwrap().hits > before
}

#[test]
fn a_token_is_kept_at_its_second_sight() {
    let mint = mint(&TestClock::new());
    let cached = verifier(&mint, 16);
    let token = mint.token().mint();
    assert_eq!([(); 4].map(|()| is_hit(&cached, &token)), [false, false, true, true]);
    let status = cached.token_cache().unwrap();
    assert_eq!((status.entries, status.misses, status.admissions, status.evictions), (1, 2, 1, 0));
    assert!(status.to_string().starts_with("1 of 16 tokens in "), "{status}");
    assert_eq!(verifier(&mint, 0).token_cache(), None);
}

#[test]
fn a_million_tokens_that_come_once_leave_the_hot_ones_and_the_bound_alone() {
    let floods = if cfg!(debug_assertions) { 20_000 } else { 1_000_000 };
    let mint = mint(&TestClock::new());
    let cached = verifier(&mint, 64);
    let hot: Vec<_> = (0..64).map(|n| mint.token().subject(format!("hot-{n}")).mint()).collect();
    for _ in 0..4 {
        hot.iter().for_each(|token| drop(verify(&cached, token)));
    }
    let before = cached.token_cache().unwrap();
    let builder = mint.token();
    for n in 0..floods {
        verify(&cached, &builder.clone().subject(format!("{n}")).mint());
    }
    let after = cached.token_cache().unwrap();
    assert_eq!(
        (after.entries, after.bytes, after.admissions),
        (before.entries, before.bytes, before.admissions)
    );
    let hits = hot.iter().filter(|token| is_hit(&cached, token)).count();
    assert!(hits == before.entries && hits > 56, "{hits} of {}", hot.len());
}

#[test]
fn tokens_that_come_twice_and_never_again_do_not_push_out_those_that_go_on() {
    let mint = mint(&TestClock::new());
    let cached = verifier(&mint, 64);
    let hot: Vec<_> = (0..32).map(|n| mint.token().subject(format!("hot-{n}")).mint()).collect();
    let builder = mint.token();
    let mut hits = 0;
    for round in 0..100 {
        hits += hot.iter().filter(|token| is_hit(&cached, token)).count();
        for n in 0..16 {
            let token = builder.clone().subject(format!("{round}-{n}")).mint();
            verify(&cached, &token);
            verify(&cached, &token);
        }
        let status = cached.token_cache().unwrap();
        assert!(status.entries <= 64, "{status}");
    }
    assert!(hits > 90 * hot.len(), "{hits} of {}", 100 * hot.len());
    assert!(cached.token_cache().unwrap().evictions > 1_000);
}

#[test]
fn a_cache_of_any_size_fills_up() {
    let mint = mint(&TestClock::new());
    for entries in [1, 2, 7, 8, 9, 100, 1_000] {
        let cached = verifier(&mint, entries);
        let tokens: Vec<_> = (0..entries).map(|n| mint.token().subject(format!("{n}")).mint()).collect();
        for _ in 0..6 {
            tokens.iter().for_each(|token| drop(verify(&cached, token)));
        }
        let hits = tokens.iter().filter(|token| is_hit(&cached, token)).count();
        assert!(hits * 100 >= entries * 97, "{hits} of {entries}");
        assert!(cached.token_cache().unwrap().entries <= entries);
    }
}

/// A clock whose last tick is long ago.
struct Ticking(TestClock);

impl Clock for Ticking {
    fn now(&self) -> UnixTime {
        self.0.now()
    }

    fn recent(&self) -> UnixTime {
        self.0.now().saturating_sub(Duration::from_millis(10))
    }
}

#[test]
fn the_last_tick_refuses_nothing_that_the_clock_accepts() {
    let clock = TestClock::new();
    let mint = mint(&clock);
    let issuer = Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
    let issuer = issuer.algorithms([Algorithm::HS256]).clock_skew(Duration::ZERO);
    let cached = Verifier::builder().issuer(issuer).clock(Ticking(clock.clone())).build().unwrap();
    // Valid from this very moment on; by the last tick it is not yet.
    let token = mint.token().not_before_in(Duration::ZERO).expires_in(Duration::from_secs(2)).mint();
    assert!([(); 4].iter().all(|()| !is_hit(&cached, &token)), "verified in full, and good");
    clock.advance(Duration::from_secs(1));
    assert_eq!([(); 3].map(|()| is_hit(&cached, &token)), [true; 3]);
    clock.advance(Duration::from_secs(1));
    assert_eq!([(); 3].map(|()| is_hit(&cached, &token)), [true; 3], "ten milliseconds longer");
    clock.advance(Duration::from_millis(10));
    for _ in 0..3 {
        let Poll::Ready(Err(error)) = cached.verify_cached(&token) else { panic!("it has expired") };
        assert_eq!(error.code(), "token_expired");
    }
    assert_eq!(cached.token_cache().unwrap().entries, 0);
}

/// What the table says it takes and how much it keeps.
fn held(table: &Table) -> (usize, usize) {
    let status = table.status();
    (status.entries, status.bytes)
}

#[test]
fn tokens_that_meet_in_one_place_get_in_nobody_elses_way() {
    let clock = TestClock::new();
    let mint = mint(&clock);
    let uncached = verifier(&mint, 0);
    let table = Table::new(1_000);
    let keep = |hash: u64| {
        let token = mint.token().subject(format!("{hash}")).mint();
        let verified = verify(&uncached, &token);
        let basis = Basis { whose: Whose::Fixed(0), generation: 0, expires: UnixTime::MAX };
        let entry = Entry::new(hash, &token, &verified, basis, minutes(&clock)).unwrap();
        table.admit(entry, clock.now());
        (hash, token)
    };
    let others: Vec<_> = (2..52u64).map(|n| keep(n << 32 | n << 3 | 2)).collect();
    // All of them to one pair of sets, each with another tag.
    let flood: Vec<_> = (0..200u64).map(|n| keep(n << 48 | 1 << 32 | n << 16 | 1)).collect();
    let kept = |those: &[(u64, String)]| {
        those.iter().filter(|(hash, token)| table.find(*hash, token.as_bytes()).is_some()).count()
    };
    assert_eq!((kept(&others), kept(&flood)), (50, 8), "one set has eight places");
    assert_eq!(table.status().entries, 58);
}

#[test]
fn what_leaves_is_let_go_of_and_its_bytes_with_it() {
    let clock = TestClock::new();
    let mint = mint(&clock);
    let uncached = verifier(&mint, 0);
    let table = Table::new(100);
    let (_, empty) = held(&table);
    let basis = |now: UnixTime| Basis {
        whose: Whose::Fixed(0),
        generation: 0,
        expires: now.saturating_add(Duration::from_secs(60)),
    };
    let token = mint.token().mint();
    let verified = verify(&uncached, &token);
    let entry = |hash| Entry::new(hash, &token, &verified, basis(clock.now()), minutes(&clock)).unwrap();
    for hash in [0, 1 << 40, 2 << 40, 1 << 40] {
        table.admit(entry(hash), clock.now());
    }
    let (entries, bytes) = held(&table);
    assert_eq!((entries, bytes - empty), (3, 3 * entry(0).bytes()));
    // The bound that docs/speed.md names, for as many copies as there are on a machine with two cores.
    let copies = TokenCopy::BYTES * stripes::count().saturating_sub(2);
    let most = token.len() * 13 / 10 + 512 + copies;
    assert!(entry(0).bytes() <= most, "{} for {} bytes of token", entry(0).bytes(), token.len());
    table.remove(2 << 40);
    table.remove(3 << 40);
    assert_eq!(held(&table).0, 2);
    // Nobody asks for the others any more; their time over, they go when others come.
    clock.advance(Duration::from_secs(60));
    for hash in 100..200u64 {
        table.admit(entry(hash << 33 | hash), clock.now());
    }
    assert!(table.find(0, token.as_bytes()).is_none() && table.find(1 << 40, token.as_bytes()).is_none());
    assert!(table.find(100 << 33 | 100, token.as_bytes()).is_some());
}

#[test]
fn threads_that_come_and_go_find_their_own_and_leave_nothing_behind() {
    let clock = TestClock::new();
    let mint = mint(&clock);
    let uncached = verifier(&mint, 0);
    let table = Table::new(24);
    let empty = held(&table);
    let basis = Basis { whose: Whose::Fixed(0), generation: 0, expires: UnixTime::MAX };
    let tokens: Vec<_> = (0..48).map(|n| mint.token().subject(format!("{n}")).mint()).collect();
    let verified: Vec<_> = tokens.iter().map(|token| verify(&uncached, token)).collect();
    let now = clock.now();
    let time = now..now.saturating_add(Duration::from_secs(300));
    // Few places for many, and two tokens for each hash.
    let hash = |n: usize| u64::try_from(((n / 2 % 4) << 32) | (n / 2)).unwrap();
    let found = |n: usize| table.find(hash(n), tokens[n].as_bytes());
    thread::scope(|scope| {
        for start in [0, 7, 23, 31] {
            let (found, hash, table, tokens, verified) = (&found, &hash, &table, &tokens, &verified);
            let time = &time;
            scope.spawn(move || {
                for n in (0..4_000).map(|step| (start + step * 5) % 48) {
                    match found(n) {
                        Some(found) => {
                            assert_eq!(found.entry().unwrap().token().subject(), verified[n].subject());
                            table.remove(hash(n));
                        }
                        None => {
                            let entry = Entry::new(hash(n), &tokens[n], &verified[n], basis, time.clone());
                            table.admit(entry.unwrap(), now);
                        }
                    }
                }
            });
        }
    });
    let there = (0..48).filter(|n| found(*n).is_some()).count();
    assert_eq!(held(&table).0, there, "as many as can be found");
    (0..48).for_each(|n| table.remove(hash(n)));
    assert_eq!(held(&table), empty);
    let alone = |token: &VerifiedToken| token.counts() == (1, 0);
    assert!(verified.iter().all(alone), "nobody holds them any more");
}

/// What an application has read of the claims is dropped with the entry, and may do there what it likes.
#[test]
fn the_claims_of_an_application_are_dropped_without_the_lock() {
    thread_local! {
        static TABLE: Table = Table::new(100);
    }
    #[derive(serde::Deserialize)]
    struct Shape {}
    impl Drop for Shape {
        fn drop(&mut self) {
            // The table itself may be going, with the thread.
            let _ = TABLE.try_with(|table| table.remove(2 << 40));
        }
    }
    let clock = TestClock::new();
    let mint = mint(&clock);
    let uncached = verifier(&mint, 0);
    let basis = Basis { whose: Whose::Fixed(0), generation: 0, expires: UnixTime::MAX };
    let [first, second] = ["a", "b"].map(|subject| mint.token().subject(subject).mint());
    let entry = |hash, text: &str, reads: bool| {
        let token = verify(&uncached, text);
        assert!(!reads || token.claims::<Shape>().is_ok());
        Entry::new(hash, text, &token, basis, minutes(&clock)).unwrap()
    };
    let held = || TABLE.with(|table| table.status().entries);
    let admit = |entry| TABLE.with(|table| table.admit(entry, clock.now()));
    for step in ["removed", "replaced"] {
        admit(entry(1 << 40, &first, true));
        admit(entry(2 << 40, &second, false));
        assert_eq!(held(), 2, "{step}");
        match step {
            "removed" => TABLE.with(|table| table.remove(1 << 40)),
            _ => admit(entry(1 << 40, &first, false)),
        }
        let there = TABLE.with(|table| table.find(2 << 40, second.as_bytes()).is_some());
        assert!(!there, "{step}: it was asked for while the lock was held");
        TABLE.with(|table| table.remove(1 << 40));
    }
}

#[test]
fn claims_are_remembered_with_the_token() {
    #[derive(serde::Deserialize)]
    struct Shape {
        sub: String,
    }
    let mint = mint(&TestClock::new());
    let cached = verifier(&mint, 16);
    let token = mint.token().subject("alice").mint();
    for _ in 0..3 {
        verify(&cached, &token);
    }
    let (first, second) = (verify(&cached, &token), verify(&cached, &token));
    let (one, other) = (first.claims::<Shape>().unwrap(), second.claims::<Shape>().unwrap());
    assert!(Arc::ptr_eq(&one, &other), "read once for both requests");
    assert_eq!(one.sub, "alice");
}

/// What is handed out is counted in a copy of the thread's stripe: nobody else's count moves.
#[test]
fn a_hit_moves_no_count_that_another_stripe_uses() {
    let mint = mint(&TestClock::new());
    let cached = verifier(&mint, 16);
    let token = mint.token().mint();
    for _ in 0..3 {
        verify(&cached, &token);
    }
    let counts = |token: &VerifiedToken| token.counts();
    let first = verify(&cached, &token);
    let (shared, own) = counts(&first);
    let held: Vec<_> = (0..10).map(|_| verify(&cached, &token)).collect();
    assert_eq!(counts(&first), (shared, own + 10), "ten more of this thread's");
    let (there, elsewhere) = thread::scope(|scope| {
        let other = || (stripes::own(stripes::count()), counts(&verify(&cached, &token)));
        scope.spawn(other).join().unwrap()
    });
    if there == stripes::own(stripes::count()) {
        assert_eq!(elsewhere, (shared, own + 11));
    } else {
        assert_eq!(elsewhere, (shared + 1, 2), "its first hit makes it a copy of its own");
        assert_eq!(counts(&first), (shared + 1, own + 10));
    }
    drop(held);
}

#[test]
fn what_is_kept_is_wiped() {
    let mint = mint(&TestClock::new());
    let cached = verifier(&mint, 16);
    let token = mint.token().mint();
    let wiped = [(); 3].map(|()| verify(&cached, &token).is_wiped_when_dropped());
    assert_eq!(wiped, [false, true, true], "from when it is kept on");
}

#[test]
fn what_is_refused_on_a_hit_is_not_kept() {
    let clock = TestClock::new();
    let mint = mint(&clock);
    let revoked = Arc::new(AtomicBool::new(false));
    let list = Arc::clone(&revoked);
    let check = move |_: &VerifiedToken| match list.load(Ordering::Relaxed) {
        true => RevocationStatus::Revoked,
        false => RevocationStatus::NotRevoked,
    };
    let issuer = Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
    let issuer = issuer.algorithms([Algorithm::HS256]);
    let cached = Verifier::builder().issuer(issuer).revocation(check).clock(clock.clone()).build().unwrap();
    let token = mint.token().expires_in(Duration::from_secs(60)).mint();
    let entries = || cached.token_cache().unwrap().entries;
    let refused = |code| match cached.verify_cached(&token) {
        Poll::Ready(Err(error)) => assert_eq!((error.code(), entries()), (code, 0)),
        other => panic!("{other:?}"),
    };
    (0..3).for_each(|_| drop(verify(&cached, &token)));
    assert_eq!(entries(), 1);
    revoked.store(true, Ordering::Relaxed);
    refused("token_revoked");
    revoked.store(false, Ordering::Relaxed);
    (0..3).for_each(|_| drop(verify(&cached, &token)));
    assert_eq!(entries(), 1);
    clock.advance(Duration::from_secs(200));
    refused("token_expired");
}

#[test]
fn nothing_of_a_token_is_shown() {
    let mint = mint(&TestClock::new());
    let cached = verifier(&mint, 16);
    let token = mint.token().subject("alice").mint();
    let shown = (0..4).map(|_| format!("{:?} {:?}", verify(&cached, &token), cached)).collect::<String>();
    assert!(!shown.contains("alice") && token.split('.').all(|part| !shown.contains(part)), "{shown}");
}
