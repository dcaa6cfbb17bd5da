use portcullis::providers::gitlab_ci;
use serde_json::json;

use crate::scene::{Draft, Scene, jwks};

/// Made by us after <https://docs.gitlab.com/ci/secrets/id_token_authentication/>.
#[tokio::test(start_paused = true)]
async fn id_tokens_of_jobs() {
    let issuer = "https://gitlab.example.com";
    let api = "https://deploy.example.com";
    let claims = json!({
        "namespace_id": "72", "namespace_path": "my-group", "project_id": "20", "project_path": "my-group/my-project",
        "user_id": "1", "user_login": "sample-user", "user_email": "sample-user@example.com", "pipeline_id": "574",
        "pipeline_source": "push", "job_id": "302", "ref": "main", "ref_type": "branch",
        "ref_path": "refs/heads/main", "ref_protected": "true", "groups_direct": ["mygroup/mysubgroup"],
        "environment": "prod", "environment_protected": "false", "runner_id": 1, "runner_environment": "self-hosted",
        "sha": "714a629c0b401fdce83e847fc9589983fc6f46bc", "project_visibility": "public",
        "ci_config_ref_uri": "gitlab.example.com/my-group/my-project//.gitlab-ci.yml@refs/heads/main",
        "jti": "235b3a54", "iss": issuer, "nbf": 1_699_999_000, "aud": api,
        "sub": "project_path:my-group/my-project:ref_type:branch:ref:main",
    });
    let metadata = json!({
        "issuer": issuer, "jwks_uri": "https://gitlab.example.com/oauth/discovery/keys",
        "authorization_endpoint": "https://gitlab.example.com/oauth/authorize",
        "id_token_signing_alg_values_supported": ["RS256"], "subject_types_supported": ["public"],
    });
    let documents = [
        ("https://gitlab.example.com/.well-known/openid-configuration", metadata),
        (
            "https://gitlab.example.com/oauth/discovery/keys",
            jwks(None, json!({"alg": "RS256", "use": "sig"})),
        ),
    ];
    let made = gitlab_ci::namespace("gitlab.example.com", "72", api);
    let scene = Scene::new(made, documents, Draft::new(json!({"typ": "JWT"}), claims));
    scene.refuses_the_usual("https://gitlab.com").await;
    scene.refuses_what_no_id_token_is().await;
    scene
        .refuses("a project elsewhere", "claim_not_allowed", |draft| {
            draft.claims["namespace_id"] = json!("720")
        })
        .await;
    scene.refuses("a number", "claim_type", |draft| draft.claims["namespace_id"] = json!(72)).await;
    scene.refuses("no namespace", "claim_missing", |draft| draft.remove("namespace_id")).await;
    let token = scene.accepts("as issued", |_| ()).await;
    let read = token.claims::<gitlab_ci::Claims>().unwrap();
    assert!(read.is_protected());
    assert_eq!(read.project_path.as_deref(), Some("my-group/my-project"));
    let open =
        scene.accepts("a branch of its own", |draft| draft.claims["ref_protected"] = json!("false")).await;
    assert!(!open.claims::<gitlab_ci::Claims>().unwrap().is_protected());
}
