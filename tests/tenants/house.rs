//! Tenants with mints, a resolver that plays what it is told, and a source of keys that does the same.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::keys::remote::{Fetch, FetchError, FetchFuture, FetchRequest, FetchResponse, Remote};
use portcullis::tenants::{IssuerPattern, ResolveError, ResolveFuture, ResolveIssuer, Tenant, Tenants};
use portcullis::testkit::{Mint, TestClock};
use portcullis::{Issuer, UnixTime, Verifier};
use tokio::time::sleep;

pub(crate) const PATTERN: &str = "https://login.example.com/{tenant}/v2.0";

pub(crate) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn name(tenant: &str) -> String {
    PATTERN.replace("{tenant}", tenant)
}

/// What the resolver answers for a name.
#[derive(Clone)]
pub(crate) enum Play {
    /// A tenant with these keys, given at once.
    Fixed(Mint),
    /// A tenant whose keys are fetched.
    Remote(Mint, Arc<Web>),
    /// A tenant whose keys are compiled in, as its source is down.
    Embedded(Mint),
    No,
    Fail,
    Hang,
    Panic,
    /// The issuer of this mint, whatever was asked for.
    Other(Mint),
    /// Settings that cannot be safe.
    Unsafe(Mint),
    Slow(Duration, Box<Play>),
    /// A tenant of whatever name is asked for, whose keys are fetched.
    Template(Arc<Web>),
}

/// A resolver that plays what it is told.
#[derive(Clone)]
pub(crate) struct Directory(Arc<Inner>);

struct Inner {
    plays: Mutex<HashMap<String, Play>>,
    otherwise: Mutex<Play>,
    asked: Mutex<Vec<String>>,
    /// Calls under way, and the most that ever were, for one name and for all.
    running: Mutex<HashMap<String, usize>>,
    most: Mutex<(usize, usize)>,
    clock: TestClock,
}

impl Directory {
    pub(crate) fn otherwise(play: Play) -> Self {
        Self(Arc::new(Inner {
            plays: Mutex::default(),
            otherwise: Mutex::new(play),
            asked: Mutex::default(),
            running: Mutex::default(),
            most: Mutex::default(),
            clock: TestClock::new(),
        }))
    }

    /// Knows nobody.
    pub(crate) fn empty() -> Self {
        Self::otherwise(Play::No)
    }

    /// A tenant's mint, on the clock of all.
    pub(crate) fn mint(&self, tenant: &str) -> Mint {
        Mint::builder(name(tenant))
            .audience(format!("https://{tenant}.api.example"))
            .clock(self.0.clock.clone())
            .build()
    }

    pub(crate) fn play(&self, tenant: &str, play: Play) {
        self.0.plays.lock().unwrap().insert(name(tenant), play);
    }

    /// A tenant whose keys are given at once.
    pub(crate) fn tenant(&self, tenant: &str) -> Mint {
        let mint = self.mint(tenant);
        self.play(tenant, Play::Fixed(mint.clone()));
        mint
    }

    pub(crate) fn calls(&self) -> usize {
        self.0.asked.lock().unwrap().len()
    }

    pub(crate) fn calls_for(&self, tenant: &str) -> usize {
        self.0.asked.lock().unwrap().iter().filter(|asked| **asked == name(tenant)).count()
    }

    /// Calls that have neither ended nor been dropped.
    pub(crate) fn running(&self) -> usize {
        self.0.running.lock().unwrap().values().sum()
    }

    /// The most calls that were under way at a time, for one name and for all.
    pub(crate) fn most(&self) -> (usize, usize) {
        *self.0.most.lock().unwrap()
    }

    pub(crate) fn tenants(&self) -> Tenants {
        Tenants::matching(IssuerPattern::new(PATTERN).unwrap(), self.clone())
    }

    pub(crate) fn verifier(&self) -> Verifier {
        self.verifier_of(self.tenants())
    }

    pub(crate) fn verifier_of(&self, tenants: Tenants) -> Verifier {
        Verifier::builder().tenants(tenants).clock(self.0.clock.clone()).build().unwrap()
    }
}

struct Running(Directory, String);

impl Running {
    fn start(directory: &Directory, name: &str) -> Self {
        let mut running = directory.0.running.lock().unwrap();
        *running.entry(name.to_owned()).or_default() += 1;
        let (of_name, of_all) = (running[name], running.values().sum::<usize>());
        let mut most = directory.0.most.lock().unwrap();
        *most = (most.0.max(of_name), most.1.max(of_all));
        Self(directory.clone(), name.to_owned())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        *self.0.0.running.lock().unwrap().get_mut(&self.1).unwrap() -= 1;
    }
}

