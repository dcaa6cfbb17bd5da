use portcullis::providers::entra;
use portcullis::{ConfigError, Issuer};
use serde_json::{Value, json};

use crate::scene::{Draft, Scene, jwks, published};

const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
const OTHER: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";
const API: &str = "6731de76-14a6-49ae-97bc-6eba6914391e";

/// The metadata that was published for all tenants, with one tenant in the place of the template.
fn metadata(id: &str) -> Value {
    serde_json::from_str(&published(id).to_string().replace("{tenantid}", TENANT)).unwrap()
}

/// Made by us after <https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>.
fn claims(issuer: &str, audience: &str) -> Value {
    json!({
        "aud": audience, "iss": issuer, "tid": TENANT, "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474",
        "sub": "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ", "scp": "Orders.Read Orders.Write",
        "roles": ["Orders.Admin"], "groups": ["8bb93ef3-9a4b-4f7a-9a8f-3a1b7d0f1c11"],
        "wids": ["62e90394-69f5-4237-9190-012177145e10"], "uti": "u", "aio": "a", "rh": "r", "nbf": 1_699_999_900,
    })
}

/// Keys as published, with one of another tenant; the token's names every tenant by the template.
fn keys() -> Value {
    let template = "https://login.microsoftonline.com/{tenantid}/v2.0";
    jwks(Some("real-jwks-01"), json!({"use": "sig", "x5t": "x", "x5c": ["MIIC"], "issuer": template}))
}

#[tokio::test(start_paused = true)]
async fn access_tokens_of_v2() {
    let issuer = "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0";
    let mut claims = claims(issuer, API);
    claims["ver"] = json!("2.0");
    claims["azp"] = json!("client");
    claims["azpacr"] = json!("1");
    let documents = [
        (
            "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0/.well-known/openid-configuration",
            metadata("disc-002"),
        ),
        ("https://login.microsoftonline.com/common/discovery/v2.0/keys", keys()),
    ];
    let draft = Draft::new(json!({"typ": "JWT"}), claims);
    let scene = Scene::new(entra::v2(TENANT, API), documents, draft);
    scene.refuses_the_usual(&issuer.replace(TENANT, OTHER)).await;
    scene.refuses_the_usual("https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/").await;
    scene.refuses_id_tokens().await;
    scene
        .refuses("the template", "issuer_unknown", |draft| {
            draft.claims["iss"] = json!("https://login.microsoftonline.com/{tenantid}/v2.0");
        })
        .await;
    let id_token = json!({"iss": issuer, "aud": API, "sub": "s", "nonce": "n", "tid": TENANT, "ver": "2.0"});
    scene.refuses("an ID token of the same app", "not_access_token", |draft| draft.replace(id_token)).await;
    let token = scene.accepts("as issued", |_| ()).await;
    assert_eq!(token.scopes().collect::<Vec<_>>(), ["Orders.Read", "Orders.Write"]);
    let read = token.claims::<entra::Claims>().unwrap();
    assert!(read.has_role("Orders.Admin") && !read.has_role("Orders.admin"));
    assert!(read.is_in_group("8bb93ef3-9a4b-4f7a-9a8f-3a1b7d0f1c11") && !read.groups_are_left_out());
    assert_eq!((read.tid.as_deref(), read.wids.len()), (Some(TENANT), 1));
    for overage in [("hasgroups", json!(true)), ("_claim_names", json!({"groups": "src1"}))] {
        let many = scene
            .accepts("too many groups", |draft| {
                draft.remove("groups");
                draft.claims[overage.0] = overage.1;
            })
            .await;
        assert!(many.claims::<entra::Claims>().unwrap().groups_are_left_out(), "{}", overage.0);
    }
}

#[tokio::test(start_paused = true)]
async fn access_tokens_of_v1() {
    let issuer = "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/";
    let api = "api://6731de76-14a6-49ae-97bc-6eba6914391e";
    let mut claims = claims(issuer, api);
    claims["ver"] = json!("1.0");
    claims["appid"] = json!("client");
    claims["appidacr"] = json!("1");
    let documents = [
        (
            "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/.well-known/openid-configuration",
            metadata("disc-001"),
        ),
        ("https://login.microsoftonline.com/common/discovery/keys", keys()),
    ];
    let draft = Draft::new(json!({"typ": "JWT", "x5t": "x"}), claims);
    let scene = Scene::new(entra::v1(TENANT, api), documents, draft);
    scene.refuses_the_usual(&issuer.replace(TENANT, OTHER)).await;
    scene
        .refuses_the_usual("https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0")
        .await;
    scene.refuses_id_tokens().await;
    scene
        .refuses("the other form of the audience", "audience_mismatch", |draft| {
            draft.claims["aud"] = json!(API)
        })
        .await;
    let token = scene.accepts("as issued", |_| ()).await;
    assert_eq!(token.claims::<entra::Claims>().unwrap().appid.as_deref(), Some("client"));
}

/// A key that says that it is another tenant's signs for nobody here, as for the accounts of private persons.
#[tokio::test(start_paused = true)]
async fn a_key_of_another_tenant() {
    let issuer = "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0";
    let documents = |owner: &str| {
        [
            (
                "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0/.well-known/openid-configuration",
                metadata("disc-002"),
            ),
            (
                "https://login.microsoftonline.com/common/discovery/v2.0/keys",
                jwks(Some("real-jwks-01"), json!({"use": "sig", "issuer": issuer.replace(TENANT, owner)})),
            ),
        ]
    };
    let draft = || Draft::new(json!({"typ": "JWT"}), claims(issuer, API));
    let own = Scene::new(entra::v2(TENANT, API), documents(TENANT), draft());
    own.accepts("a key of the tenant", |_| ()).await;
    let other = Scene::new(entra::v2(TENANT, API), documents(OTHER), draft());
    other.refuses("a key of another", "key_unknown", |_| ()).await;
}

/// Every organisation matches the pattern; who is a customer is told by the resolver, and by no name in the token.
#[tokio::test(start_paused = true)]
async fn a_tenant_that_is_a_customer() {
    type Preset = fn(&str) -> Result<Issuer, ConfigError>;
    let (v2, v1): (Preset, Preset) = (|id| entra::v2(id, API), |id| entra::v1(id, API));
    for (pattern, preset, issuer, metadata_at, published, keys_at) in [
        (
            entra::v2_tenants().unwrap(),
            v2,
            "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0",
            "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0/.well-known/openid-configuration",
            "disc-002",
            "https://login.microsoftonline.com/common/discovery/v2.0/keys",
        ),
        (
            entra::v1_tenants().unwrap(),
            v1,
            "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/",
            "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/.well-known/openid-configuration",
            "disc-001",
            "https://login.microsoftonline.com/common/discovery/keys",
        ),
    ] {
        let documents = [(metadata_at, metadata(published)), (keys_at, keys())];
        let customer = move |id: &str| (id == TENANT).then(|| preset(id));
        let draft = Draft::new(json!({"typ": "JWT"}), claims(issuer, API));
        let scene = Scene::of_tenants(pattern, customer, documents, draft);
        scene.refuses_the_usual(&issuer.replace(TENANT, OTHER)).await;
        let token = scene.accepts("of a customer", |_| ()).await;
        assert_eq!(token.issuer(), issuer);
        for name in
            ["common", "organizations", "consumers", "{tenantid}", "..", "a/b", &TENANT.to_uppercase()]
        {
            let change = |draft: &mut Draft| draft.claims["iss"] = json!(issuer.replace(TENANT, name));
            scene.refuses(name, "issuer_unknown", change).await;
        }
    }
}
