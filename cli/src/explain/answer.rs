//! What the library says about a token.

use portcullis::explain::Explanation;
use portcullis::{Requirement, Verifier};

/// Decides as the service does, and says how.
pub(super) async fn explained(
    verifier: &Verifier,
    token: &str,
    requirement: Option<&Requirement>,
) -> Explanation {
    match requirement {
        Some(requirement) => verifier.explain_with(token, requirement).await,
        None => verifier.explain(token).await,
    }
}