impl ResolveIssuer for Directory {
    fn resolve<'r>(&'r self, tenant: &'r Tenant) -> ResolveFuture<'r> {
        self.0.asked.lock().unwrap().push(tenant.issuer().to_owned());
        let running = Running::start(self, tenant.issuer());
        let play = self.0.plays.lock().unwrap().get(tenant.issuer()).cloned();
        let mut play = play.unwrap_or_else(|| self.0.otherwise.lock().unwrap().clone());
        Box::pin(async move {
            let _running = running;
            while let Play::Slow(time, then) = play {
                sleep(time).await;
                play = *then;
            }
            let of = |mint: &Mint| Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
            match play {
                Play::Fixed(mint) | Play::Other(mint) => Ok(Some(of(&mint))),
                Play::Remote(mint, web) => {
                    let keys = Remote::jwks_url_with(jwks(mint.identifier()), web)?;
                    Ok(Some(Issuer::new(mint.identifier(), keys).audience(mint.audience())))
                }
                Play::Embedded(mint) => {
                    let keys = Remote::jwks_url_with(jwks(mint.identifier()), Web::new())?;
                    let keys = keys.embedded(mint.jwks(), UnixTime::MAX);
                    Ok(Some(Issuer::new(mint.identifier(), keys).audience(mint.audience())))
                }
                Play::Template(web) => {
                    let keys = Remote::jwks_url_with(jwks(tenant.issuer()), web)?;
                    let audience = format!("https://{}.api.example", tenant.parameter().unwrap());
                    Ok(Some(Issuer::new(tenant.issuer(), keys).audience(audience)))
                }
                Play::No => Ok(None),
                Play::Fail => Err(ResolveError::no_answer("the database is down")),
                Play::Unsafe(mint) => Ok(Some(Issuer::new(mint.identifier(), mint.jwks()))),
                Play::Hang => std::future::pending().await,
                Play::Panic => panic!("a resolver that panics, as this test wants"),
                Play::Slow(..) => unreachable!(),
            }
        })
    }
}

/// Where a tenant's keys are.
pub(crate) fn jwks(issuer: &str) -> String {
    format!("{issuer}/jwks")
}

/// Key sets by address, and who asked.
#[derive(Default)]
pub(crate) struct Web {
    sets: Mutex<HashMap<String, Option<String>>>,
    asked: Mutex<Vec<String>>,
}

impl Web {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Publishes a tenant's keys.
    pub(crate) fn publish(&self, mint: &Mint) {
        self.sets.lock().unwrap().insert(jwks(mint.identifier()), Some(mint.jwks_json()));
    }

    /// From now on nothing is ever answered for this tenant.
    pub(crate) fn hang(&self, mint: &Mint) {
        self.sets.lock().unwrap().insert(jwks(mint.identifier()), None);
    }

    pub(crate) fn fetches(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    pub(crate) fn fetches_for(&self, mint: &Mint) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| **asked == jwks(mint.identifier())).count()
    }
}

impl Fetch for Web {
    fn fetch<'f>(&'f self, request: &'f FetchRequest) -> FetchFuture<'f> {
        self.asked.lock().unwrap().push(request.url().to_owned());
        let set = self.sets.lock().unwrap().get(request.url()).cloned();
        Box::pin(async move {
            match set {
                Some(Some(set)) => Ok(FetchResponse::new(200, set)),
                Some(None) => std::future::pending().await,
                None => Err(FetchError::Connect),
            }
        })
    }
}

/// The verdict as its reason code, or `ok`.
pub(crate) async fn verdict(verifier: &Verifier, token: &str) -> &'static str {
    verifier.verify(token).await.map_or_else(|error| error.code(), |_| "ok")
}

/// A token that nobody signed, in the name of a tenant.
pub(crate) fn forged(mint: &Mint, tenant: &str) -> String {
    mint.token().claim("iss", name(tenant)).mint()
}

/// The same at next to no cost: with the signature of another token.
pub(crate) fn invented(token: &str, tenant: &str) -> String {
    let [header, _, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
    let payload = URL_SAFE_NO_PAD.encode(format!(r#"{{"iss":"{}"}}"#, name(tenant)));
    format!("{header}.{payload}.{signature}")
}

/// Names of the tenants that are here.
pub(crate) fn here(verifier: &Verifier) -> Vec<String> {
    let part = |issuer: &str| issuer.split('/').nth(3).unwrap_or_default().to_owned();
    verifier.status().iter().map(|status| part(&status.issuer)).collect()
}
