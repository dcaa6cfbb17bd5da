//! What operators are shown, and what they write.

use std::sync::LazyLock;
use std::time::Duration;

use portcullis::keys::remote::{Remote, Snapshot};
use portcullis::keys::{KeyOrigin, KeyState};
use portcullis::settings::SettingsBody;
use portcullis::{Health, HealthReport, Issuer, Settings, Verifier};
use proptest::prelude::*;
use tower::Layer;

use crate::album::Album;
use crate::hostile::{AUDIENCE, CHOSEN, ISSUER, VERIFIERS};
use crate::inputs::{any_text, mutated};
use crate::testing::cases;

pub(crate) fn words(album: &mut Album) {
    for state in [KeyState::Fixed, KeyState::Loading, KeyState::Fresh, KeyState::Grace, KeyState::Expired] {
        album.display("KeyState", &state);
    }
    for origin in [KeyOrigin::SetUp, KeyOrigin::Source, KeyOrigin::Snapshot, KeyOrigin::Embedded] {
        album.display("KeyOrigin", &origin);
    }
    for health in [Health::Ready, Health::Degraded, Health::Down] {
        album.display("Health", &health);
    }
    let secret = [0x5e; 32];
    album.forbidden.bytes(&secret);
    album.debug("Snapshot", &Snapshot::new("/var/lib/service/keys").sealed_with(secret.to_vec()));
}

pub(crate) async fn statuses(album: &mut Album, remote: Remote) {
    let issuer = Issuer::new(ISSUER, remote).audience(AUDIENCE);
    let verifier = Verifier::builder().issuer(issuer).build().unwrap();
    if let Err(unavailable) = verifier.ready(Duration::from_millis(1)).await {
        album.error("Unavailable", &unavailable);
    }
    album.debug("HealthWatch", &verifier.watch_health());
    let report = HealthReport::detailed(&verifier);
    album.debug("HealthReport", &report);
    album.put("HealthReport", serde_json::to_string(&report).unwrap());
    for status in verifier.status() {
        assert!(status.last_error.is_some() || !status.keys.is_empty(), "the answer was judged");
        album.debug("IssuerStatus", &status);
        album.debug("KeyInfo", &status.keys);
        status.skipped.iter().for_each(|skipped| album.debug("Skipped", skipped));
    }
    album.debug("Verifier", &verifier);
}

/// Settings with a secret wherever one may be put, by mistake or not.
pub(crate) fn settings(album: &mut Album) {
    let chosen = serde_json::Value::from(CHOSEN[0]).to_string();
    let issuer = |more: &str| {
        format!(r#"{{"issuers":[{{"identifier":"https://a.example","audiences":["a"]{more}}}]}}"#)
    };
    album.debug("Settings", &Settings::from_json(&issuer("")).unwrap());
    let address = format!("https://user:{}@a.example/?code={}", CHOSEN[1], CHOSEN[2]);
    let address = serde_json::Value::from(address).to_string();
    let shown = Settings::from_json(&issuer(&format!(r#","jwks_url":{address}"#))).unwrap();
    album.debug("Settings", &shown);
    album.error("SettingsError", &shown.verifier().unwrap_err());
    for more in [
        "shared_secret",
        "clock_skew",
        "algorithms",
        "clients",
        "profile",
        "keys",
        "preset",
        "required_claims",
    ] {
        album.error(
            "SettingsError",
            &Settings::from_json(&issuer(&format!(r#","{more}":{chosen}"#))).unwrap_err(),
        );
    }
    for more in ["jwks", "public_key"] {
        let settings = Settings::from_json(&issuer(&format!(r#","{more}":{chosen}"#))).unwrap();
        album.debug("Settings", &settings);
        album.error("SettingsError", &settings.verifier().unwrap_err());
    }
    let around = |more: &str| Settings::from_json(&format!("{{{more}}}"));
    for more in [
        format!(r#""http":{chosen}"#),
        format!(r#""http":{{"detail":{chosen}}}"#),
        format!(r#""http":{{"token_sources":[{chosen}]}}"#),
        format!(r#""http":{{"token_sources":[{{"cookie":[{chosen}]}}]}}"#),
        format!(r#""requirements":{{"a":{chosen}}}"#),
        format!(r#""requirements":{{"a":{{"claim":{chosen}}}}}"#),
        format!(r#""requirements":{{"a":{{"ladder":["a"],"at_least":{chosen}}}}}"#),
        format!(r#""requirements":{{"a":{{"acr":["a b",{chosen}]}}}}"#),
        format!(r#""scope_hierarchy":{{"a":{chosen}}}"#),
    ] {
        album.error("SettingsError", &around(&more).unwrap_err());
    }
    let resource = format!(r#""http":{{"protected_resource":{{"resource":{address}}}}}"#);
    let shown = around(&resource).unwrap();
    album.debug("Settings", &shown);
    album.error("SettingsError", &shown.layer(&VERIFIERS[0]).unwrap_err());
    album.error("SettingsError", &shown.requirement("orders").unwrap_err());
    for body in [SettingsBody::None, SettingsBody::ProblemDetails] {
        album.debug("SettingsBody", &body);
    }
    album.error("SettingsError", &Settings::from_toml(&chosen).unwrap_err());
    album.error("SettingsError", &Settings::from_json(&format!("{{{chosen}")).unwrap_err());
    album.error("SettingsError", &Settings::from_env_pairs("A", [("A_TOKEN_CACHE", CHOSEN[0])]).unwrap_err());
}

/// Settings that are read, each form once.
static SETTINGS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    [
    "[[issuers]]\nidentifier='https://a.example'\naudiences=['a']\nclock_skew='90 s'\nkeys={max_stale='1h'}\n",
    r#"{"token_cache":7,"issuers":[{"preset":{"auth0":{"domain":"a"}},"audiences":["a"],"profile":"lenient"}]}"#,
    "[[issuers]]\nidentifier='a'\nclients=['a']\nalgorithms=['HS256']\nshared_secret={env='A',encoding='text'}\n",
    "scope_hierarchy={a=['b']}\n[http]\nrealm='a'\ntoken_sources=[{cookie='a'}]\noffers=['a']\nprotected_resource={resource='https://a.example'}\n",
    "[requirements]\na={all=[{scope='a'},{claim='a.b',equals=7},{max_age='5 min'},{ladder=['a'],at_least='a'}]}\n",
].map(|text| text.as_bytes().to_vec()).to_vec()
});

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn settings_of_any_text(text in mutated(&SETTINGS), name in any_text(), value in any_text()) {
        let text = String::from_utf8_lossy(&text);
        let variables = [(format!("A_{name}"), value.clone()), (format!("A_ISSUERS__0__{name}"), value)];
        for read in [
            Settings::from_toml(&text),
            Settings::from_json(&text),
            Settings::from_env_pairs("A", variables),
            Settings::from_env(&name),
        ] {
            let _ = read.map_err(|error| error.to_string()).map(|settings| {
                let _ = (settings.builder().map(drop), settings.requirement(&name), settings.requirement("a"));
                let layer = settings.layer(&VERIFIERS[0]).map(|layer| layer.layer(()));
                let _ = layer.map_err(|error| error.to_string());
            });
        }
    }
}
