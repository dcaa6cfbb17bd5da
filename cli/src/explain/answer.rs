//! What the library says about a token.

use portcullis::{Error, Requirement, Verifier};
use serde_json::{Map, Value, json};

/// The library's decision, and how it came to it.
pub(super) struct Answer {
    pub(super) decision: Result<(), Error>,
    /// The checks as a table.
    pub(super) table: String,
    /// The same for programs.
    pub(super) json: Map<String, Value>,
}

/// Decides as the service does, and says how.
pub(super) async fn explained(verifier: &Verifier, token: &str, requirement: Option<&Requirement>) -> Answer {
    let decision = verifier.verify(token).await.and_then(|token| {
        requirement.map_or(Ok(()), |requirement| token.require(requirement)).map_err(Error::from)
    });
    let mut json = Map::new();
    let (outcome, error) = match &decision {
        Ok(()) => ("accepted", None),
        Err(error @ Error::Unavailable(_)) => ("unavailable", Some(error)),
        Err(error) => ("refused", Some(error)),
    };
    json.insert("outcome".to_owned(), json!(outcome));
    json.insert("code".to_owned(), json!(error.map(Error::code)));
    json.insert("message".to_owned(), json!(error.map(ToString::to_string)));
    json.insert("status".to_owned(), json!(error.map_or(200, Error::http_status)));
    Answer { decision, table: String::new(), json }
}
