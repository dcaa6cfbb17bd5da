//! How refusals are worded.

use std::sync::Arc;

use http::HeaderValue;

use super::source::BEARER;
use crate::error::Error;

/// How much a client is told of why it was refused.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Detail {
    /// A sentence and the [stable code](Error::code).
    #[default]
    Full,
    /// The code alone.
    Code,
    /// Neither: nothing but what the standards ask for, such as the `error` of RFC 6750 and the scopes that are needed.
    Bare,
}

/// What a layer says beside the reason. A refusal outside any layer says nothing: [`Manner::PLAIN`].
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    pub(super) realm: Option<Arc<str>>,
    /// The schemes under which credentials are taken. Without any it is `Bearer`.
    pub(super) schemes: Vec<Arc<str>>,
    /// Challenges of others, as they stand.
    pub(super) offers: Vec<HeaderValue>,
    pub(super) resource_metadata: Option<Arc<str>>,
    /// What a client without a token should ask for.
    pub(super) scopes: Option<Arc<str>>,
    pub(super) detail: Detail,
    pub(crate) grpc_details: Option<GrpcDetails>,
}

/// The value of `grpc-status-details-bin`.
pub(crate) type GrpcDetails = fn(&Error, Detail) -> Option<HeaderValue>;

impl Manner {
    pub(super) const PLAIN: Self = Self {
        realm: None,
        schemes: Vec::new(),
        offers: Vec::new(),
        resource_metadata: None,
        scopes: None,
        detail: Detail::Full,
        grpc_details: None,
    };

    pub(super) fn named(realm: &str) -> Self {
        Self { realm: Some(Arc::from(realm)), ..Self::PLAIN }
    }

    pub(super) fn schemes(&self) -> impl Iterator<Item = &str> {
        let default = self.schemes.is_empty().then_some(BEARER);
        self.schemes.iter().map(|scheme| &**scheme).chain(default)
    }
}
