use portcullis::providers::github_actions;
use serde_json::json;

use crate::scene::{Draft, Scene, jwks};

/// Made by us after <https://docs.github.com/actions/reference/openid-connect-reference>.
#[tokio::test(start_paused = true)]
async fn id_tokens_of_jobs() {
    let issuer = "https://token.actions.githubusercontent.com";
    let api = "https://deploy.example.com";
    let claims = json!({
        "jti": "example-id", "sub": "repo:octo-org/octo-repo:environment:prod", "environment": "prod", "aud": api,
        "ref": "refs/heads/main", "sha": "example-sha", "repository": "octo-org/octo-repo",
        "repository_owner": "octo-org", "actor_id": "12", "repository_visibility": "private", "repository_id": "74",
        "repository_owner_id": "65", "run_id": "example-run-id", "run_number": "10", "run_attempt": "2",
        "runner_environment": "github-hosted", "actor": "octocat", "workflow": "example-workflow", "head_ref": "",
        "base_ref": "", "event_name": "workflow_dispatch", "ref_type": "branch",
        "job_workflow_ref": "octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main",
        "iss": issuer, "nbf": 1_699_999_000,
    });
    let metadata = json!({
        "issuer": issuer, "jwks_uri": "https://token.actions.githubusercontent.com/.well-known/jwks",
        "subject_types_supported": ["public", "pairwise"], "response_types_supported": ["id_token"],
        "id_token_signing_alg_values_supported": ["RS256"], "scopes_supported": ["openid"],
    });
    let documents = [
        ("https://token.actions.githubusercontent.com/.well-known/openid-configuration", metadata),
        (
            "https://token.actions.githubusercontent.com/.well-known/jwks",
            jwks(None, json!({"alg": "RS256", "use": "sig", "x5c": ["MIIC"], "x5t": "x"})),
        ),
    ];
    let made = github_actions::repositories_of("octo-org", api);
    let made = made.map(|issuer| issuer.require_claim("ref", "refs/heads/main"));
    let scene = Scene::new(made, documents, Draft::new(json!({"typ": "JWT", "x5t": "x"}), claims));
    scene.refuses_the_usual("https://token.actions.githubusercontent.com/acme").await;
    scene.refuses_what_no_id_token_is().await;
    scene
        .refuses("a repository of another", "claim_not_allowed", |draft| {
            draft.claims["repository_owner"] = json!("octo-org-2");
        })
        .await;
    scene.refuses("no owner", "claim_missing", |draft| draft.remove("repository_owner")).await;
    scene
        .refuses("another branch", "claim_not_allowed", |draft| draft.claims["ref"] = json!("refs/heads/x"))
        .await;
    let token = scene.accepts("as issued", |_| ()).await;
    let read = token.claims::<github_actions::Claims>().unwrap();
    assert!(read.is_branch("octo-org/octo-repo", "main"));
    assert!(
        !read.is_branch("octo-org/octo-repo", "refs/heads/main") && !read.is_branch("octo-org/octo", "main")
    );
    assert_eq!(
        (read.environment.as_deref(), read.repository_owner_id.as_deref()),
        (Some("prod"), Some("65"))
    );
}
