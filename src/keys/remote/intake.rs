//! Whether the keys of an answer are taken into use.

use std::sync::Arc;
use std::time::Duration;

use super::attempt::{Answer, Known, RefreshError};
use super::cache_control::MAX_MAX_AGE;
use super::schedule::Cause;
use super::snapshot::Owner;
use super::validators::Validators;
use crate::error::JwkSetError;
use crate::jose::JwkSet;
use crate::keys::set::{KeySet, Origin};

/// What was seen of a source so far, as far as it matters for the next answer.
pub(super) struct Intake {
    owner: Owner,
    /// The document that the keys in use come from: the same one again needs no reading.
    document: Option<Document>,
    /// Keys that must be seen again, the latest first. Two, as two servers of one name may disagree for a while.
    candidates: Vec<KeySet>,
}

/// A key set as it came.
struct Document {
    url: String,
    body: Arc<[u8]>,
    validators: Validators,
    /// When it was sent in full last.
    full_at: Duration,
}

/// What becomes of an answer.
#[derive(Debug)]
pub(super) enum Judged {
    /// These keys are the ones to use.
    Taken { set: Arc<KeySet>, change: Change },
    /// Nothing changes until the keys are seen again; other keys may have been held before.
    Held { again: bool },
}

/// Whether the keys are others than before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Change {
    Same,
    Other,
}

/// The keys that were taken last, and whether they are held against others.
#[derive(Clone, Copy, Debug)]
pub(super) enum Held<'s> {
    Nothing,
    /// Any others replace them.
    Expired(&'s Arc<KeySet>),
    /// Others that have nothing in common with them must be seen again.
    Usable(&'s Arc<KeySet>),
}

impl Intake {
    pub(super) const fn new(owner: Owner) -> Self {
        Self { owner, document: None, candidates: Vec::new() }
    }

    /// The document in use, if an attempt at moment `now` may ask for it on condition that it has changed.
    ///
    /// A token's unknown key is asked for without condition, and every source at least once a day: an entity tag that a
    /// server forgets to change must neither hide a new key nor keep a withdrawn one. So a document is not confirmed any
    /// more that would be believed past that day, if it were `granted` the maximum age that it has now.
    pub(super) fn known(&self, cause: Cause, now: Duration, granted: Duration) -> Option<Known<'_>> {
        let document = self.document.as_ref()?;
        let recent = now.saturating_add(granted) < document.full_at.saturating_add(MAX_MAX_AGE);
        (cause != Cause::UnknownKey && recent)
            .then_some(Known { url: &document.url, validators: &document.validators })
    }

    /// The document that the keys in use come from.
    pub(super) fn document(&self) -> Option<Arc<[u8]>> {
        self.document.as_ref().map(|document| Arc::clone(&document.body))
    }

    /// Reads the answer to an attempt that started at `asked`, and decides what becomes of its keys.
    ///
    /// Keys that have nothing in common with those that serve are likelier to be a mistake on the way, a wrong tenant
    /// or a captive portal, than a rotation: they are taken when a later answer shows them again.
    ///
    /// # Errors
    /// [`RefreshError::Set`]: it is not a key set, or has no key that is of use. Nothing is forgotten then.
    pub(super) fn judge(
        &mut self,
        answer: Answer,
        current: Held<'_>,
        asked: Duration,
    ) -> Result<Judged, RefreshError> {
        let known = match current {
            Held::Nothing => None,
            Held::Expired(set) | Held::Usable(set) => Some(set),
        };
        let (url, response) = match answer {
            Answer::Document { url, response } => (url, response),
            Answer::Unchanged { .. } => {
                // Nothing was known, so nothing was asked for on condition.
                let set = known.filter(|_| self.document.is_some());
                let set = set.ok_or(RefreshError::Status { status: 304, retry_after: None })?;
                self.candidates.clear();
                return Ok(Judged::Taken { set: Arc::clone(set), change: Change::Same });
            }
        };
        let validators = Validators::of(&response);
        let body = response.into_body();
        let same = self.document.as_mut().filter(|document| *document.body == *body);
        if let (Some(document), Some(set)) = (same, known) {
            self.candidates.clear();
            *document = Document { url, body: Arc::clone(&document.body), validators, full_at: asked };
            return Ok(Judged::Taken { set: Arc::clone(set), change: Change::Same });
        }
        let jwks = JwkSet::parse(&body)?.of_issuer(&self.owner.issuer);
        let set = KeySet::prepare(&jwks, self.owner.allowed, self.owner.backend, Origin::Published);
        if set.keys().is_empty() {
            return Err(JwkSetError::NoUsableKey.into());
        }
        if let Held::Usable(current) = current {
            let vouched = set.shares_key_with(current)
                || self.candidates.iter().any(|candidate| set.shares_key_with(candidate));
            if !vouched {
                let again = !self.candidates.is_empty();
                self.candidates.truncate(MAX_CANDIDATE_SETS - 1);
                self.candidates.insert(0, set);
                return Ok(Judged::Held { again });
            }
        }
        self.candidates.clear();
        self.document = Some(Document { url, body: body.into(), validators, full_at: asked });
        let change =
            if known.is_some_and(|known| set.has_same_keys_as(known)) { Change::Same } else { Change::Other };
        Ok(Judged::Taken { set: Arc::new(set), change })
    }
}

/// Enough for two servers of one name that do not know of each other; one more, and they could be anyone's.
const MAX_CANDIDATE_SETS: usize = 2;
