//! The examples of the RFCs, reproduced parameter by parameter. Ours may say more.

use std::time::Duration;

use http::HeaderValue;
use portcullis::http::{AuthLayer, ProtectedResource};
use portcullis::{Error, Rejection, UnixTime};

use crate::minting::verifier;
use crate::worded::{Challenge, challenges, joined, read, worded};

/// Whether each parameter of the example stands in ours, with the same value; a description is prose of its author.
fn covers(ours: &Challenge, example: &Challenge) -> bool {
    let same = |(name, value): &(String, String)| {
        let own = ours.1.iter().find(|(own, _)| own == name);
        own.is_some_and(|(_, own)| own == value || name == "error_description")
    };
    ours.0.eq_ignore_ascii_case(&example.0) && example.1.iter().all(same)
}

/// What we add to the example.
fn more<'o>(ours: &'o Challenge, example: &Challenge) -> Vec<&'o str> {
    let theirs: Vec<_> = example.1.iter().map(|(name, _)| name.as_str()).collect();
    ours.1.iter().map(|(name, _)| name.as_str()).filter(|name| !theirs.contains(name)).collect()
}

fn named(realm: &str) -> AuthLayer {
    verifier().layer().realm(realm)
}

fn stepped(acr_values: &str, max_age: Option<u64>) -> Rejection {
    let max_age = max_age.map(Duration::from_secs);
    Rejection::AuthenticationInsufficient { acr_values: acr_values.into(), max_age, scope: "".into() }
}

#[tokio::test]
async fn the_examples_of_the_rfcs() {
    let resource = ProtectedResource::of(&verifier(), "https://resource.example.com").unwrap();
    let (exp, now) = (UnixTime::from_seconds(100), UnixTime::from_seconds(112));
    for (section, layer, rejection, status, example, adds) in [
        (
            "RFC 6750, section 3, without credentials",
            named("example"),
            Rejection::CredentialsMissing,
            401,
            r#"Bearer realm="example""#,
            &[][..],
        ),
        (
            "RFC 6750, section 3, an expired token",
            named("example"),
            Rejection::Expired { exp, now },
            401,
            r#"Bearer realm="example", error="invalid_token", error_description="The access token expired""#,
            &["reason"],
        ),
        (
            "RFC 9470, section 3, figure 2",
            named("example"),
            stepped("myACR", None),
            401,
            r#"Bearer error="insufficient_user_authentication", error_description="A different authentication level is required", acr_values="myACR""#,
            &["realm", "reason"],
        ),
        (
            "RFC 9470, section 3, figure 3",
            named("example"),
            stepped("", Some(5)),
            401,
            r#"Bearer error="insufficient_user_authentication", error_description="More recent authentication is required", max_age="5""#,
            &["realm", "reason"],
        ),
        (
            "RFC 9728, section 5.1",
            verifier().layer().protected_resource(&resource),
            Rejection::CredentialsMissing,
            401,
            r#"Bearer resource_metadata="https://resource.example.com/.well-known/oauth-protected-resource""#,
            &["realm"],
        ),
    ] {
        let response = worded(layer, Error::from(rejection)).await;
        assert_eq!(response.status(), status, "{section}");
        let ([ours], [example]) = (&challenges(&response)[..], &read(example)[..]) else {
            panic!("{section}: one challenge each")
        };
        assert!(covers(ours, example), "{section}: {ours:?}");
        assert_eq!(more(ours, example), adds, "{section}");
    }
}

/// The statuses of RFC 6750, section 3.1, and the error that each goes with.
#[tokio::test]
async fn the_error_codes_of_rfc_6750() {
    for (rejection, status, error) in [
        (Rejection::CredentialsRepeated, 400, Some("invalid_request")),
        (Rejection::CredentialsMalformed, 400, Some("invalid_request")),
        (Rejection::Revoked, 401, Some("invalid_token")),
        (Rejection::ScopeMissing { required: "a".into() }, 403, Some("insufficient_scope")),
        (Rejection::CredentialsMissing, 401, None),
    ] {
        let response = worded(named("example"), Error::from(rejection)).await;
        let [(_, parameters)] = &challenges(&response)[..] else { panic!("one challenge") };
        let told = parameters.iter().find(|(name, _)| name == "error").map(|(_, value)| value.as_str());
        assert_eq!((response.status().as_u16(), told), (status, error));
    }
}

/// RFC 9110, section 11.6.1: two challenges in one field. We send a field for each, and they say the same.
#[tokio::test]
async fn several_challenges_as_in_rfc_9110() {
    let example = r#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"""#;
    let layer = named("ours")
        .offer(HeaderValue::from_static(r#"Basic realm="simple""#))
        .offer(HeaderValue::from_static(r#"Newauth realm="apps", type=1, title="Login to \"apps\"""#));
    let response = worded(layer, Error::from(Rejection::CredentialsMissing)).await;
    assert_eq!(joined(&response)[1..], read(example));
    assert_eq!(challenges(&response)[1..], read(example));
}
