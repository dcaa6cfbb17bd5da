//! From the facts of a decision to its event.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::context::RequestContext;
use super::event::{AuditEvent, AuditKind, AuditOutcome, CredentialKind, SCHEMA_VERSION, TokenFingerprint};
use super::{Audit, Subjects};
use crate::jose::Algorithm;
use crate::shown::{of_issuer, of_sender};
use crate::time::UnixTime;

/// What is known of a decision. Texts are as they came: what is told of them is decided here.
#[derive(Clone, Copy)]
pub(crate) struct Record<'a> {
    pub(crate) time: UnixTime,
    pub(crate) kind: AuditKind,
    pub(crate) outcome: AuditOutcome,
    pub(crate) reason: Option<&'static str>,
    /// One of the set-up, or a tenant that is here.
    pub(crate) issuer: Option<&'a str>,
    /// Of a token that was found good, and of no other.
    pub(crate) bearer: Option<Bearer<'a>>,
    pub(crate) credential: Option<CredentialKind>,
    pub(crate) scheme: Option<&'static str>,
    pub(crate) fingerprint: Option<TokenFingerprint>,
    /// As the header says.
    pub(crate) key_id: Option<&'a str>,
    pub(crate) key_age: Option<Duration>,
    pub(crate) cache: Option<&'static str>,
    pub(crate) requirement: Option<&'a str>,
    pub(crate) asked: Asked<'a>,
}

/// What a good token says.
#[derive(Clone, Copy)]
pub(crate) struct Bearer<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) subject: Option<&'a str>,
    pub(crate) client: Option<&'a str>,
    pub(crate) token_id: Option<&'a str>,
    pub(crate) algorithm: Algorithm,
}

/// What the request asked for, and of whom it came.
#[derive(Clone, Copy, Default)]
pub(crate) struct Asked<'a> {
    pub(crate) method: Option<&'a str>,
    pub(crate) context: Option<&'a RequestContext>,
}

#[cfg(feature = "tower")]
impl<'a> Asked<'a> {
    pub(crate) fn of(method: &'a http::Method, planted: &'a http::Extensions) -> Self {
        Self { method: Some(method.as_str()), context: planted.get() }
    }
}

impl Audit {
    /// Puts a decision on record.
    pub(crate) fn record(&self, record: &Record<'_>) {
        let Record { bearer, asked, .. } = record;
        let context = asked.context;
        let (subject, subject_hash) = match (&self.subjects, bearer) {
            (Subjects::Plain, Some(bearer)) => (bearer.subject, None),
            (Subjects::Hashed(hasher), Some(bearer)) => {
                (None, bearer.subject.map(|subject| hasher.hash_of(bearer.issuer, subject)))
            }
            (Subjects::Omitted, _) | (_, None) => (None, None),
        };
        let issuer = record.issuer.map(|issuer| of_issuer(issuer, ISSUER));
        let subject = subject.map(|subject| of_issuer(subject, SUBJECT));
        let client = bearer.and_then(|bearer| bearer.client).map(|client| of_issuer(client, CLIENT));
        let token_id = bearer.and_then(|bearer| bearer.token_id).map(|id| of_issuer(id, TOKEN_ID));
        let key_id = record.key_id.map(|key_id| of_sender(key_id, KEY_ID));
        let method = asked.method.map(|method| of_sender(method, METHOD));
        let route = context.and_then(|context| context.route.as_deref()).map(|route| of_sender(route, ROUTE));
        let requirement = record.requirement.map(|requirement| of_issuer(requirement, REQUIREMENT));
        let request_id =
            context.and_then(|context| context.request_id.as_deref()).map(|id| of_sender(id, REQUEST_ID));
        let event = AuditEvent {
            schema_version: SCHEMA_VERSION,
            sequence: self.counts.events.fetch_add(1, Ordering::Relaxed).saturating_add(1),
            time: record.time,
            kind: record.kind,
            outcome: record.outcome,
            reason: record.reason,
            verifier: self.verifier.as_deref(),
            issuer: issuer.as_deref(),
            subject: subject.as_deref(),
            subject_hash,
            client: client.as_deref(),
            token_id: token_id.as_deref(),
            credential: record.credential,
            scheme: record.scheme,
            token_fingerprint: record.fingerprint,
            algorithm: bearer.map(|bearer| bearer.algorithm),
            key_id: key_id.as_deref(),
            key_age: record.key_age,
            cache: record.cache,
            method: method.as_deref(),
            route: route.as_deref(),
            requirement: requirement.as_deref(),
            request_id: request_id.as_deref(),
            peer: context.and_then(|context| context.peer),
            peer_port: context.and_then(|context| context.peer_port),
        };
        self.sink.record(&event);
    }
}

// In characters. OpenID Connect Core, section 2, has subjects of 255 at most; the others are what nobody exceeds who means
// it. Together they bound what a queue of events takes.
const ISSUER: usize = 256;
const SUBJECT: usize = 256;
const CLIENT: usize = 256;
const TOKEN_ID: usize = 128;
const KEY_ID: usize = 64;
const METHOD: usize = 32;
const ROUTE: usize = 256;
const REQUIREMENT: usize = 512;
const REQUEST_ID: usize = 128;
