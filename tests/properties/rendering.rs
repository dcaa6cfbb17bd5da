//! Every public type, printed with a token and a secret inside: neither may be seen, nor what a sender chose.
//!
//! What the operator wrote into the set-up is shown, as it is the operator who reads: identifiers, audiences, realms and
//! scopes. So is the `kid` of a key that an issuer published, with which the operator finds it.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fmt::Debug;
use std::task::Poll;
use std::time::Duration;

use axum::extract::FromRequestParts;
use http::{Request, Response};
use portcullis::crypto::{Backend, VerifyKey};
use portcullis::http::{Anonymous, methods};
use portcullis::jose::{
    AlgorithmSet, Curve, Header, Jwk, JwkSet, KeyMaterial, KeyUse, MAX_TOKEN_BYTES, Secret, UnverifiedToken,
};
use portcullis::jsonwebtoken::ValidationError;
use portcullis::keys::Keys;
use portcullis::revoke::RevocationStatus;
use portcullis::testkit::{Answer, Flaw, Mint, SigningKey, TestIssuer};
use portcullis::{
    Algorithm, Claims, ConfigError, Error, Issuer, Metrics, Profile, Rejection, Requirement, Scope, Segment,
    Status, SubjectHasher, SystemClock, Unavailable, UnixTime, Unmet, VerifiedToken, Verifier, require,
    scope,
};
use serde_json::json;
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::album::Album;
use crate::hostile::{
    self, AUDIENCE, CHOSEN, Forbidden, ISSUER, SHARED, TRUSTED, VERIFIERS, b64, secret, signed, with,
};

use crate::{actix, audit, explaining, operators, origins, providers, requirements, sources, surface};

#[test]
fn no_public_type_shows_a_token_a_secret_or_what_a_sender_chose() {
    let mut album = Album { pages: BTreeMap::new(), forbidden: Forbidden::new() };
    words(&mut album);
    tokens(&mut album);
    explaining::pictures(&mut album);
    keys(&mut album);
    set_ups(&mut album);
    providers::pictures(&mut album);
    audit::pictures(&mut album);
    surface::pictures(&mut album);
    from_jsonwebtoken(&mut album);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        services(&mut album).await;
        actix::pictures(&mut album).await;
        origins::of_keys(&mut album).await;
        origins::of_tenants(&mut album).await;
        testkit(&mut album).await;
    });
    let mut seen = Vec::new();
    for (name, shown) in &album.pages {
        let bad = shown.iter().find_map(|shown| Some((album.forbidden.in_text(shown)?, shown)));
        seen.extend(bad.map(|(part, shown)| format!("{name} shows {part:?}: {shown}")));
    }
    assert!(seen.is_empty(), "{}", seen.join("\n"));
    let pages: BTreeSet<_> = album.pages.keys().map(|name| (*name).to_owned()).collect();
    assert_eq!(pages, sources::public_types(), "a public type is not in the album, or is gone");
}

/// Types that hold nothing that comes from outside: every value there is, or one of each kind.
fn words(album: &mut Album) {
    for algorithm in Algorithm::ALL {
        album.display("Algorithm", algorithm);
        album.debug("Family", &algorithm.family());
        album.display("KeyType", &algorithm.key_type());
        album.debug("Digest", &algorithm.digest());
    }
    album.debug("AlgorithmSet", &AlgorithmSet::from_iter(Algorithm::ALL.iter().copied()));
    for curve in [Curve::P256, Curve::P384, Curve::P521, Curve::Secp256k1, Curve::Ed25519] {
        album.debug("Curve", &curve);
    }
    album.debug("KeyUse", &[KeyUse::Signature, KeyUse::Other]);
    operators::words(album);
    album.debug("Profile", &[Profile::Rfc9068, Profile::Lenient, Profile::IdToken]);
    for segment in [Segment::Header, Segment::Payload, Segment::Signature] {
        album.display("Segment", &segment);
    }
    let statuses = [
        Status::Unauthenticated,
        Status::InvalidRequest,
        Status::InvalidToken,
        Status::InsufficientScope,
        Status::InsufficientAuthentication,
    ];
    album.debug("Status", &statuses);
    album.debug("Unmet", &[Unmet::Role, Unmet::Predicate("tenant_active"), Unmet::Impossible]);
    album.debug("Backend", Backend::available());
    album.debug("SystemClock", &SystemClock);
    album.display("UnixTime", &UnixTime::from_fractional_seconds(1.5).unwrap());
    album.debug("Flaw", Flaw::ALL);
    // A text that is not the name of a scope is the operator's, and told by `Requirement::mistake`; the error that
    // may be shown to others repeats nothing of it.
    album.error("ScopeError", &Scope::new(format!("{} \"", CHOSEN[0])).unwrap_err());
    album.display("Scope", &Scope::new("orders:read").unwrap());
    album.display("Requirement", &scope("orders:read").or(Requirement::from(Scope::new("admin").unwrap())));
    requirements::pictures(album);
}

