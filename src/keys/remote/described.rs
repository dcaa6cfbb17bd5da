//! A source as it was set up, for the test that settings can say all of it.

use std::time::Duration;

use super::attempt::Place;
use super::embedded::Embedded;
use super::schedule::Timing;
use super::{Client, Remote, Snapshot};
use crate::jose::JwkSet;
use crate::time::UnixTime;

impl Remote {
    /// All that settings must be able to say. Names every field: a new one does not compile until somebody has decided
    /// whether operators may set it.
    pub(crate) fn described(&self) -> Described<'_> {
        let Self { place, client, timing, wait_budget, snapshot, embedded } = self;
        // How renewals are timed follows from the place.
        let Timing { max_stale, unknown_key_interval, default_max_age, renewal: _ } = *timing;
        let (discovered, url) = match place {
            Place::Discovered { issuer } => (Some(issuer.as_str()), None),
            Place::At { url } => (None, Some(url.as_str())),
        };
        Described {
            discovered,
            url,
            has_own_client: matches!(client, Client::Own(_)),
            max_stale,
            unknown_key_interval,
            default_max_age,
            wait_budget: *wait_budget,
            snapshot: snapshot.as_ref(),
            embedded: embedded.as_ref().map(|Embedded { keys, until }| (keys, *until)),
        }
    }
}

/// A source as it was set up.
pub(crate) struct Described<'r> {
    pub(crate) discovered: Option<&'r str>,
    pub(crate) url: Option<&'r str>,
    pub(crate) has_own_client: bool,
    pub(crate) max_stale: Duration,
    pub(crate) unknown_key_interval: Duration,
    pub(crate) default_max_age: Duration,
    pub(crate) wait_budget: Duration,
    pub(crate) snapshot: Option<&'r Snapshot>,
    pub(crate) embedded: Option<(&'r JwkSet, UnixTime)>,
}
