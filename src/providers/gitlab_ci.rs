//! GitLab CI: ID tokens of jobs.

use serde::Deserialize;

#[cfg(feature = "reqwest")]
use super::parts::Part;
use super::shows_no_claim;
#[cfg(feature = "reqwest")]
use crate::{Algorithm, ConfigError, Issuer, Profile};

/// The ID tokens of jobs in the projects of one namespace, by its number, on `gitlab.com` or a host of your own.
///
/// | sets | to |
/// |---|---|
/// | issuer | `https://HOST` |
/// | keys | by discovery |
/// | audience | what the job asks for under `id_tokens` |
/// | claims | `namespace_id` must be the number; [`Issuer::require_claim`] adds others, and narrows further |
/// | profile | [`Profile::IdToken`] |
/// | algorithms | RS256 |
///
/// Every job on the host can ask for any audience, so the audience alone admits everybody: that is why the namespace is
/// required. It is the group that holds the project itself: a subgroup has a number of its own. Add
/// `.require_claim("ref_protected", "true")` where only protected branches and tags may call. The old `CI_JOB_JWT` has
/// no audience and is refused.
///
/// Documented at <https://docs.gitlab.com/ci/secrets/id_token_authentication/>.
///
/// # Errors
/// [`ConfigError::Parameter`] for what is no host or no number; those of [`Issuer::discover`].
#[cfg(feature = "reqwest")]
pub fn namespace(host: &str, namespace_id: &str, audience: impl Into<String>) -> Result<Issuer, ConfigError> {
    let host = Part::new("GitLab", "the host", host).host()?;
    let namespace_id = Part::new("GitLab", "the namespace", namespace_id).number()?;
    let issuer = Issuer::discover(format!("https://{host}"))?.audience(audience);
    let issuer = issuer.require_claim("namespace_id", namespace_id);
    Ok(issuer.profile(Profile::IdToken).algorithms([Algorithm::RS256]))
}

/// What GitLab writes beside the registered claims. Nearly all of them are text, numbers and truth values too.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Claims {
    /// The number of the group or user that holds the project.
    pub namespace_id: Option<String>,
    /// Its path.
    pub namespace_path: Option<String>,
    /// The number of the project.
    pub project_id: Option<String>,
    /// Its path.
    pub project_path: Option<String>,
    /// Who started the job, by number.
    pub user_id: Option<String>,
    /// Who started the job, by name.
    pub user_login: Option<String>,
    /// The pipeline.
    pub pipeline_id: Option<String>,
    /// What started it, such as `push` or `merge_request_event`.
    pub pipeline_source: Option<String>,
    /// The job.
    pub job_id: Option<String>,
    /// The branch or tag, by its short name.
    #[serde(rename = "ref")]
    pub git_ref: Option<String>,
    /// `branch` or `tag`.
    pub ref_type: Option<String>,
    /// The environment of the job, if it has one.
    pub environment: Option<String>,
    /// The commit.
    pub sha: Option<String>,
    ref_protected: Option<String>,
}

impl Claims {
    /// Whether the branch or tag is protected.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        self.ref_protected.as_deref() == Some("true")
    }
}

shows_no_claim!(Claims);
