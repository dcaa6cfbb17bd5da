//! The same settings in every form, from files, and as a part of something larger.

use portcullis::{Settings, SettingsError};
use serde::Deserialize;

use crate::one_issuer;

#[test]
fn all_forms_say_the_same() {
    let by_toml =
        Settings::from_toml(&one_issuer("clock_skew = '90 s'\n[issuers.keys]\nmax_stale = '2h'")).unwrap();
    let by_json = Settings::from_json(
        r#"{"issuers":[{"identifier":"https://id.example.com","audiences":["https://api.example.com"],
            "clock_skew":"1 min 30s","keys":{"max_stale":"120m"}}]}"#,
    );
    assert_eq!(by_json.unwrap(), by_toml);
    let variables = [
        ("ORDERS_AUTH_ISSUERS__0__IDENTIFIER", "https://id.example.com"),
        ("ORDERS_AUTH_ISSUERS__0__AUDIENCES__0", "https://api.example.com"),
        ("ORDERS_AUTH_ISSUERS__0__CLOCK_SKEW", "90s"),
        ("ORDERS_AUTH_ISSUERS__0__KEYS__MAX_STALE", "2 hours"),
        // Other people's.
        ("ORDERS_AUTHOR", "ada"),
        ("PATH", "/bin"),
    ];
    assert_eq!(Settings::from_env_pairs("ORDERS_AUTH", variables).unwrap(), by_toml);
}

#[test]
fn the_environment_of_the_process_is_read() {
    // Cargo sets CARGO_PKG_NAME and others for every test; they are no settings.
    let error = Settings::from_env("CARGO_PKG").unwrap_err();
    assert!(error.to_string().contains("unknown field, expected one of `backend`"), "{error}");
    assert_eq!(Settings::from_env("PORTCULLIS_NOBODY_SETS_THIS").unwrap(), Settings::default());
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_unicode_is_refused_if_it_is_ours() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;
    let odd = |name: &str| [(OsString::from(name), OsString::from_vec(vec![0xff]))];
    assert_eq!(Settings::from_env_pairs("T", odd("U_BACKEND")).unwrap(), Settings::default());
    let error = Settings::from_env_pairs("T", odd("T_BACKEND")).unwrap_err();
    assert_eq!(error.to_string(), "backend: the value of the variable is not Unicode");
}

#[test]
fn a_file_is_read_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("a.toml"), one_issuer("")).unwrap();
    std::fs::write(at("a.json"), "{}").unwrap();
    std::fs::write(at("a.yaml"), "{}").unwrap();
    std::fs::write(at("odd.toml"), [0xff]).unwrap();
    std::fs::write(at("most.toml"), " ".repeat(1024 * 1024)).unwrap();
    std::fs::write(at("more.toml"), " ".repeat(1024 * 1024 + 1)).unwrap();
    assert_eq!(Settings::from_file(at("a.toml")), Settings::from_toml(&one_issuer("")));
    assert_eq!(Settings::from_file(at("a.json")), Ok(Settings::default()));
    assert_eq!(Settings::from_file(at("most.toml")), Ok(Settings::default()));
    for (name, want) in [
        ("a.yaml", SettingsError::Extension { file: at("a.yaml") }.to_string()),
        ("a", format!("{} must end in .toml or .json", at("a").display())),
        ("no.toml", format!("{} cannot be read: entity not found", at("no.toml").display())),
        ("odd.toml", format!("{} cannot be read: invalid data", at("odd.toml").display())),
        ("more.toml", "the settings are longer than 1048576 bytes".to_owned()),
    ] {
        assert_eq!(Settings::from_file(at(name)).unwrap_err().to_string(), want, "{name}");
    }
    std::fs::create_dir(at("folder.toml")).unwrap();
    assert!(Settings::from_file(at("folder.toml")).is_err());
}

#[test]
fn settings_are_a_part_of_something_larger() {
    #[derive(Debug, Deserialize)]
    struct Service {
        port: u16,
        auth: Settings,
    }
    let text = |name: &str| {
        format!(
            r#"{{"port":8080,"auth":{{"token_cache":7,"issuers":[{{"identifier":"a","{name}":["b"]}}]}}}}"#
        )
    };
    let service: Service = serde_json::from_str(&text("audiences")).unwrap();
    let want =
        Settings::from_json(r#"{"token_cache":7,"issuers":[{"identifier":"a","audiences":["b"]}]}"#).unwrap();
    assert_eq!((service.port, service.auth), (8080, want));
    let error = serde_json::from_str::<Service>(&text("audience")).unwrap_err().to_string();
    assert!(error.starts_with("unknown field `audience`, expected one of `identifier`"), "{error}");
    // Whoever reads, an inline secret is in no error.
    let inline = r#"{"issuers":[{"shared_secret":"hunter2"}]}"#;
    let error = serde_json::from_str::<Settings>(inline).unwrap_err().to_string();
    assert!(error.starts_with("a secret must not stand in the settings"), "{error}");
}
