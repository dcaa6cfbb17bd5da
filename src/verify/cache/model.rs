//! Histories of time, rotation, withdrawal and revocation: at each step the cache answers what a full verification does.

use std::collections::HashMap;
use std::future::ready;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::{advance, sleep};

use crate::error::Error;
use crate::jose::Algorithm;
use crate::keys::remote::{Fetch, FetchError, FetchFuture, FetchRequest, FetchResponse, Remote};
use crate::revoke::RevocationStatus;
use crate::tenants::{IssuerPattern, ResolveError, Tenant, Tenants};
use crate::testkit::{Mint, TestClock};
use crate::time::{Clock, UnixTime};
use crate::verify::{Issuer, VerifiedToken, Verifier};

/// What happens to the world, and who asks.
#[derive(Clone, Debug)]
enum Step {
    /// A token of the pool comes so many times in a row.
    Ask {
        token: usize,
        times: usize,
    },
    /// A token that differs from one of the pool in one byte.
    AskForged {
        token: usize,
        byte: usize,
    },
    Wait {
        seconds: u64,
    },
    PutClockBack {
        seconds: u64,
    },
    /// These of the keys are published from now on; none: the source fails.
    Publish {
        issuer: usize,
        keys: u8,
    },
    Revoke {
        token: usize,
        status: RevocationStatus,
    },
    Withdraw {
        tenant: bool,
    },
    Forget,
}

fn step() -> impl Strategy<Value = Step> {
    let token = || 0..TOKENS;
    let status = prop_oneof![
        Just(RevocationStatus::NotRevoked),
        Just(RevocationStatus::Revoked),
        Just(RevocationStatus::unknown()),
    ];
    let seconds = prop_oneof![4 => 0..20u64, 3 => 20..120u64, 2 => 120..700u64, 1 => 700..6_000u64];
    prop_oneof![
        10 => (token(), 1..5usize).prop_map(|(token, times)| Step::Ask { token, times }),
        2 => (token(), any::<usize>()).prop_map(|(token, byte)| Step::AskForged { token, byte }),
        4 => seconds.prop_map(|seconds| Step::Wait { seconds }),
        1 => (0..400u64).prop_map(|seconds| Step::PutClockBack { seconds }),
        2 => (0..ISSUERS, 0..8u8).prop_map(|(issuer, keys)| Step::Publish { issuer, keys }),
        2 => (token(), status).prop_map(|(token, status)| Step::Revoke { token, status }),
        1 => any::<bool>().prop_map(|tenant| Step::Withdraw { tenant }),
        1 => Just(Step::Forget),
    ]
}

/// What an issuer publishes, as far as its servers answer.
struct Source {
    sets: Vec<String>,
    published: Mutex<usize>,
}

impl Fetch for Source {
    fn fetch<'f>(&'f self, _: &'f FetchRequest) -> FetchFuture<'f> {
        let published = *self.published.lock().unwrap();
        let answer = self.sets.get(published).filter(|_| published > 0);
        let answer = answer
            .map(|set| FetchResponse::new(200, set.as_bytes()).with_header("cache-control", "max-age=300"));
        Box::pin(ready(answer.ok_or(FetchError::Connect)))
    }
}

/// Two issuers of the set-up and a tenant, with three keys each; and tokens of all of them.
struct World {
    clock: TestClock,
    sources: Vec<Arc<Source>>,
    tokens: Vec<String>,
    revoked: Arc<Mutex<HashMap<String, RevocationStatus>>>,
    is_tenant: Arc<Mutex<bool>>,
    verifier: Verifier,
}

const ISSUERS: usize = 3;
const TOKENS: usize = ISSUERS * 3 * 4;
const TENANT: &str = "https://id.example/2";

/// An answer, as far as it can be compared.
type Answer = Result<(String, Option<String>, Option<Duration>), Error>;

