//! GitHub Actions: ID tokens of jobs.

use serde::Deserialize;

#[cfg(feature = "reqwest")]
use super::parts::Part;
use super::shows_no_claim;
#[cfg(feature = "reqwest")]
use crate::{Algorithm, ConfigError, Issuer, Profile};

/// The ID tokens of jobs in the repositories of this organization or user.
///
/// | sets | to |
/// |---|---|
/// | issuer | `https://token.actions.githubusercontent.com` |
/// | keys | by discovery |
/// | audience | what the job asks for with `core.getIDToken(audience)` |
/// | claims | `repository_owner` must be the owner; [`Issuer::require_claim`] narrows further |
/// | profile | [`Profile::IdToken`] |
/// | algorithms | RS256 |
///
/// Every job on GitHub can ask for any audience, so the audience alone admits everybody: that is why the owner is
/// required. The name is compared as GitHub writes it, upper and lower case included. A name that is given up can be
/// taken by another: `.require_claim("repository_owner_id", "65")` cannot. GitHub Enterprise Server, and enterprises with
/// an issuer of their own, are for [`Issuer::discover`] with the same settings.
///
/// Documented at <https://docs.github.com/actions/reference/openid-connect-reference>.
///
/// # Errors
/// [`ConfigError::Parameter`] for what is no name of an owner; those of [`Issuer::discover`].
#[cfg(feature = "reqwest")]
pub fn repositories_of(owner: &str, audience: impl Into<String>) -> Result<Issuer, ConfigError> {
    let owner = Part::new("GitHub", "the owner", owner).segment()?;
    let issuer = Issuer::discover("https://token.actions.githubusercontent.com")?.audience(audience);
    let issuer = issuer.require_claim("repository_owner", owner);
    Ok(issuer.profile(Profile::IdToken).algorithms([Algorithm::RS256]))
}

/// What GitHub writes beside the registered claims. All of them are text, numbers and truth values too.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Claims {
    /// Owner and name of the repository.
    pub repository: Option<String>,
    /// Its number, which survives a new name.
    pub repository_id: Option<String>,
    /// The organization or user that it belongs to.
    pub repository_owner: Option<String>,
    /// Its owner's number, which survives a new name.
    pub repository_owner_id: Option<String>,
    /// `public`, `private` or `internal`.
    pub repository_visibility: Option<String>,
    /// The branch or tag, such as `refs/heads/main`.
    #[serde(rename = "ref")]
    pub git_ref: Option<String>,
    /// `branch` or `tag`.
    pub ref_type: Option<String>,
    /// The commit.
    pub sha: Option<String>,
    /// The environment of the job, if it has one.
    pub environment: Option<String>,
    /// What set the workflow off, such as `push`.
    pub event_name: Option<String>,
    /// The workflow's file and where it was read.
    pub workflow_ref: Option<String>,
    /// The same for the reusable workflow that the job comes from.
    pub job_workflow_ref: Option<String>,
    /// Who set it off, by name.
    pub actor: Option<String>,
    /// Who set it off, by number.
    pub actor_id: Option<String>,
    /// The run.
    pub run_id: Option<String>,
    /// `github-hosted` or `self-hosted`.
    pub runner_environment: Option<String>,
}

impl Claims {
    /// Whether the job runs for this branch of this repository, as `owner/name` and without `refs/heads/`.
    #[must_use]
    pub fn is_branch(&self, repository: &str, branch: &str) -> bool {
        let own = self.git_ref.as_deref().and_then(|git_ref| git_ref.strip_prefix("refs/heads/"));
        self.repository.as_deref() == Some(repository) && own == Some(branch)
    }
}

shows_no_claim!(Claims);
