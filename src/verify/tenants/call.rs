//! One call to the resolver, in a task of its own.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::registry::Registry;
use super::resident::Name;
use super::resolve::{CALL_SECONDS, Failure, ResolveError, ResolveIssuer, Tenant};
use crate::keys::Means;
use crate::verify::Issuer;
use crate::verify::issuer::TrustAnchor;

/// A call that has begun. However it ends, also by a panic in the resolver or with the runtime, the registry hears of it
/// and nobody waits for ever.
pub(super) struct Underway {
    registry: Weak<Registry>,
    name: Name,
    id: u64,
}

impl Underway {
    pub(super) const fn new(registry: Weak<Registry>, name: Name, id: u64) -> Self {
        Self { registry, name, id }
    }

    fn end(mut self, answer: Result<Option<TrustAnchor>, Failure>) {
        self.tell(answer);
    }

    fn tell(&mut self, answer: Result<Option<TrustAnchor>, Failure>) {
        let registry = std::mem::take(&mut self.registry);
        if let Some(registry) = registry.upgrade() {
            registry.finished(&self.name, self.id, answer);
        }
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.tell(Err(Failure::BrokenOff));
    }
}

/// Waits for a turn, asks, and makes what is answered ready. Keeps the verifier alive at no point of waiting.
pub(super) async fn run(
    underway: Underway,
    turns: Arc<Semaphore>,
    resolver: Arc<dyn ResolveIssuer>,
    tenant: Tenant,
) {
    let answer = ask(&turns, &*resolver, &tenant).await;
    let anchor = match answer {
        Ok(Some(issuer)) => ready(&underway, issuer).await.map(Some),
        Ok(None) => Ok(None),
        Err(failure) => Err(failure),
    };
    underway.end(anchor);
}

async fn ask(
    turns: &Semaphore,
    resolver: &dyn ResolveIssuer,
    tenant: &Tenant,
) -> Result<Option<Issuer>, Failure> {
    let _turn = turns.acquire().await.map_err(|_| Failure::BrokenOff)?;
    let answer = timeout(Duration::from_secs(CALL_SECONDS), resolver.resolve(tenant)).await;
    answer.map_err(|_| Failure::Timeout)?.map_err(Failure::Said)
}

/// The tenant, with its keys if another of its name serves meanwhile: settings that are confirmed must not cost a gap.
async fn ready(underway: &Underway, issuer: Issuer) -> Result<TrustAnchor, Failure> {
    let registry = || underway.registry.upgrade().ok_or(Failure::BrokenOff);
    let anchor = built(issuer, &underway.name, registry()?.means()).await?;
    if registry()?.serves(&underway.name) {
        let _ = timeout(KEYS_PATIENCE, anchor.keys.ready()).await;
        if anchor.keys.current().is_err() && registry()?.serves(&underway.name) {
            return Err(Failure::KeysNotLoaded);
        }
    }
    Ok(anchor)
}

/// An issuer as the resolver gave it, made ready where that holds up nobody else: its keys' snapshot may be on a disk that
/// is slow, and the operating system's roots are read for the first that is fetched.
async fn built(issuer: Issuer, name: &str, means: Arc<Means>) -> Result<TrustAnchor, Failure> {
    if issuer.identifier() != name {
        return Err(Failure::OtherIssuer);
    }
    let built = spawn_blocking(move || issuer.build(&means)).await.map_err(|_| Failure::BrokenOff)?;
    built.map_err(|error| Failure::Said(ResolveError::Settings(error)))
}

/// Several attempts' time.
const KEYS_PATIENCE: Duration = Duration::from_secs(30);