impl World {
    fn new(cache: usize) -> Self {
        let clock = TestClock::new();
        let (mut sources, mut tokens, mut issuers) = (Vec::new(), Vec::new(), Vec::new());
        for n in 0..ISSUERS {
            let mint = Mint::builder(format!("https://id.example/{n}"));
            let mint = mint.algorithm(Algorithm::EdDSA).clock(clock.clone()).build();
            let mut ids = vec![mint.key_id()];
            ids.extend([mint.add_key(Algorithm::EdDSA), mint.add_key(Algorithm::EdDSA)]);
            let all = mint.jwks_json();
            let all: serde_json::Value = serde_json::from_str(&all).unwrap();
            let sets = (0..8u8).map(|mask| {
                let among = |key: &&serde_json::Value| {
                    ids.iter().position(|id| key["kid"] == **id).is_some_and(|at| mask >> at & 1 == 1)
                };
                let keys: Vec<_> = all["keys"].as_array().unwrap().iter().filter(among).collect();
                serde_json::json!({ "keys": keys }).to_string()
            });
            sources.push(Arc::new(Source { sets: sets.collect(), published: Mutex::new(7) }));
            for id in &ids {
                let token = || mint.token().key(id);
                tokens.push(token().expires_in(Duration::from_secs(3_600)).mint());
                tokens.push(token().expires_in(Duration::from_secs(90)).claim("roles", ["a", "b"]).mint());
                tokens.push(token().not_before_in(Duration::from_secs(100)).mint());
                tokens.push(token().expires_in(Duration::from_secs(30)).header("x", "y").mint());
            }
            issuers.push((mint.identifier().to_owned(), mint.audience().to_owned()));
        }
        let issuer = |n: usize, sources: &[Arc<Source>]| {
            let (identifier, audience) = &issuers[n];
            let remote = Remote::jwks_url_with("https://id.example/jwks", Arc::clone(&sources[n])).unwrap();
            let remote =
                remote.unknown_key_interval(Duration::from_secs(1)).max_stale(Duration::from_secs(200));
            let issuer = Issuer::new(identifier, remote).audience(audience);
            if n == 1 {
                issuer.max_token_age(Duration::from_secs(500)).clock_skew(Duration::ZERO)
            } else {
                issuer
            }
        };
        let is_tenant = Arc::new(Mutex::new(true));
        let (told, source, (name, audience)) =
            (Arc::clone(&is_tenant), Arc::clone(&sources[2]), issuers[2].clone());
        let resolve = move |_: Tenant| {
            let remote = Remote::jwks_url_with("https://id.example/jwks", Arc::clone(&source)).unwrap();
            let issuer = Issuer::new(&name, remote).audience(&audience);
            let known = *told.lock().unwrap_or_else(PoisonError::into_inner);
            async move { Ok::<_, ResolveError>(known.then_some(issuer)) }
        };
        let pattern = IssuerPattern::new("https://id.example/{tenant}").unwrap();
        let tenants = Tenants::matching(pattern, resolve)
            .refusal_memory(Duration::from_secs(1))
            .confirm_every(Duration::from_secs(60))
            .max_unconfirmed(Duration::from_secs(300));
        let revoked: Arc<Mutex<HashMap<String, RevocationStatus>>> = Arc::default();
        let list = Arc::clone(&revoked);
        let check = move |token: &VerifiedToken| {
            let list = list.lock().unwrap_or_else(PoisonError::into_inner);
            list.get(token.token_id().unwrap_or_default()).copied().unwrap_or(RevocationStatus::NotRevoked)
        };
        let verifier = Verifier::builder()
            .issuer(issuer(0, &sources))
            .issuer(issuer(1, &sources))
            .tenants(tenants)
            .revocation(check)
            .token_cache(cache)
            .token_cache_time(Duration::from_secs(120))
            .clock(clock.clone())
            .build()
            .unwrap();
        Self { clock, sources, tokens, revoked, is_tenant, verifier }
    }

    /// The same question to the cache and to a full verification, at one moment and by the same keys.
    fn compare(&self, text: &str) -> Result<(), TestCaseError> {
        let told = |outcome: Result<VerifiedToken, Error>| -> Answer {
            let token = outcome?;
            let key = token.key_id().map(str::to_owned);
            Ok((token.claims_json().to_owned(), key, token.stale_key_age()))
        };
        let (cached, full) = self.verifier.decide_both_ways(text);
        prop_assert_eq!(told(cached), told(full));
        Ok(())
    }

    async fn ask(&self, text: &str) -> Result<(), TestCaseError> {
        self.compare(text)?;
        // Brings the keys and the tenant, if they are to be had.
        let _ = self.verifier.verify(text).await;
        self.compare(text)
    }

    async fn play(&self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Ask { token, times } => {
                for _ in 0..times {
                    self.ask(&self.tokens[token]).await?;
                }
            }
            Step::AskForged { token, byte } => {
                let mut forged = self.tokens[token].clone();
                let byte = byte % forged.len();
                let other = if forged.as_bytes()[byte] == b'A' { "B" } else { "A" };
                forged.replace_range(byte..=byte, other);
                self.ask(&forged).await?;
            }
            Step::Wait { seconds } => {
                self.clock.advance(Duration::from_secs(seconds));
                advance(Duration::from_secs(seconds)).await;
                // The tasks have their turn.
                sleep(Duration::from_millis(1)).await;
            }
            Step::PutClockBack { seconds } => self.clock.rewind(Duration::from_secs(seconds)),
            Step::Publish { issuer, keys } => {
                *self.sources[issuer].published.lock().unwrap() = keys.into();
            }
            Step::Revoke { token, status } => {
                let payload = self.tokens[token].split('.').nth(1).unwrap();
                let payload = crate::jose::base64url::decode(payload).unwrap();
                let claims: serde_json::Value = serde_json::from_slice(&payload).unwrap();
                let id = claims["jti"].as_str().unwrap().to_owned();
                self.revoked.lock().unwrap().insert(id, status);
            }
            Step::Withdraw { tenant } => *self.is_tenant.lock().unwrap() = tenant,
            Step::Forget => self.verifier.forget_tenant(TENANT),
        }
        for token in &self.tokens {
            self.compare(token)?;
        }
        Ok(())
    }
}

