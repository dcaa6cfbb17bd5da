//! A layer as it was set up, for the test that settings can say all of it.

use http::HeaderValue;

use super::guard::{Absence, Content, Finishing, Guard, Judged, Preflight, Way};
use super::layer::AuthLayer;
use super::manner::{Detail, Manner};
use super::source::{Place, TokenSource};

/// A layer as it was set up.
pub(crate) struct Described<'l, W> {
    pub(crate) optional: bool,
    pub(crate) preflight_passes: bool,
    pub(crate) credentials_removed: bool,
    pub(crate) forward_auth: bool,
    pub(crate) realm: Option<&'l str>,
    pub(crate) detail: Detail,
    /// What each is called in settings, and its name or prefix.
    pub(crate) sources: Vec<(&'static str, Option<&'l str>)>,
    pub(crate) challenge_scopes: Option<&'l str>,
    pub(crate) offers: &'l [HeaderValue],
    pub(crate) resource_metadata: Option<&'l str>,
    pub(crate) body: &'l W,
    /// Whether refusals from within are worded anew, which costs.
    pub(crate) rewords: bool,
}

impl<W> AuthLayer<W> {
    /// All that settings must be able to say. Names every field: a new one does not compile until somebody has decided
    /// whether operators may set it. What is left to code is named with the reason.
    pub(crate) fn described(&self) -> Described<'_, W> {
        let Guard { ways, absence, preflight, judged, content, manner, body, finishing } = &*self.guard;
        let Manner { realm, schemes, offers, resource_metadata, scopes, detail, grpc_details } = manner;
        // They follow from the sources.
        let _ = schemes;
        // Of the feature `tonic`: a file means the same in every build.
        assert!(grpc_details.is_none());
        let sources = ways.iter().map(|Way { verifier, source }| {
            // `or` joins verifiers, which are values; settings describe one.
            assert!(verifier.is(&ways.get(0).unwrap().verifier));
            source.described()
        });
        Described {
            optional: *absence == Absence::Anonymous,
            preflight_passes: *preflight == Preflight::Anonymous,
            credentials_removed: *judged == Judged::Removed,
            forward_auth: *content == Content::Foreign,
            realm: realm.as_deref(),
            detail: *detail,
            sources: sources.collect(),
            challenge_scopes: scopes.as_deref(),
            offers,
            resource_metadata: resource_metadata.as_deref(),
            // A closure stays code.
            body,
            rewords: *finishing == Finishing::Needed,
        }
    }
}

impl TokenSource {
    fn described(&self) -> (&'static str, Option<&str>) {
        match &self.0 {
            Place::Bearer => ("bearer", None),
            Place::Authorization { scheme } => ("scheme", Some(scheme)),
            Place::Cookie { name } => ("cookie", Some(name)),
            Place::WebSocketProtocol { prefix } => ("websocket_protocol", Some(prefix)),
            Place::Query { name } => ("dangerous_query", Some(name)),
        }
    }
}
