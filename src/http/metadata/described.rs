//! The metadata as they were set up, for the test that settings can say all of them.

use super::ProtectedResource;

/// The metadata as they were set up.
pub(crate) struct Described<'r> {
    pub(crate) resource: &'r str,
    pub(crate) authorization_servers: &'r [String],
    pub(crate) scopes: &'r [String],
    pub(crate) name: Option<&'r str>,
    pub(crate) documentation: Option<&'r str>,
    pub(crate) policy: Option<&'r str>,
    pub(crate) terms_of_service: Option<&'r str>,
}

impl ProtectedResource {
    /// All that settings must be able to say. Names every field: a new one does not compile until somebody has decided
    /// whether operators may set it.
    pub(crate) fn described(&self) -> Described<'_> {
        let Self {
            resource,
            authorization_servers,
            scopes_supported,
            // The one way that there is.
            bearer_methods_supported: _,
            resource_name,
            resource_documentation,
            resource_policy_uri,
            resource_tos_uri,
            // It follows from the resource.
            address: _,
        } = self;
        Described {
            resource,
            authorization_servers,
            scopes: scopes_supported,
            name: resource_name.as_deref(),
            documentation: resource_documentation.as_deref(),
            policy: resource_policy_uri.as_deref(),
            terms_of_service: resource_tos_uri.as_deref(),
        }
    }
}