/// Tokens, good and bad, and every reason for which one is refused.
fn tokens(album: &mut Album) {
    let good = signed(hostile::header().to_string(), hostile::claims().to_string());
    album.forbidden.token(&good);
    let Poll::Ready(Ok(verified)) = VERIFIERS[0].verify_cached(&good) else { panic!("it is good") };
    album.debug("VerifiedToken", &verified);
    for _ in 0..3 {
        let Poll::Ready(Ok(again)) = VERIFIERS[0].verify_cached(&good) else { panic!("it is still good") };
        album.debug("VerifiedToken", &again);
    }
    let key = [0x3c; 32];
    album.forbidden.bytes(&key);
    let hasher = SubjectHasher::new(key.to_vec()).unwrap();
    album.debug("SubjectHasher", &hasher);
    album.display("SubjectHash", &hasher.hash(&verified).unwrap());
    album.display("TokenCacheStatus", &VERIFIERS[0].token_cache().unwrap());
    album.debug("RevocationStatus", &[RevocationStatus::Revoked, RevocationStatus::unknown()]);
    // The shape is the application's and prints itself; what went wrong with another is ours.
    album.error("Rejection", &verified.claims::<Vec<u8>>().unwrap_err());
    for requirement in requirements::all() {
        // Of what the token says of itself, nothing is told.
        album.error("Rejection", &verified.require(&requirement).unwrap_err());
    }
    let mut codes = BTreeSet::new();
    for token in hostile::tokens() {
        album.forbidden.token(&token);
        match UnverifiedToken::parse(&token, MAX_TOKEN_BYTES) {
            Err(rejection) => album.error("Rejection", &rejection),
            Ok(parsed) => {
                album.debug("UnverifiedToken", &parsed);
                match parsed.header() {
                    Ok(header) => album.debug("Header", &header),
                    Err(rejection) => album.error("Rejection", &rejection),
                }
            }
        }
        for verifier in VERIFIERS.iter() {
            let Poll::Ready(Err(error)) = verifier.verify_cached(&token) else {
                panic!("not refused: {token}")
            };
            codes.insert(error.code());
            album.error("Error", &error);
            let Error::Rejected(rejection) = error else { panic!("fixed keys are always there") };
            match &rejection {
                Rejection::TokenMalformed(fault) => album.error("TokenFault", fault),
                Rejection::HeaderMalformed(fault) => album.error("MemberFault", fault),
                _ => {}
            }
            album.error("Rejection", &rejection);
        }
    }
    assert!(codes.len() > 20, "the tokens are refused for too few reasons: {codes:?}");
    let marked = with(hostile::header(), "kid", json!(CHOSEN[1])).to_string();
    album.debug("Header", &Header::parse(marked.as_bytes()).unwrap());
    let retry_after = Duration::from_secs(1);
    let unavailable = [
        Unavailable::KeysNotLoaded { retry_after },
        Unavailable::KeysExpired { retry_after },
        Unavailable::TenantUnresolved { retry_after },
        Unavailable::TenantsBusy { retry_after },
        Unavailable::RevocationUnknown { retry_after },
    ];
    for unavailable in unavailable {
        album.error("Error", &Error::from(unavailable.clone()));
        album.error("Unavailable", &unavailable);
    }
}

/// Keys with a secret or a private half, and what is said of broken ones.
fn keys(album: &mut Album) {
    let shared = SHARED.jwk().clone();
    let private = with(serde_json::from_str(&TRUSTED.jwk_json()).unwrap(), "d", json!(b64(CHOSEN[0])));
    let private = Jwk::parse(&private.to_string()).unwrap();
    for jwk in [&shared, &private] {
        album.debug("Jwk", jwk);
        album.debug("KeyMaterial", jwk.material());
        let key = VerifyKey::prepare(jwk, jwk.algorithms(), Backend::aws_lc()).unwrap();
        album.debug("VerifyKey", &key);
        album.display("Thumbprint", &Backend::aws_lc().thumbprint(jwk));
    }
    let KeyMaterial::Oct { secret: bytes } = shared.material() else { panic!("it is a secret") };
    album.debug("Secret", bytes);
    album.debug("Secret", &Secret::from(secret()));
    album.debug("JwkSet", &JwkSet::from([shared, private]));
    let mut codes = BTreeSet::new();
    for document in hostile::key_sets() {
        match JwkSet::parse(document.as_bytes()) {
            Err(error) => album.error("JwkSetError", &error),
            Ok(set) => {
                album.debug("JwkSet", &set);
                for skipped in set.skipped() {
                    codes.insert(skipped.error.code());
                    album.debug("Skipped", skipped);
                    album.error("KeyError", &skipped.error);
                }
            }
        }
    }
    assert!(codes.len() >= 7, "the entries are skipped for too few reasons: {codes:?}");
    for text in
        [CHOSEN[0].to_owned(), format!("-----BEGIN {}-----\nAAAA\n-----END {}-----", CHOSEN[1], CHOSEN[1])]
    {
        album.error("KeyError", &Jwk::from_pem(&text).unwrap_err());
        album.error("KeyError", &Jwk::from_der(text.as_bytes()).unwrap_err());
    }
    album.error("KeyError", &Jwk::from_secret(CHOSEN[2], Algorithm::HS256).unwrap_err());
}

