//! Kubernetes: tokens of service accounts.
//!
//! Only tokens with an audience and an expiry are accepted: those of projected volumes and of the TokenRequest API, as
//! every pod has them. The old ones in secrets have neither. A token is good until it expires, even when its pod is
//! gone: only the cluster's TokenReview knows that.

#[cfg(feature = "reqwest")]
use std::fs::File;
#[cfg(feature = "reqwest")]
use std::io::Read as _;
#[cfg(feature = "reqwest")]
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::shows_no_claim;
#[cfg(feature = "reqwest")]
use crate::keys::remote::{HttpFetch, Remote};
#[cfg(feature = "reqwest")]
use crate::{Algorithm, ConfigError, Issuer, Profile};

/// The service account tokens of a cluster whose keys anyone may fetch: those of most cloud providers.
///
/// | sets | to |
/// |---|---|
/// | issuer | the cluster's `--service-account-issuer` |
/// | keys | by discovery |
/// | audience | what the pod asks for in its projected volume; it must be the token's only one, or all must be named |
/// | profile | [`Profile::IdToken`] |
/// | algorithms | RS256, ES256, ES384 |
///
/// Every pod of the cluster can ask for any audience: name each account that may call with
/// `.require_claim("sub", "system:serviceaccount:NAMESPACE:NAME")`, or judge by [`Claims`].
///
/// Documented at
/// <https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery>.
///
/// # Errors
/// Those of [`Issuer::discover`].
#[cfg(feature = "reqwest")]
pub fn cluster(identifier: impl Into<String>, audience: impl Into<String>) -> Result<Issuer, ConfigError> {
    Ok(with_rules(Issuer::discover(identifier)?, audience))
}

/// The service account tokens of the cluster that this process runs in, with the keys of its own API server.
///
/// As [`cluster`], but the keys come from `https://kubernetes.default.svc/openid/v1/jwks`. Only the cluster's own
/// authority is trusted for that (`ca.crt` in `/var/run/secrets/kubernetes.io/serviceaccount`, read once), and the
/// pod's token is sent with each fetch (`token` beside it, read each time). The identifier is never fetched from; often
/// it is `https://kubernetes.default.svc.cluster.local`.
///
/// Proxies are taken from the environment, as by [`HttpFetch`]: where there is one, `NO_PROXY` must name `.svc`.
/// The pod's account may read the keys by default, by the role `system:service-account-issuer-discovery`.
///
/// # Errors
/// [`ConfigError::File`] and [`ConfigError::RootCertificates`] when the authority's certificate is not there or cannot
/// be used, as outside of a cluster; [`ConfigError::NoBackend`] without feature `aws-lc` or `ring`.
#[cfg(feature = "reqwest")]
pub fn in_cluster(identifier: impl Into<String>, audience: impl Into<String>) -> Result<Issuer, ConfigError> {
    in_cluster_at("https://kubernetes.default.svc", SERVICE_ACCOUNT, identifier, audience)
}

/// As [`in_cluster`], with another address of the API server, without a slash at its end, and another folder with
/// `ca.crt` and `token`.
///
/// # Errors
/// Those of [`in_cluster`], and [`ConfigError::Address`] when the address is not an `https` one.
#[cfg(feature = "reqwest")]
pub fn in_cluster_at(
    api_server: &str,
    folder: impl Into<PathBuf>,
    identifier: impl Into<String>,
    audience: impl Into<String>,
) -> Result<Issuer, ConfigError> {
    let folder = folder.into();
    let fetch = HttpFetch::with_root_certificates(&content(&folder.join("ca.crt"))?)?;
    let fetch = fetch.bearer_token_file(api_server, folder.join("token"))?;
    let keys = Remote::jwks_url_with(format!("{api_server}/openid/v1/jwks"), fetch)?;
    Ok(with_rules(Issuer::new(identifier, keys), audience))
}

#[cfg(feature = "reqwest")]
fn with_rules(issuer: Issuer, audience: impl Into<String>) -> Issuer {
    let issuer = issuer.audience(audience).profile(Profile::IdToken);
    issuer.algorithms([Algorithm::RS256, Algorithm::ES256, Algorithm::ES384])
}

#[cfg(feature = "reqwest")]
fn content(path: &Path) -> Result<Vec<u8>, ConfigError> {
    let mut content = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_CERTIFICATE_BYTES).read_to_end(&mut content));
    match read {
        Ok(_) => Ok(content),
        Err(error) => Err(ConfigError::File { path: path.to_owned(), kind: error.kind() }),
    }
}

#[cfg(feature = "reqwest")]
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// The largest object that the cluster stores.
#[cfg(feature = "reqwest")]
const MAX_CERTIFICATE_BYTES: u64 = 1024 * 1024;

/// What Kubernetes writes beside the registered claims. All of it may be absent in tokens that are bound to nothing.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Claims {
    #[serde(rename = "kubernetes.io")]
    bound: Bound,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Bound {
    namespace: Option<String>,
    serviceaccount: Option<Object>,
    pod: Option<Object>,
    node: Option<Object>,
}

/// An object of the cluster.
#[derive(Clone, Default, Deserialize)]
#[non_exhaustive]
pub struct Object {
    /// Its name, which another may have later.
    pub name: String,
    /// Its id, which no other will have. Absent for nodes where the cluster does not tell.
    pub uid: Option<String>,
}

impl Claims {
    /// The namespace of the account.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.bound.namespace.as_deref()
    }

    /// The service account.
    #[must_use]
    pub const fn service_account(&self) -> Option<&Object> {
        self.bound.serviceaccount.as_ref()
    }

    /// The pod that the token is bound to.
    #[must_use]
    pub const fn pod(&self) -> Option<&Object> {
        self.bound.pod.as_ref()
    }

    /// The node that the pod runs on, from Kubernetes 1.30 on.
    #[must_use]
    pub const fn node(&self) -> Option<&Object> {
        self.bound.node.as_ref()
    }

    /// Whether the token is of this account of this namespace.
    #[must_use]
    pub fn is_account(&self, namespace: &str, name: &str) -> bool {
        self.namespace() == Some(namespace) && self.service_account().is_some_and(|own| own.name == name)
    }
}

shows_no_claim!(Claims);
shows_no_claim!(Object);
