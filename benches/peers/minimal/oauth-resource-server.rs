//# oauth-resource-server = "=0.4.1"
//# tokio = { version = "1", features = ["macros", "rt-multi-thread"] }

use oauth_resource_server::{KeyNaming, OAuthConfig, OAuthValidator};

include!("resident.rs");

#[tokio::main]
async fn main() {
    let config = OAuthConfig {
        enabled: true,
        issuer: "https://id.example.com".into(),
        audience: "https://api.example.com".into(),
        resource: "https://api.example.com".into(),
        require_at_jwt: true,
        ..OAuthConfig::default()
    };
    let config = config.resolve(KeyNaming::Dotted("oauth")).unwrap().unwrap();
    let validator =
        OAuthValidator::builder(&config).initial_jwks(include_str!("jwks.json")).build().unwrap();
    report(validator.validate(include_str!("token.txt")).await.is_ok());
}
