//! Settings: what is read, what is refused, and in which words.
#![cfg(all(feature = "settings", feature = "testkit"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows it inside of tests; helpers of tests are meant too"
)]

mod documented;
mod forms;
mod hostile;
mod http;
mod keys;
mod refused;
mod requirements;
mod used;

use portcullis::{Settings, SettingsError};

/// A public key (RFC 8037, appendix A.2).
const KEY: &str =
    r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

/// What a file with one issuer says of it, beside the two settings that it needs.
fn one_issuer(more: &str) -> String {
    format!(
        "[[issuers]]\nidentifier = \"https://id.example.com\"\naudiences = [\"https://api.example.com\"]\n{more}"
    )
}

/// The whole way of a TOML file, to a verifier and its layer.
fn toml(text: &str) -> Result<(), SettingsError> {
    let settings = Settings::from_toml(text)?;
    settings.layer(&settings.verifier()?).map(drop)
}

/// The same for JSON.
fn json(text: &str) -> Result<(), SettingsError> {
    Settings::from_json(text)?.verifier().map(drop)
}

/// The same for variables that start with `T_`.
fn variables(pairs: &[(&str, &str)]) -> Result<(), SettingsError> {
    let named = pairs.iter().map(|(name, value)| (format!("T_{name}"), *value));
    Settings::from_env_pairs("T", named)?.verifier().map(drop)
}

/// Each accepted text has a twin that differs in one place and is refused in these words.
fn twins(cases: &[(&str, &str, &str)]) {
    for (accepted, refused, want) in cases {
        assert_eq!(toml(accepted), Ok(()), "{accepted}");
        let error = toml(refused).unwrap_err().to_string();
        assert_eq!(error, *want, "{refused}");
    }
}
