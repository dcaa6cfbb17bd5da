//! Whether the keys of an answer are taken into use.

use std::sync::Arc;

use super::attempt::RefreshError;
use crate::crypto::Backend;
use crate::error::JwkSetError;
use crate::jose::{AlgorithmSet, JwkSet};
use crate::keys::set::{KeySet, Origin};

/// What was seen of a source so far, as far as it matters for the next answer.
#[derive(Debug)]
pub(super) struct Intake {
    issuer: String,
    allowed: AlgorithmSet,
    backend: Backend,
    /// The document that the keys in use come from: the same one again needs no reading.
    document: Vec<u8>,
    /// Keys that must be seen again.
    candidate: Option<KeySet>,
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

/// The keys that were taken last, and whether they still serve.
#[derive(Clone, Copy, Debug)]
pub(super) enum Held<'s> {
    Nothing,
    Expired(&'s Arc<KeySet>),
    Usable(&'s Arc<KeySet>),
}

impl Intake {
    pub(super) const fn new(issuer: String, allowed: AlgorithmSet, backend: Backend) -> Self {
        Self { issuer, allowed, backend, document: Vec::new(), candidate: None }
    }

    /// Reads a document and decides what becomes of its keys.
    ///
    /// Keys that have nothing in common with those that serve are likelier to be a mistake on the way, a wrong tenant
    /// or a captive portal, than a rotation: they are taken when the next answer shows them again.
    ///
    /// # Errors
    /// [`RefreshError::Set`]: it is not a key set, or has no key that is of use. Nothing is forgotten then.
    pub(super) fn judge(&mut self, document: Vec<u8>, current: Held<'_>) -> Result<Judged, RefreshError> {
        let known = match current {
            Held::Nothing => None,
            Held::Expired(set) | Held::Usable(set) => Some(set),
        };
        if let Some(set) = known.filter(|_| document == self.document) {
            self.candidate = None;
            return Ok(Judged::Taken { set: Arc::clone(set), change: Change::Same });
        }
        let jwks = JwkSet::parse(&document)?.of_issuer(&self.issuer);
        let set = KeySet::prepare(&jwks, self.allowed, self.backend, Origin::Published);
        if set.keys().is_empty() {
            return Err(JwkSetError::NoUsableKey.into());
        }
        if let Held::Usable(current) = current {
            let vouched = set.shares_key_with(current)
                || self.candidate.as_ref().is_some_and(|candidate| set.shares_key_with(candidate));
            if !vouched {
                let again = self.candidate.replace(set).is_some();
                return Ok(Judged::Held { again });
            }
        }
        self.candidate = None;
        self.document = document;
        let change =
            if known.is_some_and(|known| set.has_same_keys_as(known)) { Change::Same } else { Change::Other };
        Ok(Judged::Taken { set: Arc::new(set), change })
    }
}
