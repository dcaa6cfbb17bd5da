//! Verifiers made from settings, with tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::jose::KeyMaterial;
use portcullis::testkit::{Mint, TestIssuer};
use portcullis::{Algorithm, Settings};

#[tokio::test]
async fn an_issuer_is_discovered_and_its_rules_hold() {
    let issuer = TestIssuer::start().await;
    let text = |more: &str| {
        format!(
            "[[issuers]]\nidentifier = '{}'\naudiences = ['{}']\n{more}",
            issuer.identifier(),
            issuer.audience()
        )
    };
    let judged = async |more: &str, token: String| {
        let builder = Settings::from_toml(&text(more)).unwrap().builder().unwrap();
        builder.clock(issuer.clock()).build().unwrap().verify(&token).await.map_err(|error| error.code())
    };
    let token = || issuer.token().claim("tenant", "acme").client_id("web").mint();
    for (more, want) in [
        ("", Ok(())),
        ("required_claims = [{ claim = 'tenant', values = ['other', 'acme'] }]", Ok(())),
        ("required_claims = [{ claim = 'tenant', values = ['other'] }]", Err("claim_not_allowed")),
        ("required_claims = [{ claim = 'tenant' }]", Ok(())),
        ("required_claims = [{ claim = 'region' }]", Err("claim_missing")),
        (
            "required_claims = [{ claim = 'tenant' }, { claim = 'tenant', values = ['other'] }]",
            Err("claim_not_allowed"),
        ),
        ("clients = ['web']", Ok(())),
        ("clients = ['mobile']", Err("client_mismatch")),
        ("algorithms = ['ES256']", Ok(())),
        ("algorithms = ['RS256']", Err("algorithm_not_allowed")),
        ("profile = 'lenient'", Ok(())),
        ("profile = 'id_token'", Err("type_not_allowed")),
    ] {
        assert_eq!(judged(more, token()).await.map(|_| ()), want, "{more}");
    }
    let small = format!("max_token_bytes = 256\n{}", text(""));
    let verifier =
        Settings::from_toml(&small).unwrap().builder().unwrap().clock(issuer.clock()).build().unwrap();
    assert_eq!(verifier.verify(&token()).await.unwrap_err().code(), "token_too_large");
}

#[tokio::test]
async fn a_shared_secret_is_read_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    let mint = Mint::builder("https://id.example.com").algorithm(Algorithm::HS256).build();
    let jwks = mint.jwks();
    let KeyMaterial::Oct { secret } = jwks.keys()[0].material() else { panic!("a secret") };
    let secret = &URL_SAFE_NO_PAD.encode(secret);
    std::fs::write(&path, format!("{secret}\n")).unwrap();
    let text = format!(
        "[[issuers]]\nidentifier = '{}'\naudiences = ['{}']\nalgorithms = ['HS256']\nshared_secret = {{ file = '{}', encoding = 'base64url' }}",
        mint.identifier(),
        mint.audience(),
        path.display()
    );
    let settings = Settings::from_toml(&text).unwrap();
    assert!(!format!("{settings:?}").contains(secret));
    assert!(!serde_json::to_string(&settings).unwrap().contains(secret));
    let verifier = || settings.builder().unwrap().clock(mint.clock()).build().unwrap();
    assert!(verifier().verify(&mint.token().mint()).await.is_ok());
    std::fs::write(&path, "YW5vdGhlciBzZWNyZXQgb2YgbW9yZSB0aGFuIDMyIGJ5dGVz").unwrap();
    let refused = verifier().verify(&mint.token().mint()).await.unwrap_err();
    assert_eq!(refused.code(), "signature_invalid");
}
