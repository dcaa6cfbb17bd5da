//! What a protected resource says of itself
//! ([RFC 9728](https://www.rfc-editor.org/rfc/rfc9728)): where its clients get tokens, and for what.

mod address;
#[cfg(test)]
#[cfg(feature = "settings")]
mod described;
mod service;

pub use service::{Metadata, MetadataLayer};

#[cfg(feature = "actix")]
pub(crate) use service::Page;

use serde::Serialize;

use crate::claims::Scope;
use crate::error::ConfigError;
use crate::verify::Verifier;
use address::Address;

/// The metadata of a protected resource ([RFC 9728, section 2](https://www.rfc-editor.org/rfc/rfc9728#section-2)), derived
/// from a verifier: the authorization servers are its issuers, the resource is its audience. Serialises to the document.
///
/// ```
/// # fn app(verifier: portcullis::Verifier) -> Result<(), portcullis::ConfigError> {
/// use portcullis::Scope;
///
/// let resource = verifier.protected_resource()?.name("Orders").scopes([Scope::new("orders:read").unwrap()]);
/// let guarded = verifier.layer().protected_resource(&resource);   // names the document in challenges
/// let public = resource.layer();                                  // serves it, in front of the guard
/// # let _ = (guarded, public);
/// # Ok(())
/// # }
/// ```
///
/// Tenants that a resolver finds are not known in advance and not listed; name the authorization servers that are to be
/// shown by [`authorization_server`](Self::authorization_server).
#[derive(Clone, Debug, Serialize)]
pub struct ProtectedResource {
    resource: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authorization_servers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<String>,
    bearer_methods_supported: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_documentation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_policy_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_tos_uri: Option<String>,
    #[serde(skip)]
    address: Address,
}

impl Verifier {
    /// The metadata of the resource that this verifier guards, under the first audience of its first issuer.
    ///
    /// # Errors
    /// [`ConfigError::ProtectedResource`] when there is no audience or it is no address: then name the resource's with
    /// [`ProtectedResource::of`].
    pub fn protected_resource(&self) -> Result<ProtectedResource, ConfigError> {
        ProtectedResource::of(self, self.resource().unwrap_or_default())
    }
}

impl ProtectedResource {
    /// The metadata of the resource at this address: `https`, or `http` on loopback, without query and fragment
    /// ([RFC 9728, section 1.2](https://www.rfc-editor.org/rfc/rfc9728#section-1.2)).
    ///
    /// Clients ask for tokens for this very text ([RFC 8707](https://www.rfc-editor.org/rfc/rfc8707)), so it should be
    /// among the audiences of the verifier.
    ///
    /// # Errors
    /// [`ConfigError::ProtectedResource`], which says what is wrong with it.
    pub fn of(verifier: &Verifier, resource: &str) -> Result<Self, ConfigError> {
        let address = Address::of(resource)
            .map_err(|fault| ConfigError::ProtectedResource { resource: resource.to_owned(), fault })?;
        Ok(Self {
            resource: resource.to_owned(),
            authorization_servers: verifier
                .issuers()
                .filter(|issuer| Address::of(issuer).is_ok())
                .map(str::to_owned)
                .collect(),
            scopes_supported: Vec::new(),
            bearer_methods_supported: vec!["header"],
            resource_name: None,
            resource_documentation: None,
            resource_policy_uri: None,
            resource_tos_uri: None,
            address,
        })
    }

    /// `authorization_servers`: lists one more.
    #[must_use]
    pub fn authorization_server(mut self, issuer: impl Into<String>) -> Self {
        self.authorization_servers.push(issuer.into());
        self
    }

