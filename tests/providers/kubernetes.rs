use std::path::PathBuf;

use portcullis::providers::kubernetes;
use portcullis::{ConfigError, Issuer, Verifier};
use serde_json::{Value, json};

use crate::scene::{Draft, RSA, Scene, jwks};
use crate::support::fixture::NOW;
use crate::support::standing_at;
use crate::tls::{Authority, GOOD, Server};

const API: &str = "orders";

/// Members as in the row `claims-20-kubernetes-service-account` of the real tokens, and what newer clusters add.
fn claims(issuer: &str) -> Value {
    json!({
        "aud": [API], "iss": issuer, "jti": "e51f1fbc", "nbf": NOW - 60,
        "sub": "system:serviceaccount:shop:web",
        "kubernetes.io": {
            "namespace": "shop", "node": {"name": "worker-1", "uid": "517eb86e"},
            "pod": {"name": "web-64776bf78d-jql5b", "uid": "9ad7571b"},
            "serviceaccount": {"name": "web", "uid": "99f65f50"}, "warnafter": NOW + 300,
        },
    })
}

#[tokio::test(start_paused = true)]
async fn service_accounts_of_a_public_cluster() {
    let issuer = "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
    let metadata = json!({
        "issuer": issuer,
        "jwks_uri": "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE/keys",
        "authorization_endpoint": "urn:kubernetes:programmatic_authorization", "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
    });
    let documents = [
        (
            "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE/.well-known/openid-configuration",
            metadata,
        ),
        (
            "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE/keys",
            jwks(None, json!({"alg": "RS256", "use": "sig"})),
        ),
    ];
    let made = kubernetes::cluster(issuer, API)
        .map(|issuer| issuer.require_claim("sub", "system:serviceaccount:shop:web"));
    let scene = Scene::new(made, documents, Draft::new(json!({}), claims(issuer)));
    scene.refuses_the_usual("https://oidc.eks.eu-central-1.amazonaws.com/id/OTHER").await;
    scene.refuses_what_no_id_token_is().await;
    scene
        .refuses("another account", "claim_not_allowed", |draft| {
            draft.claims["sub"] = json!("system:serviceaccount:shop:web2");
        })
        .await;
    scene
        .refuses("an old token in a secret", "claim_missing", |draft| {
            draft.remove("aud");
            draft.remove("exp");
        })
        .await;
    let token = scene.accepts("as issued", |_| ()).await;
    let read = token.claims::<kubernetes::Claims>().unwrap();
    assert!(
        read.is_account("shop", "web") && !read.is_account("shop", "we") && !read.is_account("other", "web")
    );
    assert_eq!(read.pod().and_then(|pod| pod.uid.as_deref()), Some("9ad7571b"));
    assert_eq!(read.node().map(|node| node.name.as_str()), Some("worker-1"));
    let bare = scene.accepts("bound to nothing", |draft| draft.remove("kubernetes.io")).await;
    let read = bare.claims::<kubernetes::Claims>().unwrap();
    assert!(
        !read.is_account("shop", "web") && read.namespace().is_none() && read.service_account().is_none()
    );
}

/// An API server with the cluster's certificate that demands the pod's token, over real sockets.
#[tokio::test]
async fn service_accounts_of_the_own_cluster() {
    let identifier = "https://kubernetes.default.svc.cluster.local";
    let authority = Authority::new("kubernetes");
    let server =
        Server::start(authority.identity("localhost", GOOD), jwks(None, json!({"use": "sig"})).to_string());
    let server = server.await;
    server.demand("pod-token");
    let folder =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("in-cluster-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let made = || kubernetes::in_cluster_at(&server.url(""), &folder, identifier, API);
    let verifier =
        |issuer: Issuer| Verifier::builder().issuer(issuer).clock(standing_at(NOW)).build().unwrap();
    let verdict = async |verifier: &Verifier, claims: &Value| {
        let draft = Draft::new(json!({}), claims.clone());
        let token = RSA.token_of_texts(&draft.header.to_string(), &draft.claims.to_string());
        verifier.verify(&token).await.map_or_else(|error| error.code(), |_| "ok")
    };

    assert!(
        matches!(made(), Err(ConfigError::File { kind: std::io::ErrorKind::NotFound, .. })),
        "not in a cluster"
    );
    std::fs::write(folder.join("ca.crt"), "not a certificate").unwrap();
    assert!(matches!(made(), Err(ConfigError::RootCertificates { .. })));

    std::fs::write(folder.join("ca.crt"), Authority::new("kubernetes").root()).unwrap();
    std::fs::write(folder.join("token"), "pod-token").unwrap();
    assert_eq!(
        verdict(&verifier(made().unwrap()), &claims(identifier)).await,
        "keys_not_loaded",
        "another authority"
    );
    assert!(server.authorizations().is_empty(), "which is not sent the token");

    std::fs::write(folder.join("ca.crt"), authority.root()).unwrap();
    std::fs::write(folder.join("token"), "another").unwrap();
    assert_eq!(
        verdict(&verifier(made().unwrap()), &claims(identifier)).await,
        "keys_not_loaded",
        "another token"
    );

    std::fs::write(folder.join("token"), "pod-token\n").unwrap();
    let good = verifier(made().unwrap());
    assert_eq!(verdict(&good, &claims(identifier)).await, "ok");
    assert_eq!(verdict(&good, &claims("https://other.example.com")).await, "issuer_unknown");
    let mut other = claims(identifier);
    other["aud"] = json!(["payments"]);
    assert_eq!(verdict(&good, &other).await, "audience_mismatch");
}
