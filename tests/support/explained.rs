//! What holds for every explanation, whatever the token.
#![allow(dead_code, reason = "each test binary uses its own part")]

use portcullis::explain::{ExplainedCheck, Explanation, Verdict};
use portcullis::{Error, Requirement, Verifier};
use serde_json::Value;

/// Every check, in its order.
pub(crate) const CHECKS: [&str; 21] = [
    "size",
    "form",
    "header",
    "issuer",
    "algorithm",
    "type",
    "keys",
    "key",
    "signature",
    "claims",
    "issuer_claim",
    "audience",
    "client",
    "expiry",
    "not_before",
    "age",
    "kind",
    "required_claims",
    "confirmation",
    "revocation",
    "requirement",
];

/// At which checks a decision with each code falls.
pub(crate) const CODES: [(&str, &[&str]); 45] = [
    ("token_too_large", &["size"]),
    ("token_malformed", &["form"]),
    ("header_too_large", &["form"]),
    ("header_malformed", &["header"]),
    ("header_unsupported", &["header"]),
    ("algorithm_unknown", &["header"]),
    ("algorithm_not_allowed", &["algorithm"]),
    ("type_not_allowed", &["type"]),
    ("issuer_unknown", &["issuer", "issuer_claim"]),
    ("tenant_unresolved", &["issuer"]),
    ("tenants_busy", &["issuer"]),
    ("keys_not_loaded", &["keys"]),
    ("keys_expired", &["keys"]),
    ("key_unknown", &["key"]),
    ("key_unsuitable", &["key"]),
    ("key_ambiguous", &["key"]),
    ("signature_invalid", &["signature"]),
    ("claims_malformed", &["issuer", "claims", "required_claims"]),
    ("claim_repeated", &["issuer", "claims"]),
    ("claim_type", &["issuer", "claims", "required_claims"]),
    (
        "claim_missing",
        &["issuer", "issuer_claim", "audience", "client", "expiry", "age", "kind", "required_claims"],
    ),
    ("audience_mismatch", &["audience"]),
    ("client_mismatch", &["client"]),
    ("claim_not_allowed", &["required_claims"]),
    ("token_expired", &["expiry"]),
    ("token_not_yet_valid", &["not_before"]),
    ("token_too_old", &["age"]),
    ("token_issued_in_future", &["age"]),
    ("not_access_token", &["kind"]),
    ("not_id_token", &["kind"]),
    ("confirmation_unsupported", &["confirmation"]),
    ("token_revoked", &["revocation"]),
    ("revocation_unknown", &["revocation"]),
    ("scope_missing", &["requirement"]),
    ("authentication_insufficient", &["requirement"]),
    ("role_missing", &["requirement"]),
    ("group_missing", &["requirement"]),
    ("entitlement_missing", &["requirement"]),
    ("claim_not_met", &["requirement"]),
    ("issuer_not_met", &["requirement"]),
    ("client_not_met", &["requirement"]),
    ("audience_not_met", &["requirement"]),
    ("authentication_method_missing", &["requirement"]),
    ("authorization_detail_missing", &["requirement"]),
    ("requirement_impossible", &["requirement"]),
];

/// What is told to those who send no token, and to the application that reads a good one: no verifier decides so.
pub(crate) const OTHERS: [&str; 5] = [
    "credentials_missing",
    "scheme_unsupported",
    "credentials_repeated",
    "credentials_malformed",
    "claims_mismatch",
];

/// Explains a token, and finds that it is what a verification says, both before the explanation and after it.
pub(crate) async fn agreed(
    verifier: &Verifier,
    token: &str,
    requirement: Option<&Requirement>,
) -> Explanation {
    let before = verified(verifier, token, requirement).await;
    let explanation = match requirement {
        None => verifier.explain(token).await,
        Some(requirement) => verifier.explain_with(token, requirement).await,
    };
    let after = verified(verifier, token, requirement).await;
    let decision = explanation.decision().map(|token| token.claims_json().to_owned()).map_err(Clone::clone);
    assert_eq!(before, decision, "{token}");
    assert_eq!(after, decision, "{token}");
    is_sound(&explanation, token);
    explanation
}

async fn verified(
    verifier: &Verifier,
    token: &str,
    requirement: Option<&Requirement>,
) -> Result<String, Error> {
    let verified = verifier.verify(token).await?;
    requirement.map_or(Ok(()), |requirement| verified.require(requirement))?;
    Ok(verified.claims_json().to_owned())
}