/// Set-ups that hold secrets, and those that are refused.
fn set_ups(album: &mut Album) {
    album.debug("Issuer", &hostile::issuer());
    album.debug("Keys", &Keys::fixed(SHARED.jwk().clone()));
    album.debug("VerifierBuilder", &Verifier::builder().issuer(hostile::issuer()));
    album.debug("Verifier", &VERIFIERS[0]);
    album.debug("Metrics", &Metrics::new().verifier("partners"));
    let short =
        Jwk::from_material(KeyMaterial::Oct { secret: CHOSEN[0].as_bytes().to_vec().into() }).unwrap();
    operators::settings(album);
    let refused: Vec<Issuer> = vec![
        Issuer::new(ISSUER, short).audience(AUDIENCE).algorithms([Algorithm::HS256]),
        Issuer::new(ISSUER, SHARED.jwk().clone()).audience(AUDIENCE),
        Issuer::new(ISSUER, JwkSet::default()).audience(AUDIENCE),
        Issuer::new("", SHARED.jwk().clone()),
        Issuer::new(ISSUER, SHARED.jwk().clone()),
    ];
    for issuer in refused {
        album.error("ConfigError", &Verifier::builder().issuer(issuer).build().unwrap_err());
    }
    for text in [
        format!("https://user:{}@id.example.com/keys", CHOSEN[0]),
        format!("https://{}@id.example.com/keys", CHOSEN[1]),
        format!("http://id.example.com/keys?code={}", CHOSEN[2]),
        format!("https://id.example.com/keys?code={}#x", CHOSEN[3]),
        format!("https://id.example.com/#{}", CHOSEN[4]),
        format!("http://user:{}?@id.example.com/", CHOSEN[5]),
    ] {
        let refused = [Issuer::jwks_url(ISSUER, text.as_str()).err(), Issuer::discover(text).err()];
        let refused: Vec<ConfigError> = refused.into_iter().flatten().collect();
        assert!(!refused.is_empty());
        refused.iter().for_each(|error| album.error("ConfigError", error));
    }
}

/// What came from jsonwebtoken: its keys print their parts, ours do not.
fn from_jsonwebtoken(album: &mut Album) {
    use jsonwebtoken::{Algorithm as Theirs, DecodingKey, Validation, jwk};
    let shared: jwk::Jwk = serde_json::from_str(&SHARED.jwk_json()).unwrap();
    let decoding = DecodingKey::from_jwk(&shared).unwrap();
    for key in [Jwk::try_from(&shared), Jwk::try_from(&decoding)] {
        album.debug("Jwk", &key.unwrap());
    }
    album.debug("JwkSet", &JwkSet::try_from(&jwk::JwkSet { keys: vec![shared] }).unwrap());
    let changes: [fn(&mut Validation); 9] = [
        |rules| rules.algorithms.clear(),
        |rules| rules.algorithms.push(Theirs::RS256),
        |rules| rules.leeway = 301,
        |rules| rules.reject_tokens_expiring_in_less_than = 61,
        |rules| rules.validate_exp = false,
        |rules| rules.validate_aud = false,
        |rules| rules.aud = None,
        |rules| rules.set_issuer(&["https://other.example"]),
        |rules| rules.set_required_spec_claims(&["jti"]),
    ];
    let mut seen = BTreeSet::new();
    for change in changes {
        let mut rules = Validation::new(Theirs::HS256);
        rules.set_audience(&[AUDIENCE]);
        change(&mut rules);
        let refused = Issuer::from_validation(ISSUER, SHARED.jwk().clone(), &rules).unwrap_err();
        album.error("ValidationError", &refused);
        seen.insert(refused.to_string());
    }
    seen.insert(ValidationError::AlgorithmUnknown.to_string());
    album.error("ValidationError", &ValidationError::AlgorithmUnknown);
    assert_eq!(seen.len(), 10);
}

type Planted = Request<String>;

