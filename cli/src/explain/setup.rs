//! A verifier like that of the service.

use std::path::Path;

use portcullis::jose::Jwk;
use portcullis::require::all;
use portcullis::{
    Clock as _, ConfigError, Issuer, Requirement, Scope, Settings, SystemClock, Verifier, VerifierBuilder,
};
use serde_json::Value;

use super::{Explain, Unverified};
use crate::exit::Exit;
use crate::hints::Expected;
use crate::source::{self, Recorder};

/// What the token is judged by.
pub(super) struct Setup {
    pub(super) verifier: Verifier,
    pub(super) requirement: Option<Requirement>,
    pub(super) expected: Expected,
    /// What was not said, and so taken from the token: `issuer`, `audience`.
    pub(super) assumed: Vec<&'static str>,
    pub(super) notes: Vec<&'static str>,
    pub(super) fetches: bool,
    /// What the issuer was asked and answered, where its keys are found by its metadata.
    pub(super) recorder: Option<Recorder>,
}

/// Why there is none.
pub(super) struct NoSetup {
    pub(super) exit: Exit,
    pub(super) text: String,
}

impl NoSetup {
    fn usage(text: impl ToString) -> Self {
        Self { exit: Exit::Usage, text: text.to_string() }
    }
}

impl From<ConfigError> for NoSetup {
    fn from(error: ConfigError) -> Self {
        let exit = match error {
            ConfigError::HttpClient { .. } => Exit::Undecided,
            _ => Exit::Usage,
        };
        Self { exit, text: error.to_string() }
    }
}

/// The set-up that the arguments describe, with the token's own word where they say nothing.
///
/// # Errors
/// What is wrong with the arguments.
pub(super) fn setup(arguments: &Explain, token: &Unverified) -> Result<Setup, NoSetup> {
    match (&arguments.settings, &arguments.requirement) {
        (Some(path), _) => by_settings(arguments, path),
        // clap waives `requires` where another argument conflicts with what is required.
        (None, Some(_)) => Err(NoSetup::usage(
            "--requirement names one of the settings, and there are none: give --settings, or ask for a scope with --scope",
        )),
        (None, None) => by_arguments(arguments, token),
    }
}

/// What the arguments say that the service trusts, where there is no token to be judged.
///
/// # Errors
/// What is wrong with the settings.
pub(super) fn said(arguments: &Explain) -> Result<Expected, NoSetup> {
    let Some(path) = &arguments.settings else {
        return Ok(Expected {
            issuers: arguments.issuer.iter().cloned().collect(),
            audiences: arguments.audience.clone(),
            clients: arguments.client.clone(),
            ..Expected::default()
        });
    };
    let settings = Settings::from_file(path).map_err(NoSetup::usage)?;
    Ok(expected(&serde_json::to_value(settings).map_err(NoSetup::usage)?))
}

fn by_settings(arguments: &Explain, path: &Path) -> Result<Setup, NoSetup> {
    let mut json =
        serde_json::to_value(Settings::from_file(path).map_err(NoSetup::usage)?).map_err(NoSetup::usage)?;
    without_snapshots(&mut json);
    let expected = expected(&json);
    let settings: Settings = serde_json::from_value(json).map_err(NoSetup::usage)?;
    let builder = settings.builder().map_err(NoSetup::usage)?;
    let verifier = timed(builder, arguments).build()?;
    let named = arguments.requirement.as_ref().map(|name| settings.requirement(name));
    let named = named.transpose().map_err(NoSetup::usage)?;
    let requirement = requirement(named, arguments)?;
    let issuers = verifier.status().into_iter().map(|status| status.issuer).collect();
    let expected = Expected { issuers, ..expected };
    let (assumed, notes) = (Vec::new(), Vec::new());
    Ok(Setup { verifier, requirement, expected, assumed, notes, fetches: true, recorder: None })
}

/// The file of the service's keys is the service's alone: neither read nor written here.
fn without_snapshots(settings: &mut Value) {
    for issuer in settings.get_mut("issuers").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(keys) = issuer.get_mut("keys").and_then(Value::as_object_mut) {
            keys.remove("snapshot");
        }
    }
}

