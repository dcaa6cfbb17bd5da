//! Whether anything came at all, and what the issuer's metadata says.

use portcullis::Algorithm;
use serde_json::Value;

use super::finding::{Finding, Severity};
use super::gather::{Gathered, Place};
use super::members::entries;
use crate::hints::{advice, difference};
use crate::source::shown_address;
use crate::text::escaped;

/// The findings about the way to the keys.
pub(super) fn findings(gathered: &Gathered) -> Vec<Finding> {
    let mut findings: Vec<_> = refused(gathered).into_iter().collect();
    if let (Place::Issuer(issuer), Some(metadata)) = (&gathered.place, &gathered.metadata)
        && let Some(json) = metadata.json()
    {
        findings.extend(elsewhere(issuer, &json));
        findings.extend(missing(&json));
        findings.extend(algorithms(gathered, &json));
    }
    findings
}

/// Why the library takes no keys from there, by its own code.
fn refused(gathered: &Gathered) -> Option<Finding> {
    if gathered.status.state.can_verify() {
        return None;
    }
    let error = gathered.status.last_error.as_deref().unwrap_or("fetch_timeout: no complete answer in time");
    let (code, message) = error.split_once(": ").unwrap_or((error, error));
    let severity = match code.starts_with("fetch_") || code == "discovery_status" {
        true => Severity::Failure,
        false => Severity::Error,
    };
    let told = match (code, &gathered.place) {
        ("discovery_issuer_mismatch", Place::Issuer(issuer)) => Some(mismatch(issuer, gathered)),
        ("key_set_no_usable_key", _) if !entries(gathered).is_empty() => {
            Some("every token is refused; what is said of the entries says why".to_owned())
        }
        ("key_set_no_usable_key", _) => Some("it is empty, so every token is refused".to_owned()),
        _ => advice(code).map(str::to_owned),
    };
    let told = told.map_or(String::new(), |told| format!(": {told}"));
    let itself =
        gathered.itself.as_ref().filter(|_| code.starts_with("discovery_") && gathered.metadata.is_none());
    let itself = itself.map_or(String::new(), |itself| {
        format!(" The address itself, where a key set would be, answered {itself}")
    });
    Some(Finding::new(severity, code, format!("{message}{told}{itself}")))
}

fn mismatch(issuer: &str, gathered: &Gathered) -> String {
    let json = gathered.metadata.as_ref().and_then(super::gather::Document::json);
    let named = json.as_ref().and_then(|json| json.get("issuer")).and_then(Value::as_str).unwrap_or_default();
    let near = difference(issuer, named).map_or(String::new(), |near| format!(" ({near})"));
    format!(
        "it calls itself {}{near}; write exactly that into the service, if it is the one that you mean",
        escaped(named, 200)
    )
}

fn elsewhere(issuer: &str, metadata: &Value) -> Option<Finding> {
    let jwks_uri = metadata.get("jwks_uri")?.as_str()?;
    let host = |text: &str| {
        text.split_once("://").and_then(|(_, rest)| rest.split(['/', '?']).next()).map(str::to_owned)
    };
    (host(issuer) != host(jwks_uri)).then(|| {
        Finding::note(
            "jwks_uri_elsewhere",
            format!(
                "the keys are on another host, {}: firewalls must let services go there too",
                shown_address(&escaped(jwks_uri, 200))
            ),
        )
    })
}

/// OpenID Connect Discovery, section 3; RFC 8414, section 2, asks for the first alone.
fn missing(metadata: &Value) -> Option<Finding> {
    let members =
        ["response_types_supported", "subject_types_supported", "id_token_signing_alg_values_supported"];
    let missing: Vec<_> = members.into_iter().filter(|name| metadata.get(name).is_none()).collect();
    (!missing.is_empty()).then(|| {
        Finding::note(
            "metadata_incomplete",
            format!(
                "OpenID Connect asks for {} in the metadata; services do without, other clients may not",
                missing.join(", ")
            ),
        )
    })
}

fn algorithms(gathered: &Gathered, metadata: &Value) -> Vec<Finding> {
    let Some(listed) = metadata.get("id_token_signing_alg_values_supported").and_then(Value::as_array) else {
        return Vec::new();
    };
    let set = gathered.read().unwrap_or_default();
    let declared = set.keys().iter().filter_map(|key| Some((key.key_id(), key.algorithm()?)));
    let unlisted = declared.filter(|(_, algorithm)| {
        !listed.iter().any(|name| name.as_str().is_some_and(|name| is_alike(name, *algorithm)))
    });
    let warning = |(kid, algorithm): (Option<&str>, Algorithm)| {
        let kid = kid.map_or("without kid".to_owned(), |kid| escaped(kid, 64));
        Finding::warning(
            "metadata_algorithms",
            format!(
                "the key {kid} is for {algorithm}, which id_token_signing_alg_values_supported does not list: bring the two into line"
            ),
        )
    };
    unlisted.map(warning).collect()
}

/// Two names are one algorithm on the curve that both are used with (RFC 9864, section 2.2).
fn is_alike(name: &str, algorithm: Algorithm) -> bool {
    let is_ed = |name: &str| name == "EdDSA" || name == "Ed25519";
    name == algorithm.name() || (is_ed(name) && is_ed(algorithm.name()))
}