#[test]
fn cached_and_uncached_never_differ() {
    let hits = Mutex::new(0);
    let histories = prop::collection::vec(step(), 1..40);
    let mut runner = proptest::test_runner::TestRunner::new(crate::testing::cases(48));
    let outcome = runner.run(&(histories, prop_oneof![Just(4usize), Just(64)]), |(history, cache)| {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let world = World::new(cache);
            for step in history {
                world.play(step).await?;
            }
            let status = world.verifier.token_cache().unwrap();
            prop_assert!(status.entries <= cache, "{status:?}");
            *hits.lock().unwrap() += status.hits;
            Ok(())
        })
    });
    outcome.unwrap();
    assert!(*hits.lock().unwrap() > 1_000, "the cache was hardly asked");
}

#[test]
fn time_that_is_put_back_ends_an_entry() {
    let clock = TestClock::at(UnixTime::from_seconds(1_000_000));
    let mint = Mint::builder("https://id.example").clock(clock.clone()).build();
    let issuer = Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
    let verifier = Verifier::builder().issuer(issuer).clock(clock.clone()).build().unwrap();
    let token = mint.token().mint();
    let hits = || {
        assert!(verifier.verify_cached(&token).is_ready());
        verifier.token_cache().unwrap().hits
    };
    assert_eq!([hits(), hits(), hits()], [0, 0, 1]);
    clock.rewind(Duration::from_secs(1));
    assert_eq!([hits(), hits()], [1, 2], "verified anew, and kept anew");
    clock.advance(Duration::from_secs(299));
    assert_eq!(hits(), 3, "five minutes less a second");
    clock.advance(Duration::from_secs(1));
    assert_eq!([hits(), hits()], [3, 4], "after five minutes it is verified in full");
    assert!(clock.now() > UnixTime::from_seconds(1_000_000));
}

#[tokio::test(start_paused = true)]
async fn a_hit_tells_that_the_keys_are_overdue_and_by_how_much() {
    let world = World::new(64);
    let token = &world.tokens[0];
    let history = [
        Step::Ask { token: 0, times: 3 },
        Step::Publish { issuer: 0, keys: 0 },
        Step::Wait { seconds: 310 },
        Step::Ask { token: 0, times: 3 },
    ];
    for step in history {
        world.play(step).await.unwrap();
    }
    let mut ages = Vec::new();
    for seconds in [0, 7, 100] {
        world.play(Step::Wait { seconds }).await.unwrap();
        let before = world.verifier.token_cache().unwrap().hits;
        let (told, full) = world.verifier.decide_both_ways(token);
        assert_eq!(world.verifier.token_cache().unwrap().hits, before + 1);
        let age = told.unwrap().stale_key_age().unwrap();
        assert_eq!(Some(age), full.unwrap().stale_key_age());
        ages.push(age.as_secs());
    }
    assert_eq!(ages.iter().map(|age| age - ages[0]).collect::<Vec<_>>(), [0, 7, 107]);
}

/// The keys `a` and `b`, then none that can be had, then `b` alone.
#[tokio::test(start_paused = true)]
async fn a_token_whose_key_was_withdrawn_leaves_when_it_is_refused() {
    let mint = Mint::builder("https://id.example").algorithm(Algorithm::EdDSA).build();
    let (first, second) = (mint.key_id(), mint.add_key(Algorithm::EdDSA));
    let tokens = [&first, &second].map(|key| mint.token().key(key).mint());
    let both = mint.jwks_json();
    mint.withdraw(&first);
    let sets = vec![String::new(), both, mint.jwks_json()];
    let source = Arc::new(Source { sets, published: Mutex::new(1) });
    let remote = Remote::jwks_url_with("https://id.example/jwks", Arc::clone(&source)).unwrap();
    let remote = remote.max_stale(Duration::ZERO);
    let issuer = Issuer::new(mint.identifier(), remote).audience(mint.audience());
    let verifier = Verifier::builder().issuer(issuer).clock(mint.clock()).build().unwrap();
    let code = async |token: &str| verifier.verify(token).await.map_or_else(|error| error.code(), |_| "ok");
    let entries = || verifier.token_cache().unwrap().entries;
    for token in &tokens {
        assert_eq!([code(token).await, code(token).await, code(token).await], ["ok"; 3]);
    }
    *source.published.lock().unwrap() = 0;
    sleep(Duration::from_secs(400)).await;
    assert_eq!((code(&tokens[0]).await, entries()), ("keys_expired", 2), "nothing is known of it");
    *source.published.lock().unwrap() = 2;
    sleep(Duration::from_secs(120)).await;
    assert_eq!((code(&tokens[0]).await, entries()), ("key_unknown", 1));
    assert_eq!((code(&tokens[1]).await, entries()), ("ok", 1));
}
