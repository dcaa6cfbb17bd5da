//! What a token is refused for, and what it asks of the keys.

use super::*;
use crate::crypto::Backend;
use crate::jose::{Algorithm, Jwk, JwkSet, MAX_TOKEN_BYTES};
use crate::keys::Means;
use crate::testkit::Mint;
use crate::time::SystemClock;
use crate::verify::Issuer;

fn rules(keys: impl Into<JwkSet>, mint: &Mint) -> Rules {
    let issuer = Issuer::new(mint.identifier(), keys.into()).audience(mint.audience());
    let anchors = vec![issuer.build(&Means::new(Backend::aws_lc(), Arc::new(SystemClock))).unwrap()];
    let anchors = Anchors::new(anchors).unwrap();
    Rules { anchors, max_token_bytes: MAX_TOKEN_BYTES, revocation: None, cache: None, watch: None }
}

fn outcome(keys: impl Into<JwkSet>, mint: &Mint, token: &str) -> (&'static str, Option<KeyWish>) {
    outcome_by(&rules(keys, mint), mint, token)
}

fn outcome_by(rules: &Rules, mint: &Mint, token: &str) -> (&'static str, Option<KeyWish>) {
    let clock: Arc<dyn Clock> = Arc::new(mint.clock());
    match rules.decide(token, &clock, &mut ()) {
        Outcome::Decided(decision) => (decision.map_or_else(|error| error.code(), |_| "ok"), None),
        Outcome::Missed(miss) => (miss.error.code(), Some(miss.wish)),
        Outcome::Absent(_) => panic!("there are no tenants"),
    }
}

#[test]
fn a_signature_that_no_key_here_made_may_be_of_a_key_that_is_not_here() {
    let (mint, other) = (Mint::new("https://id.example"), Mint::new("https://id.example"));
    let set = mint.jwks();
    let material = |set: &JwkSet| set.keys().first().unwrap().material().clone();
    let anonymous = |set: &JwkSet| Jwk::from_material(material(set)).unwrap();
    let named = |set: &JwkSet| anonymous(set).with_key_id(mint.key_id());
    let token = mint.token().mint();
    let newer = Some(KeyWish::OtherSet { than: 1 });
    let replaced = Some(KeyWish::Replacement { than: 1 });
    for (name, keys, token, want) in [
        ("it signed", anonymous(&set), &token, ("ok", None)),
        ("it did not sign", anonymous(&other.jwks()), &token, ("signature_invalid", newer)),
        ("the named one signed", named(&set), &token, ("ok", None)),
        ("the named one did not", named(&other.jwks()), &token, ("signature_invalid", replaced)),
    ] {
        assert_eq!(outcome(keys, &mint, token), want, "{name}");
    }
    let unnamed = mint.token().without_header("kid").mint();
    assert_eq!(outcome(anonymous(&set), &mint, &unnamed), ("ok", None));
    assert_eq!(outcome(anonymous(&other.jwks()), &mint, &unnamed), ("signature_invalid", newer));
}

#[test]
fn a_token_of_an_issuer_unknown_here_asks_for_no_keys() {
    let (mint, other) = (Mint::new("https://id.example"), Mint::new("https://other.example"));
    let newer = Some(KeyWish::OtherSet { than: 1 });
    let unknown = |mint: &Mint| mint.token().header("kid", "unknown");
    for (name, token, want) in [
        ("ours by name", unknown(&mint).mint(), ("key_unknown", newer)),
        ("of nobody", unknown(&other).without("iss").mint(), ("key_unknown", newer)),
        ("of another", unknown(&other).mint(), ("issuer_unknown", None)),
        ("of another, under a known key id", other.token().mint(), ("issuer_unknown", None)),
    ] {
        assert_eq!(outcome(mint.jwks(), &mint, &token), want, "{name}");
    }
}

#[test]
fn a_header_that_was_read_before_changes_no_answer_and_no_wish() {
    let (mint, other) = (Mint::new("https://id.example"), Mint::new("https://id.example"));
    let foreign = Mint::new("https://other.example");
    let second = mint.add_key(Algorithm::ES256);
    let both = mint.jwks();
    let material = |set: &JwkSet| set.keys().first().unwrap().material().clone();
    let anonymous = |set: &JwkSet| Jwk::from_material(material(set)).unwrap();
    let named = |set: &JwkSet| anonymous(set).with_key_id(mint.key_id());
    let signed = |by: &Mint, kid: Option<&str>| {
        let token = by.token().claim("azp", "a");
        match kid {
            Some(kid) => token.header("kid", kid).mint(),
            None => token.without_header("kid").mint(),
        }
    };
    let (newer, replaced) = (Some(KeyWish::OtherSet { than: 1 }), Some(KeyWish::Replacement { than: 1 }));
    let id = mint.key_id();
    let one = JwkSet::from(named(&both));
    let sets = [("named", one), ("anonymous", anonymous(&both).into()), ("both", both.clone())];
    let mut known = 0;
    for (name, set) in sets {
        for (kid, wish) in [(None, newer), (Some(&*id), replaced), (Some("unknown"), newer)] {
            let warm = rules(set.clone(), &mint);
            let good = signed(&mint, kid);
            let accepted = outcome_by(&warm, &mint, &good);
            assert_eq!(accepted, outcome(set.clone(), &mint, &good), "{name} {kid:?}");
            let segment = good.split('.').next().unwrap();
            let keys = warm.anchors.fixed()[0].keys.current().unwrap();
            known += usize::from(keys.set().known_header(segment).is_some());
            let forged = signed(&other, kid);
            assert_eq!(forged.split('.').next(), Some(segment));
            if accepted.0 == "ok" {
                let wish = if name == "anonymous" { newer } else { wish };
                assert_eq!(outcome_by(&warm, &mint, &forged), ("signature_invalid", wish), "{name} {kid:?}");
            }
            let tokens = [
                forged,
                good,
                signed(&foreign, kid),
                mint.token().key(&second).without_header("kid").mint(),
                mint.token().key(&second).header("kid", &*id).mint(),
            ];
            for token in tokens {
                let (warm, cold) = (outcome_by(&warm, &mint, &token), outcome(set.clone(), &mint, &token));
                assert_eq!(warm, cold, "{name} {kid:?} {token}");
            }
        }
    }
    assert_eq!(known, 6, "the headers of the other three fit no key, or several");
}

/// So nobody but the issuer fills the few places there are.
#[test]
fn no_header_is_kept_of_a_token_that_is_refused() {
    let (mint, other) = (Mint::new("https://id.example"), Mint::new("https://id.example"));
    let rules = rules(mint.jwks(), &mint);
    let keeps = |token: &str| {
        let keys = rules.anchors.fixed()[0].keys.current().unwrap();
        keys.set().known_header(token.split('.').next().unwrap()).is_some()
    };
    let token = |by: &Mint, n: usize| by.token().header("x", n);
    for (name, token, want) in [
        ("forged", token(&other, 0).mint(), "signature_invalid"),
        ("of another type", token(&mint, 1).header("typ", "jwt").mint(), "type_not_allowed"),
        ("of an unknown key", token(&mint, 2).header("kid", "unknown").mint(), "key_unknown"),
        ("for another audience", token(&mint, 3).claim("aud", "another").mint(), "audience_mismatch"),
        ("good", token(&mint, 4).mint(), "ok"),
    ] {
        for time in ["first", "again"] {
            assert_eq!(outcome_by(&rules, &mint, &token).0, want, "{name}, {time}");
            assert_eq!(keeps(&token), want == "ok", "{name}, {time}");
        }
    }
}