/// The check at which the decision fell.
pub(crate) fn failed(explanation: &Explanation) -> Option<&ExplainedCheck> {
    explanation.checks().iter().find(|check| check.verdict == Verdict::Fail)
}

/// Before the check that fails all passed, behind it none was reached, and it is one that its code belongs to.
pub(crate) fn is_sound(explanation: &Explanation, token: &str) {
    let checks = explanation.checks();
    let names: Vec<_> = checks.iter().map(|check| check.name).collect();
    let optional = ["issuer_claim", "requirement"];
    let in_order = CHECKS.iter().copied().filter(|name| names.contains(name) || !optional.contains(name));
    assert_eq!(names, in_order.collect::<Vec<_>>());

    let failed = checks.iter().position(|check| check.verdict == Verdict::Fail);
    for (place, check) in checks.iter().enumerate() {
        let want = match failed {
            Some(failed) if place == failed => Verdict::Fail,
            Some(failed) if place > failed => Verdict::NotReached,
            _ => Verdict::Pass,
        };
        assert_eq!(check.verdict, want, "{}", check.name);
        assert_eq!(check.found.is_some(), want != Verdict::NotReached, "{}: {check:?}", check.name);
        for shown in [&check.expected, check.found.as_ref().unwrap_or(&check.expected)] {
            assert!(!shown.is_empty() && shown.chars().count() <= 256, "{}: {shown}", check.name);
            assert!(!shown.chars().any(char::is_control), "{}: {shown}", check.name);
        }
        let found = check.found.as_deref().unwrap_or_default();
        assert!(found.chars().all(|character| character.is_ascii() || character == '…'), "{found}");
    }
    match (explanation.decision(), failed) {
        (Ok(_), None) => {}
        (Err(error), Some(failed)) => {
            let code = error.code();
            let (_, belongs) = CODES.iter().find(|(known, _)| *known == code).expect(code);
            assert!(belongs.contains(&checks[failed].name), "{code} at {}", checks[failed].name);
        }
        (decision, failed) => panic!("{decision:?} with {failed:?}"),
    }
    hides_the_signature(explanation, token);
    is_told_alike(explanation);
}

/// No eight characters of the signature are shown, in any form.
fn hides_the_signature(explanation: &Explanation, token: &str) {
    let Some((_, signature)) = token.rsplit_once('.') else { return };
    let json = serde_json::to_string(explanation).unwrap();
    let shown = [explanation.to_string(), json, format!("{explanation:?} {:?}", explanation.checks())];
    for window in signature.as_bytes().windows(8) {
        let window = String::from_utf8_lossy(window);
        let seen = shown.iter().find(|shown| shown.contains(&*window));
        assert!(seen.is_none(), "{window} of the signature is in {seen:?}");
    }
}

/// The table and the JSON say the same.
fn is_told_alike(explanation: &Explanation) {
    let json = serde_json::to_value(explanation).unwrap();
    let (code, status, outcome) = match explanation.decision() {
        Ok(_) => (Value::Null, 200, "accepted"),
        Err(error @ Error::Rejected(_)) => (error.code().into(), error.http_status(), "refused"),
        Err(error) => (error.code().into(), 503, "unavailable"),
    };
    assert_eq!((&json["code"], &json["status"], &json["outcome"]), (&code, &status.into(), &outcome.into()));
    let listed = json["checks"].as_array().unwrap();
    assert_eq!(listed.len(), explanation.checks().len());
    let table = explanation.to_string();
    let mut rows = table.lines().skip(3).filter(|line| !line.starts_with(' '));
    for (check, told) in explanation.checks().iter().zip(listed) {
        assert_eq!(told["check"], check.name);
        assert_eq!(told["verdict"], check.verdict.name());
        assert_eq!(told["expected"], *check.expected);
        assert_eq!(told["found"], check.found.clone().map_or(Value::Null, Value::from));
        let mark = match check.verdict {
            Verdict::Pass => "pass",
            Verdict::Fail => "FAIL",
            _ => "-",
        };
        let row: Vec<_> = rows.next().expect(check.name).split_whitespace().take(2).collect();
        assert_eq!(row, [mark, check.name], "{table}");
    }
    assert_eq!(rows.next(), None, "{table}");
    assert!(table.starts_with(outcome), "{table}");
    if let Err(error) = explanation.decision() {
        assert!(
            table.starts_with(&format!("{outcome}: {error} ({}, HTTP {status})\n", error.code())),
            "{table}"
        );
        assert_eq!(json["message"], error.to_string());
    }
}
