//! The presets of [`providers`](crate::providers), by their arguments.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::error::Flaw;
use super::values::Address;
use crate::Issuer;
use crate::providers::{
    auth0, cognito, entra, firebase, github_actions, gitlab_ci, google, hydra, keycloak, kubernetes, okta,
    zitadel,
};

/// A provider whose identifier, keys, profile and algorithms are known; settings beside it add to them or replace them.
/// The audience is the first of `audiences`, where the provider's tokens have one of your choice.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", rename_all_fields = "snake_case", deny_unknown_fields)]
pub(super) enum Preset {
    /// Auth0, by the tenant's domain.
    Auth0 { domain: String },
    /// Amazon Cognito, by the user pool's id and the app client's.
    Cognito { user_pool: String, client_id: String },
    /// Microsoft Entra ID with tokens of version 2, by the tenant's GUID.
    EntraV2 { tenant: String },
    /// Microsoft Entra ID with tokens of version 1, by the tenant's GUID.
    EntraV1 { tenant: String },
    /// Firebase, by the project's id, which is the audience too.
    Firebase { project: String },
    /// GitHub Actions, by the owner of the repositories.
    GithubActions { owner: String },
    /// GitLab CI, by the host and the id of the namespace.
    GitlabCi { host: String, namespace_id: String },
    /// Google, by the unique id of a service account.
    GoogleServiceAccount { unique_id: String },
    /// Google's users, by the application's client id, which is the audience too.
    GoogleUsers { client_id: String },
    /// Ory Hydra, by its identifier.
    Hydra { identifier: Address },
    /// Keycloak, by its address and the realm.
    Keycloak { address: Address, realm: String },
    /// A Kubernetes cluster whose keys anyone may fetch, by its identifier.
    Kubernetes { identifier: Address },
    /// The Kubernetes cluster that the service runs in, by its identifier; `api_server` and `folder` are rarely needed
    /// and go together.
    KubernetesInCluster {
        identifier: Address,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        api_server: Option<Address>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        folder: Option<PathBuf>,
    },
    /// Okta, by the organization's domain and the custom server's id.
    Okta { domain: String, server: String },
    /// Zitadel, by the domain and the id of the project, which is the audience too.
    Zitadel { domain: String, project_id: String },
}

impl Preset {
    /// The issuer, and the audiences that it has not been given yet.
    ///
    /// # Errors
    /// Those of the preset, and that of a preset that is given no audience.
    pub(super) fn issuer<'a>(&self, audiences: &'a [String]) -> Result<(Issuer, &'a [String]), Flaw> {
        let (first, others) = match audiences.split_first() {
            Some((first, others)) => (Some(first.as_str()), others),
            None => (None, audiences),
        };
        let audience = || first.ok_or_else(|| Flaw::setting("audiences", "this preset needs an audience"));
        let issuer = match self {
            Self::Cognito { user_pool, client_id } => {
                return Ok((cognito::user_pool(user_pool, client_id)?, audiences));
            }
            Self::Firebase { project } => return Ok((firebase::project(project)?, audiences)),
            Self::GoogleUsers { client_id } => return Ok((google::users(client_id)?, audiences)),
            Self::Zitadel { domain, project_id } => {
                return Ok((zitadel::project(domain, project_id)?, audiences));
            }
            Self::Auth0 { domain } => auth0::api(domain, audience()?),
            Self::EntraV2 { tenant } => entra::v2(tenant, audience()?),
            Self::EntraV1 { tenant } => entra::v1(tenant, audience()?),
            Self::GithubActions { owner } => github_actions::repositories_of(owner, audience()?),
            Self::GitlabCi { host, namespace_id } => gitlab_ci::namespace(host, namespace_id, audience()?),
            Self::GoogleServiceAccount { unique_id } => google::service_account(unique_id, audience()?),
            Self::Hydra { identifier } => hydra::server(&identifier.0, audience()?),
            Self::Keycloak { address, realm } => keycloak::realm(&address.0, realm, audience()?),
            Self::Kubernetes { identifier } => kubernetes::cluster(&identifier.0, audience()?),
            Self::KubernetesInCluster { identifier, api_server: None, folder: None } => {
                kubernetes::in_cluster(&identifier.0, audience()?)
            }
            Self::KubernetesInCluster { identifier, api_server: Some(server), folder: Some(folder) } => {
                kubernetes::in_cluster_at(&server.0, folder, &identifier.0, audience()?)
            }
            Self::KubernetesInCluster { .. } => {
                return Err(Flaw::setting("preset", "`api_server` and `folder` go together"));
            }
            Self::Okta { domain, server } => okta::custom_server(domain, server, audience()?),
        };
        Ok((issuer?, others))
    }

    /// Whether it brings a client of its own.
    pub(super) const fn has_client(&self) -> bool {
        matches!(self, Self::KubernetesInCluster { .. })
    }
}
