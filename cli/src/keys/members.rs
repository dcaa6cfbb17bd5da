//! The set, entry by entry: what the library says of each, and what each says of itself.

use std::collections::BTreeMap;

use portcullis::crypto::Backend;
use portcullis::jose::{AlgorithmSet, Jwk, KeyMaterial, Skipped};
use portcullis::{Algorithm, KeyError};
use serde_json::{Map, Value};

use super::finding::{Finding, Severity};
use super::gather::{Gathered, Place};

/// The findings about the entries.
pub(super) fn findings(gathered: &Gathered) -> Vec<Finding> {
    let (skipped, entries) = (skipped(gathered), entries(gathered));
    let mut findings: Vec<_> = skipped.iter().map(|skipped| unused(skipped, &gathered.place)).collect();
    for (index, entry) in entries.iter().enumerate() {
        let kid = entry.get("kid").and_then(Value::as_str);
        let is_skipped = skipped.iter().any(|skipped| skipped.index == index);
        // Of an entry that is not used, it is of no use to note what could be better.
        let said = said(index, entry, entries.len()).into_iter();
        findings.extend(said.filter(|finding| !is_skipped || finding.severity != Severity::Note));
        // Where no key is left, the library names those alone that it cannot read.
        if !is_skipped && entry.get("use").and_then(Value::as_str) == Some("enc") {
            findings.push(unused_for(&KeyError::NotForVerifying, index, kid, &gathered.place));
        }
        // The library has one reason for an entry; a secret that was published is told beside any other.
        for error in published(entry) {
            if !skipped.iter().any(|skipped| skipped.index == index && skipped.error == error) {
                findings.push(secret(&error).of(index, kid));
            }
        }
    }
    findings.extend(repeated(&entries));
    findings
}

/// The entries that the library does not use: those of the keys in use, or where there are none, those that it cannot read.
pub(super) fn skipped(gathered: &Gathered) -> Vec<Skipped> {
    match &gathered.status.skipped[..] {
        [] => gathered.read().map(|set| set.skipped().to_vec()).unwrap_or_default(),
        skipped => skipped.to_vec(),
    }
}

/// The entries as they were written; what is no object is left to the library to name.
pub(super) fn entries(gathered: &Gathered) -> Vec<Map<String, Value>> {
    let json = gathered.set.as_ref().and_then(super::gather::Document::json);
    let keys = json.as_ref().and_then(|json| json.get("keys")).and_then(Value::as_array);
    keys.into_iter().flatten().map(|entry| entry.as_object().cloned().unwrap_or_default()).collect()
}

fn unused(skipped: &Skipped, place: &Place) -> Finding {
    unused_for(&skipped.error, skipped.index, skipped.key_id.as_deref(), place)
}

fn unused_for(error: &KeyError, index: usize, kid: Option<&str>, place: &Place) -> Finding {
    if let KeyError::Private | KeyError::Symmetric = error {
        return secret(error).of(index, kid);
    }
    let code = error.code();
    let (severity, advice) = match code {
        "rsa_modulus_bits" => (Severity::Error, "take 2048 bits or more, and 8192 at most"),
        "rsa_modulus_weak" => (
            Severity::Error,
            "its private half can be computed (ROCA): make another key with another generator",
        ),
        "key_not_for_verifying" => {
            (Severity::Note, "it is for encryption, by its `use` or `key_ops`; services leave it alone")
        }
        "key_type_unknown"
        | "curve_unknown"
        | "key_algorithm_unknown"
        | "key_unsupported"
        | "key_not_allowed" => {
            (Severity::Note, "services leave it alone; if tokens are signed with it, they are refused")
        }
        "key_issuer_mismatch" if !matches!(place, Place::Issuer(_)) => (
            Severity::Note,
            "its member `issuer` names whose it is; give that issuer in place of this address",
        ),
        "key_issuer_mismatch" => {
            (Severity::Note, "its member `issuer` names another; services of this issuer leave it alone")
        }
        _ => (
            Severity::Error,
            "tokens that are signed with it are refused; publish it as RFC 7518 says, or take it out",
        ),
    };
    Finding::new(severity, code, format!("{error}: {advice}")).of(index, kid)
}

/// What stands in a public set that never should.
fn published(entry: &Map<String, Value>) -> Vec<KeyError> {
    let has = |name: &&str| entry.get(*name).is_some_and(|value| !value.is_null());
    let private = PRIVATE.iter().any(has).then_some(KeyError::Private);
    private.into_iter().chain(has(&"k").then_some(KeyError::Symmetric)).collect()
}

fn secret(error: &KeyError) -> Finding {
    let advice = match error {
        KeyError::Symmetric => "whoever read it can sign; withdraw it, and sign with a key pair",
        _ => "whoever read it can sign; withdraw the key, make another, and publish its public half alone",
    };
    Finding::error(error.code(), format!("{error}: {advice}"))
}

