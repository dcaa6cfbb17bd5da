//! The fields of a `Validation`, each kept or refused by name.

use jsonwebtoken::{Algorithm as Theirs, AlgorithmFamily, Validation};
use portcullis::jsonwebtoken::ValidationError;
use portcullis::{Algorithm, Issuer, Profile};

use crate::court::{
    AUDIENCE, ISSUER, KEY, claims, header, judged, now, ours, signed, theirs, validation, with, without,
};

fn refused(change: impl FnOnce(&mut Validation)) -> Option<ValidationError> {
    let mut validation = validation();
    change(&mut validation);
    Issuer::from_validation(ISSUER, KEY.jwk().clone(), &validation).err()
}

#[test]
fn what_cannot_be_kept_is_refused_by_the_name_of_its_field() {
    use ValidationError::*;
    assert_eq!(refused(|_| {}), None);
    let names = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    for (field, got, want) in [
        ("algorithms", refused(|rules| rules.algorithms.clear()), NoAlgorithm),
        ("algorithms", refused(|rules| rules.algorithms.push(Theirs::RS256)), AlgorithmsMixed),
        ("algorithms", refused(|rules| rules.algorithms.push(Theirs::HS256)), AlgorithmsMixed),
        ("leeway", refused(|rules| rules.leeway = 301), LeewayTooLarge { seconds: 301, limit: 300 }),
        (
            "leeway",
            refused(|rules| rules.leeway = u64::MAX),
            LeewayTooLarge { seconds: u64::MAX, limit: 300 },
        ),
        (
            "reject_tokens_expiring_in_less_than",
            refused(|rules| rules.reject_tokens_expiring_in_less_than = 61),
            EarlyExpiry { seconds: 61, leeway: 60 },
        ),
        ("validate_exp", refused(|rules| rules.validate_exp = false), ExpiryUnchecked),
        ("validate_aud", refused(|rules| rules.validate_aud = false), AudienceUnchecked),
        ("aud", refused(|rules| rules.aud = None), NoAudience),
        ("aud", refused(|rules| rules.aud = names(&[])), NoAudience),
        (
            "iss",
            refused(|rules| rules.iss = names(&["https://id.example.com/"])),
            IssuerNotNamed { identifier: ISSUER.to_owned() },
        ),
        ("iss", refused(|rules| rules.iss = names(&[])), IssuerNotNamed { identifier: ISSUER.to_owned() }),
        (
            "required_spec_claims",
            refused(|rules| rules.set_required_spec_claims(&["exp", "jti"])),
            ClaimIgnored { claim: "jti".to_owned() },
        ),
    ] {
        assert!(want.to_string().starts_with(&format!("`{field}`")), "{want}");
        assert_eq!(got, Some(want));
    }
}

#[test]
fn what_can_be_kept_is() {
    let kept: [fn(&mut Validation); 8] = [
        |rules| rules.leeway = 300,
        |rules| rules.leeway = 0,
        |rules| rules.reject_tokens_expiring_in_less_than = 60,
        |rules| rules.validate_nbf = true,
        |rules| rules.iss = None,
        |rules| rules.set_issuer(&["https://other.example", ISSUER]),
        |rules| rules.set_audience(&["orders", AUDIENCE]),
        |rules| rules.set_required_spec_claims(&["exp", "iss", "aud", "sub", "nbf"]),
    ];
    for change in kept {
        assert_eq!(refused(change), None);
    }
}

/// Both judges agree on the token, which is good, and on its twin.
fn both(rules: &Validation, good: &serde_json::Value, bad: &serde_json::Value, code: &str) {
    let token = |claims: &serde_json::Value| signed(&header().to_string(), &claims.to_string());
    let answers = |token: &str| (theirs(rules, token) == "ok", ours(rules, Profile::Lenient, token));
    assert_eq!(answers(&token(good)), (true, "ok"), "{good}");
    assert_eq!(answers(&token(bad)), (false, code), "{bad}");
}

#[test]
fn what_is_kept_holds_as_it_did() {
    let changed = |change: fn(&mut Validation)| {
        let mut rules = validation();
        change(&mut rules);
        rules
    };
    let good = claims();
    both(&validation(), &good, &with(claims(), "iss", "https://x"), "issuer_unknown");
    both(&validation(), &good, &with(claims(), "aud", "x"), "audience_mismatch");
    both(&validation(), &good, &without(claims(), "exp"), "claim_missing");
    both(
        &validation(),
        &with(claims(), "exp", now() - 30),
        &with(claims(), "exp", now() - 90),
        "token_expired",
    );
    let strict = changed(|rules| rules.leeway = 0);
    both(&strict, &with(claims(), "exp", now() + 30), &with(claims(), "exp", now() - 30), "token_expired");
    let early = changed(|rules| rules.reject_tokens_expiring_in_less_than = 60);
    both(&early, &with(claims(), "exp", now() + 30), &with(claims(), "exp", now() - 30), "token_expired");
    let dated = changed(|rules| rules.validate_nbf = true);
    both(
        &dated,
        &with(claims(), "nbf", now() + 30),
        &with(claims(), "nbf", now() + 90),
        "token_not_yet_valid",
    );
    let alone = changed(|rules| rules.sub = Some("ada".to_owned()));
    both(&alone, &good, &with(claims(), "sub", "eve"), "claim_not_allowed");
    let named = changed(|rules| rules.set_required_spec_claims(&["exp", "sub"]));
    both(&named, &good, &without(claims(), "sub"), "claim_missing");
    let dated = changed(|rules| rules.set_required_spec_claims(&["exp", "nbf"]));
    both(&dated, &with(claims(), "nbf", now() - 90), &good, "claim_missing");
    let two = changed(|rules| rules.set_audience(&["orders", AUDIENCE]));
    both(&two, &with(claims(), "aud", "orders"), &with(claims(), "aud", "order"), "audience_mismatch");
}

#[test]
fn of_several_issuers_one_is_picked() {
    let mut rules = validation();
    rules.set_issuer(&[ISSUER, "https://other.example"]);
    let token = signed(&header().to_string(), &claims().to_string());
    for (identifier, want) in [(ISSUER, "ok"), ("https://other.example", "issuer_unknown")] {
        let issuer = Issuer::from_validation(identifier, KEY.jwk().clone(), &rules).unwrap();
        assert_eq!(judged(issuer.profile(Profile::Lenient), &token), want, "{identifier}");
    }
}

#[test]
fn algorithms_keep_their_names() {
    let families = [AlgorithmFamily::Hmac, AlgorithmFamily::Rsa, AlgorithmFamily::Ec, AlgorithmFamily::Ed];
    let mut seen = 0;
    for theirs in families.iter().flat_map(AlgorithmFamily::algorithms) {
        assert_eq!(Algorithm::try_from(*theirs).unwrap().name(), format!("{theirs:?}"));
        seen += 1;
    }
    assert_eq!(seen, 12);
    // A family is of one type of key, so each may be named as a whole.
    for family in families {
        let mut rules = Validation::new_for_family(family);
        rules.set_audience(&[AUDIENCE]);
        assert!(Issuer::from_validation(ISSUER, KEY.jwk().clone(), &rules).is_ok());
    }
}