/// The layer, routes and extractors around requests with good tokens and bad.
async fn services(album: &mut Album) {
    let inner = service_fn(|request: Planted| async move {
        Ok::<_, Infallible>(
            Response::builder().extension(request.extensions().clone()).body(String::new()).unwrap(),
        )
    });
    let good = signed(hostile::header().to_string(), hostile::claims().to_string());
    let layer = VERIFIERS[0].layer().optional();
    album.debug("AuthLayer", &layer);
    let route = require(scope("orders:write"));
    album.debug("RequireLayer", &route);
    // An inner service that prints nothing, as `service_fn` would print where its function stands.
    album.debug("Auth", &layer.layer(()));
    album.debug("Require", &route.layer(()));
    let table = methods().allow("/shop.Orders/List", scope("orders:write")).allow_anyone("/shop.Orders/*");
    album.debug("MethodTable", &table);
    album.debug("ByMethod", &table.layer(()));
    album.debug("VerifierInterceptor", &VERIFIERS[0].interceptor());
    let mut plants = Vec::new();
    for token in hostile::tokens().into_iter().chain([good]) {
        let Ok(request) =
            Request::builder().header("authorization", format!("Bearer {token}")).body(String::new())
        else {
            continue;
        };
        let future = layer.layer(inner).call(request);
        album.debug("ResponseFuture", &future);
        let response = future.await.unwrap();
        if let Some(error) = response.extensions().get::<Error>() {
            album.debug("Error", &tonic::Status::from(error.clone()));
        }
        // What leaves the house: the challenge and all other headers.
        album.put("Error", format!("{:?}", response.headers()));
        plants.extend(response.extensions().get::<http::Extensions>().cloned());
    }
    let nobody = layer.layer(inner).oneshot(Request::new(String::new())).await.unwrap();
    let nobody = nobody.extensions().get::<http::Extensions>().cloned().unwrap();
    album.debug("Anonymous", nobody.get::<Anonymous>().unwrap());
    assert_eq!(plants.len(), 1, "one token is good");
    for planted in [plants.remove(0), nobody] {
        let request = || {
            let mut request = Request::new(String::new());
            *request.extensions_mut() = planted.clone();
            request
        };
        album.debug("EarlyFuture", &route.layer(inner).call(request()));
        let (mut parts, _) = request().into_parts();
        match <Claims<Redacted> as FromRequestParts<()>>::from_request_parts(&mut parts, &()).await {
            Ok(claims) => album.debug("Claims", &claims),
            Err(refusal) => album.debug("ExtractorRefusal", &refusal),
        }
        if let Err(refusal) =
            <Claims<Vec<u8>> as FromRequestParts<()>>::from_request_parts(&mut parts, &()).await
        {
            album.debug("ExtractorRefusal", &refusal);
        }
        if let Ok(token) = <VerifiedToken as FromRequestParts<()>>::from_request_parts(&mut parts, &()).await
        {
            album.debug("VerifiedToken", &token);
        }
    }
}

/// An application's own shape, which prints as the application wants.
#[derive(serde::Deserialize)]
struct Redacted {
    #[expect(dead_code, reason = "is there to be read, and not to be shown")]
    sub: String,
}

impl Debug for Redacted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redacted")
    }
}

async fn testkit(album: &mut Album) {
    for key in [&*TRUSTED, &*SHARED, &SigningKey::generate(Algorithm::HS512, "a")] {
        if let KeyMaterial::Oct { secret } = key.jwk().material() {
            album.forbidden.bytes(secret);
        }
        album.debug("SigningKey", key);
    }
    let builder = Mint::builder(ISSUER).algorithm(Algorithm::HS256);
    album.debug("MintBuilder", &builder);
    let mint = builder.build();
    for jwk in mint.jwks().keys() {
        let KeyMaterial::Oct { secret } = jwk.material() else { panic!("it signs with a secret") };
        album.forbidden.bytes(secret);
    }
    album.debug("Mint", &mint);
    album.debug("TestClock", &mint.clock());
    let token = mint.token().subject(CHOSEN[0]).header("kid", CHOSEN[1]).claim(CHOSEN[2], CHOSEN[3]);
    album.debug("TokenBuilder", &token);
    album.forbidden.token(&token.mint());
    for answer in [
        Answer::Normal,
        Answer::Status(500),
        Answer::Body(CHOSEN[0].to_owned()),
        Answer::Body(SHARED.jwk_json()),
        Answer::Redirect(format!("https://id.example.com/?{}", CHOSEN[1])),
    ] {
        album.debug("Answer", &answer);
    }
    let builder = TestIssuer::builder().algorithm(Algorithm::HS256);
    album.debug("TestIssuerBuilder", &builder);
    let issuer = builder.start().await;
    issuer.answer(Answer::Body(CHOSEN[2].to_owned()));
    for jwk in issuer.jwks().keys() {
        let KeyMaterial::Oct { secret } = jwk.material() else { panic!("it signs with a secret") };
        album.forbidden.bytes(secret);
    }
    album.debug("TestIssuer", &issuer);
}