/// What an entry says, or does not say, of itself.
fn said(index: usize, entry: &Map<String, Value>, entries: usize) -> Vec<Finding> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let kid = text("kid");
    let mut findings = Vec::new();
    if kid.is_none() && !entry.is_empty() {
        findings.push(match entries {
            1 => Finding::note(
                "kid_missing",
                "it has no `kid`: give it one before there are two, or tokens cannot say which they mean",
            ),
            _ => Finding::warning(
                "kid_missing",
                "it has no `kid`: tokens cannot say that they mean it, and every one that fits is tried",
            ),
        });
    }
    if text("alg").is_none() {
        match text("kty") {
            Some("RSA") => findings.push(Finding::warning(
                "alg_missing",
                "it has no `alg`, and an RSA key fits six: say which, such as RS256",
            )),
            Some("EC" | "OKP") => findings.push(Finding::note(
                "alg_missing",
                "it has no `alg`; its curve leaves no choice, and it is good to say so",
            )),
            _ => {}
        }
    }
    match text("use") {
        Some("sig" | "enc") => {}
        Some(_) => findings.push(Finding::warning(
            "use_unknown",
            "its `use` is neither `sig` nor `enc`: services leave it alone",
        )),
        None if entry.contains_key("key_ops") || entry.is_empty() => {}
        None => findings.push(Finding::note(
            "use_missing",
            "it has no `use`: `sig` keeps others from encrypting with it",
        )),
    }
    if let Some(name) = ["x5c", "x5t", "x5t#S256", "x5u"].into_iter().find(|name| entry.contains_key(*name)) {
        findings.push(Finding::note(
            "certificate_ignored",
            format!("it has `{name}`: certificates are not looked at, the key alone counts"),
        ));
    }
    let own = text("alg").and_then(Algorithm::from_name);
    if let Some(algorithm) = own.filter(|algorithm| {
        !Algorithm::DEFAULT.contains(algorithm) && algorithm.key_type() != portcullis::jose::KeyType::Oct
    }) {
        findings.push(Finding::note(
            "alg_not_default",
            format!(
                "{algorithm} is not among the algorithms that services allow by default: `Issuer::algorithms`"
            ),
        ));
    }
    findings.into_iter().map(|finding| finding.of(index, kid)).collect()
}

fn repeated(entries: &[Map<String, Value>]) -> Vec<Finding> {
    let mut by_kid: BTreeMap<&str, Vec<(usize, Option<&str>)>> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        let text = |name: &str| entry.get(name).and_then(Value::as_str);
        if let Some(kid) = text("kid") {
            by_kid.entry(kid).or_default().push((index, text("kty")));
        }
    }
    let mut findings = Vec::new();
    for (kid, places) in by_kid.into_iter().filter(|(_, places)| places.len() > 1) {
        let same_type = places.iter().all(|(_, kty)| Some(*kty) == places.first().map(|(_, kty)| *kty));
        let (severity, advice) = match same_type {
            true => (Severity::Error, "a token that names it does not say which it means"),
            false => (
                Severity::Warning,
                "their types tell them apart, and RFC 7517 asks for different ids all the same",
            ),
        };
        for (index, _) in &places {
            let others =
                places.iter().filter(|(other, _)| other != index).map(|(other, _)| other.to_string());
            let others = others.take(MAX_NAMED).collect::<Vec<_>>().join(", ");
            let message =
                format!("entry {index} has the `kid` of entry {others} too: {advice}; give each its own");
            findings.push(Finding::new(severity, "kid_repeated", message).of(*index, Some(kid)));
        }
    }
    findings
}

/// One key that could be read, as the list shows it.
#[derive(serde::Serialize)]
pub(super) struct Listed {
    kid: Option<String>,
    kty: &'static str,
    alg: Option<&'static str>,
    #[serde(rename = "use")]
    key_use: Option<String>,
    size: String,
    thumbprint: Option<String>,
    algorithms: Vec<&'static str>,
}

/// The keys of the set that could be read; whether they are used, the findings say.
pub(super) fn listed(gathered: &Gathered) -> Vec<Listed> {
    let Some(set) = gathered.read() else { return Vec::new() };
    let entries = entries(gathered);
    let skipped = set.skipped().iter().map(|skipped| skipped.index).collect::<Vec<_>>();
    let read =
        entries.iter().enumerate().filter(|(index, _)| !skipped.contains(index)).map(|(_, entry)| entry);
    set.keys().iter().zip(read).map(|(key, entry)| Listed::of(key, entry)).collect()
}

impl Listed {
    fn of(key: &Jwk, entry: &Map<String, Value>) -> Self {
        let is_secret = matches!(key.material(), KeyMaterial::Oct { .. });
        let backend = Backend::available().first().filter(|_| !is_secret);
        Self {
            kid: key.key_id().map(str::to_owned),
            kty: key.key_type().name(),
            alg: key.algorithm().map(Algorithm::name),
            key_use: entry.get("use").and_then(Value::as_str).map(str::to_owned),
            size: size(key.material()),
            // A short secret could be guessed by its thumbprint (RFC 7638, section 7).
            thumbprint: backend.map(|backend| backend.thumbprint(key).to_string()),
            algorithms: names(key.algorithms()),
        }
    }

    pub(super) fn row(&self) -> [String; 6] {
        let or_dash = |text: Option<&str>| text.map_or("-".to_owned(), |text| crate::text::escaped(text, 64));
        [
            or_dash(self.kid.as_deref()),
            self.kty.to_owned(),
            or_dash(self.alg),
            or_dash(self.key_use.as_deref()),
            self.size.clone(),
            or_dash(self.thumbprint.as_deref()),
        ]
    }
}

fn names(algorithms: AlgorithmSet) -> Vec<&'static str> {
    algorithms.iter().map(Algorithm::name).collect()
}

fn size(material: &KeyMaterial) -> String {
    match material {
        KeyMaterial::Rsa { n, .. } => {
            let zeros = n.first().map_or(0, |first| first.leading_zeros());
            let zeros = usize::try_from(zeros).unwrap_or_default();
            format!("{} bits", n.len().saturating_mul(8).saturating_sub(zeros))
        }
        KeyMaterial::Ec { curve, .. } | KeyMaterial::Okp { curve, .. } => curve.name().to_owned(),
        KeyMaterial::Akp { algorithm, .. } => algorithm.name().to_owned(),
        _ => "-".to_owned(),
    }
}

/// How many entries one finding names.
const MAX_NAMED: usize = 8;

/// Members of private keys: RFC 7518, sections 6.2.2 and 6.3.2; RFC 9964, section 4.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "priv"];