    /// `scopes_supported`: what clients may ask for here. It demands nothing.
    #[must_use]
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = Scope>) -> Self {
        self.scopes_supported = scopes.into_iter().map(|scope| scope.as_str().to_owned()).collect();
        self
    }

    /// `resource_name`: how people call it.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { resource_name: Some(name.into()), ..self }
    }

    /// `resource_documentation`: the address of what developers should read.
    #[must_use]
    pub fn documentation(self, address: impl Into<String>) -> Self {
        Self { resource_documentation: Some(address.into()), ..self }
    }

    /// `resource_policy_uri`: the address of how clients may use the data.
    #[must_use]
    pub fn policy(self, address: impl Into<String>) -> Self {
        Self { resource_policy_uri: Some(address.into()), ..self }
    }

    /// `resource_tos_uri`: the address of the terms of service.
    #[must_use]
    pub fn terms_of_service(self, address: impl Into<String>) -> Self {
        Self { resource_tos_uri: Some(address.into()), ..self }
    }

    /// `resource`: its identifier.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// Where the document is served: the well-known name between the host and the path of the resource
    /// ([RFC 9728, section 3.1](https://www.rfc-editor.org/rfc/rfc9728#section-3.1)).
    #[must_use]
    pub fn metadata_url(&self) -> &str {
        &self.address.metadata_url
    }

    /// The path of [`metadata_url`](Self::metadata_url).
    #[must_use]
    pub fn metadata_path(&self) -> &str {
        &self.address.metadata_path
    }

    /// The document.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Text has a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Serves the document, to anyone and from any origin, and hands requests for other paths on. For in front of the guard.
    ///
    /// `GET` and `HEAD` of [`metadata_path`](Self::metadata_path), compared byte for byte, and `OPTIONS` for the preflight of
    /// browsers; other methods are answered 405 there, so no route of the service can have this path. For services whose response
    /// body is made of a `String`; others write [`to_json`](Self::to_json) out by themselves.
    pub fn layer(&self) -> MetadataLayer {
        MetadataLayer::of(self)
    }
}

#[cfg(test)]
#[cfg(any(feature = "aws-lc", feature = "ring"))]
mod tests {
    use super::*;
    use crate::jose::Jwk;
    use crate::verify::Issuer;

    fn verifier(issuers: &[&str], audience: &str) -> Verifier {
        let key =
            r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let add = |builder: crate::VerifierBuilder, issuer: &&str| {
            builder.issuer(Issuer::new(*issuer, Jwk::parse(key).unwrap()).audience(audience))
        };
        issuers.iter().fold(Verifier::builder(), add).build().unwrap()
    }

    #[test]
    fn the_document_follows_from_the_verifier() {
        let verifier = verifier(&["https://id.example.com", "legacy"], "https://api.example.com/orders");
        let resource = verifier.protected_resource().unwrap();
        assert_eq!(
            resource.to_json(),
            r#"{"resource":"https://api.example.com/orders","authorization_servers":["https://id.example.com"],"bearer_methods_supported":["header"]}"#,
            "an issuer that is no address cannot be found by it"
        );
        assert_eq!(resource.metadata_path(), "/.well-known/oauth-protected-resource/orders");
        let told = resource
            .authorization_server("https://tenants.example.com")
            .scopes([Scope::new("orders:read").unwrap()])
            .name("Orders")
            .documentation("https://docs.example.com")
            .policy("https://example.com/policy")
            .terms_of_service("https://example.com/terms");
        assert_eq!(
            told.to_json(),
            concat!(
                r#"{"resource":"https://api.example.com/orders","#,
                r#""authorization_servers":["https://id.example.com","https://tenants.example.com"],"#,
                r#""scopes_supported":["orders:read"],"bearer_methods_supported":["header"],"resource_name":"Orders","#,
                r#""resource_documentation":"https://docs.example.com","resource_policy_uri":"https://example.com/policy","#,
                r#""resource_tos_uri":"https://example.com/terms"}"#
            )
        );
    }

    #[test]
    fn an_audience_that_is_no_address_needs_one() {
        let verifier = verifier(&["https://id.example.com"], "orders");
        let fault = verifier.protected_resource().unwrap_err();
        assert!(matches!(fault, ConfigError::ProtectedResource { resource, .. } if resource == "orders"));
        assert!(ProtectedResource::of(&verifier, "https://api.example.com").is_ok());
    }
}
