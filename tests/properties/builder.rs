//! Arbitrary set-ups: what is built without a method named `dangerous_…` refuses every unsafe token, and what is built with
//! one accepts what its name says and nothing else.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;
use std::task::Poll;
use std::time::Duration;

use portcullis::Algorithm::{ES256, ES384, EdDSA, HS256, RS256};
use portcullis::crypto::Backend;
use portcullis::jose::{Jwk, JwkSet};
use portcullis::keys::remote::{Fetch, FetchError, FetchFuture, FetchRequest, Remote};
use portcullis::testkit::{Flaw, Mint, TokenBuilder};
use portcullis::{Algorithm, ConfigError, Issuer, Profile, Verifier};
use proptest::prelude::*;

use crate::sources;
use crate::testing::cases;

const NAMES: [&str; 2] = ["https://id.example.com", "https://other.example.com"];
const OURS: &str = "https://api.example.com";

/// A call on an `Issuer`.
#[derive(Clone, Debug)]
enum Call {
    Audience(&'static str),
    DangerousAnyAudience,
    Client(&'static str),
    /// Of the claim `sub`.
    Require(&'static str),
    Algorithms(Vec<Algorithm>),
    Profile(Profile),
    Skew(u64),
    MaxAge(u64),
}

#[derive(Clone, Debug)]
struct Anchor {
    /// Which of [`MINTS`]; beyond them an issuer without a name.
    which: usize,
    keys: Keys,
    calls: Vec<Call>,
}

#[derive(Clone, Debug)]
enum Keys {
    /// Those of the mint for these algorithms.
    Fixed(Vec<Algorithm>),
    /// A source that nothing ever comes from.
    Remote,
}

#[derive(Clone, Debug)]
struct SetUp {
    anchors: Vec<Anchor>,
    max_token_bytes: Option<usize>,
    backend: Backend,
}

struct Silent;

impl Fetch for Silent {
    fn fetch<'f>(&'f self, _: &'f FetchRequest) -> FetchFuture<'f> {
        Box::pin(async { Err(FetchError::Connect) })
    }
}

/// What the calls amount to, each setting by its last word.
#[derive(Debug)]
struct Rules {
    audiences: Option<Vec<&'static str>>,
    clients: Vec<&'static str>,
    subjects: Vec<&'static str>,
    algorithms: Vec<Algorithm>,
    profile: Profile,
    skew: u64,
    max_age: Option<u64>,
}

impl Anchor {
    fn rules(&self) -> Rules {
        let mut rules = Rules {
            audiences: Some(Vec::new()),
            clients: Vec::new(),
            subjects: Vec::new(),
            algorithms: Algorithm::DEFAULT.to_vec(),
            profile: Profile::Rfc9068,
            skew: 60,
            max_age: None,
        };
        for call in &self.calls {
            match call {
                Call::Audience(name) => rules.audiences.get_or_insert_default().push(name),
                Call::DangerousAnyAudience => rules.audiences = None,
                Call::Client(name) => rules.clients.push(name),
                Call::Require(subject) => rules.subjects.push(subject),
                Call::Algorithms(algorithms) => rules.algorithms = algorithms.clone(),
                Call::Profile(profile) => rules.profile = *profile,
                Call::Skew(seconds) => rules.skew = *seconds,
                Call::MaxAge(seconds) => rules.max_age = Some(*seconds),
            }
        }
        rules
    }

    fn built(&self) -> Issuer {
        let name = NAMES.get(self.which).copied().unwrap_or("");
        let issuer = match &self.keys {
            Keys::Remote => {
                Issuer::new(name, Remote::jwks_url_with("https://id.example.com/jwks", Silent).unwrap())
            }
            Keys::Fixed(kept) => {
                let all = MINTS[self.which.min(1)].jwks();
                let kept = |jwk: &&Jwk| jwk.algorithm().is_some_and(|algorithm| kept.contains(&algorithm));
                Issuer::new(name, JwkSet::from_iter(all.keys().iter().filter(kept).cloned()))
            }
        };
        self.calls.iter().cloned().fold(issuer, |issuer, call| match call {
            Call::Audience(name) => issuer.audience(name),
            Call::DangerousAnyAudience => issuer.dangerous_any_audience(),
            Call::Client(name) => issuer.client(name),
            Call::Require(subject) => issuer.require_claim("sub", subject),
            Call::Algorithms(algorithms) => issuer.algorithms(algorithms),
            Call::Profile(profile) => issuer.profile(profile),
            Call::Skew(seconds) => issuer.clock_skew(Duration::from_secs(seconds)),
            Call::MaxAge(seconds) => issuer.max_token_age(Duration::from_secs(seconds)),
        })
    }

    /// Whether such an issuer could be safe, and could work.
    fn is_sound(&self, backend: Backend) -> bool {
        let Rules { audiences, clients, subjects, algorithms, skew, .. } = self.rules();
        let named = self.which < NAMES.len();
        let by_client = !clients.is_empty();
        let meant = audiences.is_none_or(|names| (by_client || !names.is_empty()) && !names.contains(&""))
            && !clients.contains(&"")
            && !subjects.contains(&"");
        let able = !algorithms.is_empty() && algorithms.iter().all(|one| backend.supports(*one));
        let keyed = match &self.keys {
            Keys::Remote => !algorithms.contains(&HS256),
            Keys::Fixed(kept) => kept.iter().any(|one| algorithms.contains(one)),
        };
        named && meant && able && keyed && skew <= 300
    }
}

impl SetUp {
    fn built(&self) -> Result<Verifier, ConfigError> {
        let builder = Verifier::builder().backend(self.backend).clock(MINTS[0].clock());
        let builder = self.anchors.iter().fold(builder, |builder, anchor| builder.issuer(anchor.built()));
        match self.max_token_bytes {
            Some(bytes) => builder.max_token_bytes(bytes),
            None => builder,
        }
        .build()
    }

    fn limit(&self) -> usize {
        self.max_token_bytes.unwrap_or(16 * 1024)
    }

    fn is_sound(&self) -> bool {
        let names: BTreeSet<_> = self.anchors.iter().map(|anchor| anchor.which).collect();
        !self.anchors.is_empty()
            && names.len() == self.anchors.len()
            && (256..=1024 * 1024).contains(&self.limit())
            && self.anchors.iter().all(|anchor| anchor.is_sound(self.backend))
    }
}

/// Why a token is not simply good.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Probe {
    Good,
    Flawed(Flaw),
    /// Expired for so long.
    ExpiredFor(u64),
    /// Valid only after so long.
    ValidIn(u64),
    /// Issued so long ago, and valid still.
    IssuedAgo(u64),
    /// Names the other issuer, under this one's key.
    OfTheOther,
}

const ALGORITHMS: [Algorithm; 4] = [ES256, EdDSA, HS256, RS256];

static MINTS: LazyLock<[Mint; 2]> = LazyLock::new(|| {
    NAMES.map(|name| {
        let mint = Mint::builder(name).algorithm(ES256).build();
        for algorithm in &ALGORITHMS[1..] {
            mint.add_key(*algorithm);
        }
        mint
    })
});

/// Every probe of both issuers under every algorithm. Signed once, as some need a key of their own.
static PROBES: LazyLock<Vec<(usize, Algorithm, Probe, String)>> = LazyLock::new(|| {
    let mut probes = Vec::new();
    for (which, mint) in MINTS.iter().enumerate() {
        for algorithm in ALGORITHMS {
            let token = || mint.token().algorithm(algorithm);
            let seconds = Duration::from_secs;
            let mut add = |probe, token: String| probes.push((which, algorithm, probe, token));
            add(Probe::Good, token().mint());
            for flaw in Flaw::ALL {
                add(Probe::Flawed(*flaw), token().flawed(*flaw));
            }
            for after in [0, 1, 59, 60, 61, 299, 300, 301, 100_000] {
                let issued_now = |token: TokenBuilder| token.issued_at(portcullis::Clock::now(&mint.clock()));
                add(Probe::ExpiredFor(after), issued_now(token().expired_for(seconds(after))).mint());
                add(Probe::ValidIn(after), token().not_before_in(seconds(after)).mint());
                let issued = portcullis::Clock::now(&mint.clock()).seconds() - i64::try_from(after).unwrap();
                add(Probe::IssuedAgo(after), token().claim("iat", issued).mint());
            }
            add(Probe::OfTheOther, token().claim("iss", NAMES[1 - which]).mint());
        }
    }
    probes
});

/// Whether the set-up says, by a name that one can read, that such a token is to be accepted.
fn is_accepted(set_up: &SetUp, which: usize, algorithm: Algorithm, probe: Probe, bytes: usize) -> bool {
    use Flaw::{
        IdToken, MissingAudience, MissingClientId, MissingIssueTime, MissingSubject, MissingTokenId,
        MissingType, TooLarge, WrongAudience, WrongType,
    };
    let Some(anchor) = set_up.anchors.iter().find(|anchor| anchor.which == which) else { return false };
    let rules = anchor.rules();
    let has_key = matches!(&anchor.keys, Keys::Fixed(kept) if kept.contains(&algorithm));
    if !has_key || !rules.algorithms.contains(&algorithm) || bytes > set_up.limit() {
        return false;
    }
    let allows = |names: &[&str], name| names.is_empty() || names.contains(&name);
    if !allows(&rules.clients, "client-1") || !allows(&rules.subjects, "user-1") {
        return false;
    }
    match probe {
        Probe::Flawed(MissingClientId | IdToken) if !rules.clients.is_empty() => return false,
        Probe::Flawed(MissingSubject) if !rules.subjects.is_empty() => return false,
        _ => {}
    }
    let lenient = rules.profile == Profile::Lenient;
    let any_audience = rules.audiences.is_none();
    // With clients alone no token may have an audience.
    let no_audience = !rules.clients.is_empty() && rules.audiences.as_ref().is_some_and(Vec::is_empty);
    let for_us = rules.audiences.is_none_or(|names| names.contains(&OURS));
    if rules.profile == Profile::IdToken {
        // The others are marked as access tokens by their type.
        return for_us && matches!(probe, Probe::Flawed(WrongType | MissingType | IdToken));
    }
    match probe {
        Probe::Good => for_us,
        Probe::ExpiredFor(seconds) => for_us && seconds < rules.skew,
        Probe::ValidIn(seconds) => for_us && seconds <= rules.skew,
        Probe::IssuedAgo(seconds) => for_us && rules.max_age.is_none_or(|age| seconds <= age + rules.skew),
        Probe::Flawed(WrongAudience) => any_audience,
        Probe::Flawed(MissingAudience) => any_audience || no_audience,
        // What the profile says of itself.
        Probe::Flawed(WrongType | MissingType | MissingSubject | MissingClientId | MissingTokenId) => {
            for_us && lenient
        }
        Probe::Flawed(MissingIssueTime) => for_us && lenient && rules.max_age.is_none(),
        Probe::Flawed(TooLarge) => for_us,
        Probe::Flawed(_) | Probe::OfTheOther => false,
    }
}

fn set_ups() -> impl Strategy<Value = SetUp> {
    let algorithms = prop::sample::subsequence(vec![ES256, EdDSA, HS256, RS256, ES384], 0..=5);
    let call = prop_oneof![
        4 => prop::sample::select(vec![OURS, OURS, OURS, "https://else.example.com"]).prop_map(Call::Audience),
        1 => Just(Call::DangerousAnyAudience),
        2 => algorithms.prop_map(Call::Algorithms),
        2 => prop::sample::select(vec![Profile::Rfc9068, Profile::Lenient, Profile::IdToken]).prop_map(Call::Profile),
        1 => prop::sample::select(vec!["client-1", "client-1", "client-2"]).prop_map(Call::Client),
        1 => prop::sample::select(vec!["user-1", "user-1", "user-2"]).prop_map(Call::Require),
        2 => prop::sample::select(vec![0, 1, 60, 60, 299, 300, 300, 301]).prop_map(Call::Skew),
        1 => prop::sample::select(vec![0, 60, 300]).prop_map(Call::MaxAge),
    ];
    let slip = prop_oneof![
        Just(Call::Audience("")),
        Just(Call::Client("")),
        Just(Call::Require("")),
        Just(Call::Skew(u64::MAX)),
    ];
    let calls = prop::collection::vec(prop_oneof![40 => call, 1 => slip], 1..7);
    let keys = prop_oneof![
        9 => prop::sample::subsequence(ALGORITHMS.to_vec(), 1..=4).prop_map(Keys::Fixed),
        1 => Just(Keys::Remote),
        1 => Just(Keys::Fixed(Vec::new())),
    ];
    let which = prop_oneof![20 => 0..2usize, 1 => Just(2)];
    let anchor = (which, keys, calls).prop_map(|(which, keys, calls)| Anchor { which, keys, calls });
    let anchors = prop_oneof![12 => prop::collection::vec(anchor.clone(), 1..=2), 1 => prop::collection::vec(anchor, 0..=3)];
    let bytes = prop_oneof![6 => Just(None), 2 => prop::sample::select(vec![256, 600, 1024 * 1024]).prop_map(Some), 1 => prop::sample::select(vec![0, 255, 1024 * 1024 + 1, usize::MAX]).prop_map(Some)];
    (anchors, bytes, prop::sample::select(Backend::available()))
        .prop_map(|(anchors, max_token_bytes, backend)| SetUp { anchors, max_token_bytes, backend })
}

/// Tries every probe; gives what was accepted.
fn accepted(set_up: &SetUp, verifier: &Verifier) -> Result<Vec<Probe>, TestCaseError> {
    let mut accepted = Vec::new();
    for (which, algorithm, probe, token) in PROBES.iter() {
        let got = matches!(verifier.verify_cached(token), Poll::Ready(Ok(_)));
        let want = is_accepted(set_up, *which, *algorithm, *probe, token.len());
        prop_assert_eq!(got, want, "{:?} under {} of {}", probe, algorithm, NAMES[*which]);
        accepted.extend(got.then_some(*probe));
    }
    Ok(accepted)
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn a_set_up_accepts_what_it_names_and_nothing_else(set_up in set_ups()) {
        let built = set_up.built();
        prop_assert_eq!(built.is_ok(), set_up.is_sound(), "{:?}", built.as_ref().err());
        let Ok(verifier) = built else { return Ok(()) };
        accepted(&set_up, &verifier)?;
    }
}

#[test]
fn no_dangerous_method_is_left_out() {
    let dangerous: Vec<_> =
        sources::public_functions().into_iter().filter(|name| name.contains("dangerous")).collect();
    // The second is about requests, not about tokens.
    let known = ["dangerous_any_audience", "dangerous_query"];
    assert_eq!(dangerous, known, "`Call` and `is_accepted` do not know it");
}

/// The oracle of the property must not be a shrug: it is asked about set-ups of which most are built, and each kind of
/// token that anything can make acceptable is accepted by one.
#[test]
fn the_set_ups_that_are_drawn_try_everything() {
    let mut runner = proptest::test_runner::TestRunner::new(cases(1));
    let (mut built, mut seen) = (0, HashMap::<Probe, u32>::new());
    for _ in 0..100 {
        let set_up = proptest::strategy::ValueTree::current(&set_ups().new_tree(&mut runner).unwrap());
        built += u32::from(set_up.is_sound());
        for (which, algorithm, probe, token) in PROBES.iter().filter(|_| set_up.is_sound()) {
            let accepted = is_accepted(&set_up, *which, *algorithm, *probe, token.len());
            *seen.entry(*probe).or_default() += u32::from(accepted);
        }
    }
    assert!(built >= 20, "{built} of 100 are sound");
    let accepted: BTreeSet<_> =
        seen.iter().filter(|(_, times)| **times > 0).map(|(probe, _)| format!("{probe:?}")).collect();
    for probe in [
        Probe::Good,
        Probe::ExpiredFor(299),
        Probe::ValidIn(300),
        Probe::IssuedAgo(100_000),
        Probe::Flawed(Flaw::WrongAudience),
        Probe::Flawed(Flaw::MissingAudience),
        Probe::Flawed(Flaw::WrongType),
        Probe::Flawed(Flaw::IdToken),
        Probe::Flawed(Flaw::MissingIssueTime),
        Probe::Flawed(Flaw::TooLarge),
    ] {
        assert!(accepted.contains(&format!("{probe:?}")), "no set-up that was drawn accepts {probe:?}");
    }
    for never in [Probe::ExpiredFor(300), Probe::ExpiredFor(301), Probe::ValidIn(301), Probe::OfTheOther] {
        assert!(!accepted.contains(&format!("{never:?}")), "{never:?}");
    }
}