fn expected(settings: &Value) -> Expected {
    let all = |name: &str| {
        let issuers = settings.get("issuers").and_then(Value::as_array).into_iter().flatten();
        let values = issuers.filter_map(|issuer| issuer.get(name)?.as_array()).flatten();
        values.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let issuers = settings.get("issuers").and_then(Value::as_array).into_iter().flatten();
    let names = issuers.filter_map(|issuer| issuer.get("identifier")?.as_str()).map(str::to_owned);
    Expected {
        issuers: names.collect(),
        audiences: all("audiences"),
        clients: all("clients"),
        ..Expected::default()
    }
}

fn by_arguments(arguments: &Explain, token: &Unverified) -> Result<Setup, NoSetup> {
    let (mut assumed, mut notes) = (Vec::new(), Vec::new());
    let readable = token.header.is_some() && token.claims.is_some();
    let identifier = match (&arguments.issuer, token.issuer()) {
        (Some(issuer), _) => Some(issuer.clone()),
        (None, Some(issuer)) => {
            assumed.push("issuer");
            notes.push("no --issuer was given: trust was taken from the token itself, so this says only whether token and issuer are consistent, not whether your service trusts them");
            Some(issuer.to_owned())
        }
        (None, None) if readable => {
            return Err(NoSetup::usage(
                "the token does not say who issued it (`iss` is missing); name the issuer with --issuer",
            ));
        }
        (None, None) => None,
    };
    let mut audiences = arguments.audience.clone();
    if audiences.is_empty() && arguments.client.is_empty() {
        audiences = token
            .audiences()
            .into_iter()
            .filter(|audience| !audience.is_empty())
            .map(str::to_owned)
            .collect();
        if token.claims.is_some() {
            assumed.push("audience");
            notes.push("no --audience was given: it was taken from the token itself, so it was not compared with what your service expects");
        }
    }
    let ((issuer, recorder), fetches) = match &identifier {
        Some(identifier) => (keyed(arguments, identifier)?, true),
        // Nothing but the form of such a token can be judged, and that is judged first.
        None => ((Issuer::new(NOBODY, Jwk::parse(NOBODYS_KEY).map_err(NoSetup::usage)?), None), false),
    };
    let wanted =
        if audiences.is_empty() && arguments.client.is_empty() { vec![NOBODY.to_owned()] } else { audiences };
    let issuer = wanted.iter().fold(issuer, Issuer::audience);
    let issuer = arguments.client.iter().fold(issuer, Issuer::client);
    let issuer = issuer.profile(arguments.profile.into());
    let issuer = match &arguments.algorithm[..] {
        [] => issuer,
        algorithms => issuer.algorithms(algorithms.iter().copied()),
    };
    let issuer = match arguments.skew {
        Some(skew) => issuer.clock_skew(skew),
        None => issuer,
    };
    let verifier =
        timed(Verifier::builder().issuer(issuer), arguments).build().map_err(|error| match &error {
            ConfigError::Address { .. } if arguments.issuer.is_none() => unfetchable(&error),
            _ => error.into(),
        })?;
    let expected = Expected {
        issuers: identifier.into_iter().collect(),
        audiences: wanted,
        clients: arguments.client.clone(),
        keys: arguments.jwks.clone(),
        ..Expected::default()
    };
    let requirement = requirement(None, arguments)?;
    Ok(Setup { verifier, requirement, expected, assumed, notes, fetches, recorder })
}

/// The issuer, with its keys from where they are.
fn keyed(arguments: &Explain, identifier: &str) -> Result<(Issuer, Option<Recorder>), NoSetup> {
    let is_address = |text: &str| text.starts_with("https://") || text.starts_with("http://");
    let issuer = match arguments.jwks.as_deref() {
        Some(url) if is_address(url) => Issuer::jwks_url(identifier, url)?,
        Some(path) => return Ok((Issuer::jwks_file(identifier, path), None)),
        None => Issuer::discover(identifier).map_err(|error| match arguments.issuer {
            Some(_) => error.into(),
            None => unfetchable(&error),
        })?,
    };
    let place = arguments.jwks.as_deref().unwrap_or(identifier);
    let recorder = Recorder::new(source::client(place, arguments.root_certificates.as_deref())?);
    Ok((issuer.fetched_by(recorder.clone()), Some(recorder)))
}

/// The token names as its issuer what no keys can be found by.
fn unfetchable(error: &ConfigError) -> NoSetup {
    NoSetup::usage(format!(
        "the issuer was taken from the token, and no keys can be found by it: {error}; name the issuer with --issuer, and its keys with --jwks"
    ))
}

fn timed(builder: VerifierBuilder, arguments: &Explain) -> VerifierBuilder {
    match arguments.at {
        Some(at) => builder.clock(move || at),
        None => builder.clock(|| SystemClock.now()),
    }
}

fn requirement(named: Option<Requirement>, arguments: &Explain) -> Result<Option<Requirement>, NoSetup> {
    let scopes =
        arguments.scope.iter().flat_map(|scopes| scopes.split(' ')).filter(|scope| !scope.is_empty());
    let scopes = scopes.map(|scope| Ok(Requirement::from(Scope::new(scope).map_err(NoSetup::usage)?)));
    let asked = named.into_iter().map(Ok).chain(scopes).collect::<Result<Vec<_>, NoSetup>>()?;
    Ok(match asked.len() {
        0 => None,
        1 => asked.into_iter().next(),
        _ => Some(all(asked)),
    })
}

/// An issuer, and an audience, that nobody has (RFC 2606).
const NOBODY: &str = "https://nobody.invalid";
/// The public key of RFC 8037, appendix A.2.
const NOBODYS_KEY: &str =
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
