//! The keys, fetched as a service fetches them, and what was answered on the way.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use portcullis::jose::{JwkSet, KeyType, MAX_SET_BYTES};
use portcullis::keys::IssuerStatus;
use portcullis::keys::remote::{Fetch, FetchRequest, FetchResponse, Remote};
use portcullis::{Algorithm, ConfigError, Issuer, Verifier};
use serde_json::Value;

use crate::exit::Exit;
use crate::source::{AtHand, Exchange, Recorder, client, settled};

/// What was found.
pub(super) struct Gathered {
    pub(super) place: Place,
    /// The library's own judgement of the source.
    pub(super) status: IssuerStatus,
    pub(super) metadata: Option<Document>,
    pub(super) set: Option<Document>,
    /// What the very address answered that was taken for an issuer's, as it has no key set.
    pub(super) itself: Option<String>,
}

/// What was asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Place {
    Issuer(String),
    Address(String),
    File(String),
}

/// A document that was answered with 200.
pub(super) struct Document {
    pub(super) url: String,
    pub(super) answer: FetchResponse,
}

/// Why nothing could be looked at.
pub(super) struct Nothing {
    pub(super) exit: Exit,
    pub(super) text: String,
}

impl From<ConfigError> for Nothing {
    fn from(error: ConfigError) -> Self {
        Self { exit: Exit::Usage, text: error.to_string() }
    }
}

impl Document {
    /// Whether it was asked for as metadata. Some issuers have their keys below the address of their metadata.
    fn is_metadata(&self) -> bool {
        let well_known = self.url.contains("/.well-known/openid-configuration")
            || self.url.contains("/.well-known/oauth-authorization-server");
        well_known && self.json().is_none_or(|json| json.get("keys").is_none())
    }

    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(self.answer.body()).ok()
    }
}

impl Gathered {
    /// The address of the issuer's keys, by its metadata.
    pub(super) fn jwks_uri(&self) -> Option<String> {
        Some(self.metadata.as_ref()?.json()?.get("jwks_uri")?.as_str()?.to_owned())
    }

    /// The set, as far as the library reads one.
    pub(super) fn read(&self) -> Option<JwkSet> {
        JwkSet::parse(self.set.as_ref()?.answer.body()).ok()
    }
}

/// Finds out what `place` is, and has the library fetch from there.
///
/// # Errors
/// Why nothing was even asked for.
pub(super) async fn gather(place: &str, roots: Option<&Path>) -> Result<Gathered, Nothing> {
    if !place.contains("://") {
        return by(Place::File(place.to_owned()), &Recorder::new(AtHand(read(place)?))).await;
    }
    let recorder = Recorder::new(client(place, roots)?);
    let place = match asked_for(place) {
        Some(place) => place,
        None => looked_at(place, &recorder).await,
    };
    let itself = recorder.seen().first().map(described);
    let gathered = Gathered { itself, ..by(place, &recorder).await? };
    // Metadata that vouches for another issuer is refused; what it points to can be looked at all the same.
    match gathered.jwks_uri().filter(|_| gathered.set.is_none()) {
        Some(jwks_uri)
            if gathered
                .status
                .last_error
                .as_deref()
                .is_some_and(|error| error.starts_with("discovery_issuer_mismatch")) =>
        {
            match by(Place::Address(jwks_uri), &recorder).await {
                Ok(keys) => Ok(Gathered { set: keys.set, ..gathered }),
                Err(_) => Ok(gathered),
            }
        }
        _ => Ok(gathered),
    }
}

async fn by(place: Place, recorder: &Recorder) -> Result<Gathered, Nothing> {
    let keys = match &place {
        Place::Issuer(issuer) => Remote::discover_with(issuer, recorder.clone())?,
        Place::Address(url) => Remote::jwks_url_with(url, recorder.clone())?,
        Place::File(_) => Remote::jwks_url_with(NOWHERE, recorder.clone())?,
    };
    fetched(place, keys, recorder).await
}

/// What the address says of itself: metadata by its well-known path, a set by its query, which no issuer has.
fn asked_for(place: &str) -> Option<Place> {
    if let Some((issuer, _)) = place.split_once("/.well-known/openid-configuration") {
        return Some(Place::Issuer(issuer.to_owned()));
    }
    if let Some((host, path)) = place.split_once("/.well-known/oauth-authorization-server") {
        return Some(Place::Issuer(format!("{host}{path}")));
    }
    place.contains('?').then(|| Place::Address(place.to_owned()))
}

/// A set, if there is one at this very address; else an issuer.
async fn looked_at(place: &str, recorder: &Recorder) -> Place {
    let answer = recorder.fetch(&FetchRequest::new(place, MAX_SET_BYTES)).await;
    let json = answer.ok().filter(|answer| answer.status() == 200);
    let json: Option<Value> = json.and_then(|answer| serde_json::from_slice(answer.body()).ok());
    match json {
        Some(json) if json.get("keys").is_some() => Place::Address(place.to_owned()),
        _ => Place::Issuer(place.to_owned()),
    }
}

/// An answer that is no key set.
fn described(exchange: &Exchange) -> String {
    match &exchange.answer {
        Err(error) => error.to_string(),
        Ok(answer) if answer.status() != 200 => format!("status {}", answer.status()),
        Ok(answer) => match serde_json::from_slice::<Value>(answer.body()) {
            Ok(Value::Object(_)) => "JSON without the member `keys`".to_owned(),
            Ok(_) => "JSON that is no object".to_owned(),
            Err(_) => "something that is not JSON, a page for people perhaps".to_owned(),
        },
    }
}

async fn fetched(place: Place, keys: Remote, recorder: &Recorder) -> Result<Gathered, Nothing> {
    let identifier = match &place {
        Place::Issuer(issuer) => issuer.as_str(),
        Place::Address(_) | Place::File(_) => NOWHERE,
    };
    let before = recorder.seen().len();
    let asymmetric = Algorithm::ALL.iter().copied().filter(|algorithm| algorithm.key_type() != KeyType::Oct);
    let issuer = Issuer::new(identifier, keys).algorithms(asymmetric).dangerous_any_audience();
    let verifier = Verifier::builder().issuer(issuer).build()?;
    settled(&verifier).await;
    let status = verifier.status().into_iter().next();
    let status =
        status.ok_or_else(|| Nothing { exit: Exit::Undecided, text: "nothing was found out".to_owned() })?;
    let mut gathered = Gathered { place, status, metadata: None, set: None, itself: None };
    for Exchange { url, answer } in recorder.seen().into_iter().skip(before) {
        let Some(answer) = answer.ok().filter(|answer| answer.status() == 200) else { continue };
        let document = Document { url, answer };
        match document.is_metadata() {
            true => gathered.metadata = Some(document),
            false => gathered.set = Some(document),
        }
    }
    Ok(gathered)
}

/// A file, or stdin; what is longer than a set may be is cut off, and then too long.
fn read(path: &str) -> Result<Vec<u8>, Nothing> {
    let most = u64::try_from(MAX_SET_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    let read = match path {
        "-" => io::stdin().lock().take(most).read_to_end(&mut bytes),
        path => File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes)),
    };
    let or_address = "; an issuer or an address begins with https://";
    read.map_err(|error| Nothing { exit: Exit::Undecided, text: format!("{path}: {error}{or_address}") })?;
    Ok(bytes)
}

/// The name of a set that nobody vouches for (RFC 2606).
const NOWHERE: &str = "https://keys.invalid";
