//! The way of an honest client, by rmcp: refused, told where to go, let in, refused again, let in further.

use std::collections::BTreeMap;
use std::error::Error;

use portcullis::testkit::TestIssuer;
use rmcp::model::{CallToolRequestParams, CallToolResult, JsonObject, ProtocolVersion};
use rmcp::service::{RoleClient, RunningService, ServiceError};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::auth::{AuthClient, AuthorizationCallback, AuthorizationRequest, OAuthState};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientLifecycleMode, ClientServiceExt, ServiceExt};
use serde_json::{Value, json};
use url::Url;

use crate::stand_in::CLIENT;
use crate::table::Table;

/// Where the authorization server sends the user's browser back to: a native client listens there.
const CALLBACK: &str = "http://127.0.0.1:33418/callback";

pub(crate) async fn play(server: &TestIssuer, mcp: &str, table: &mut Table) -> Result<(), Box<dyn Error>> {
    // Without a token: 401, and the challenge says where the metadata are and what to ask for.
    let refused = connect(reqwest::Client::new(), mcp).await.err().ok_or("let in without a token")?;
    let challenge = refused.auth_challenge().unwrap_or_default().to_owned();
    let document = mcp.replace("/mcp", "/.well-known/oauth-protected-resource/mcp");
    let wanted = format!(r#"Bearer realm="{mcp}", scope="notes:read", resource_metadata="{document}""#);
    table.same("without a token: the challenge", &challenge, wanted);

    // From there rmcp finds the authorization server and makes the address for the user's browser.
    let mut oauth = OAuthState::new(mcp, None).await?;
    let ask = AuthorizationRequest::new(CALLBACK)
        .with_challenge(challenge)
        .with_client_metadata_url(CLIENT)
        .with_initial_scope_selection();
    oauth.start_authorization(ask).await?;
    let address = Url::parse(&oauth.get_authorization_url().await?)?;
    let asked: BTreeMap<_, _> = address.query_pairs().collect();
    for (name, wanted) in [
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", CALLBACK),
        ("code_challenge_method", "S256"),
        ("scope", "notes:read"),
        ("resource", mcp),
    ] {
        table.same(&format!("the authorization request: {name}"), asked.get(name), Some(wanted));
    }
    table.same(
        "the authorization request: a challenge for PKCE",
        asked.get("code_challenge").map(|text| text.len()),
        Some(43),
    );

    // The user consents; the code is changed for a token, for this server and no other.
    oauth.handle_callback_url(&consent(address.as_str()).await?).await?;
    let manager = oauth.into_authorization_manager().ok_or("not authorized")?;
    let authorized = AuthClient::new(reqwest::Client::new(), manager);
    let client = connect(authorized.clone(), mcp).await?;
    let tools = client.list_all_tools().await?;
    table.same("with a token: tools are listed", tools.len(), 2);
    table.same(
        "with a token: a tool answers",
        call(&client, "read_notes", json!({})).await.map(text).ok(),
        Some(""),
    );

    // A tool that needs more: 403, which rmcp hands over as a challenge.
    let note = json!({ "text": "buy milk" });
    let refused = call(&client, "write_note", note.clone()).await.err().ok_or("written without the scope")?;
    let challenge = refused.auth_challenge().unwrap_or_default();
    let wanted = format!(
        r#"Bearer realm="{mcp}", error="insufficient_scope", error_description="scope missing, needed: notes:write", reason="scope_missing", scope="notes:write", resource_metadata="{document}""#
    );
    table.same("the write tool with the read scope: the challenge", challenge, wanted);

    // Step-up: the user consents to both scopes, and the same client goes on.
    let manager = authorized.auth_manager.lock().await;
    let address = manager.request_scope_upgrade("notes:write").await?;
    let asked = Url::parse(&address)?;
    let scope = asked.query_pairs().find_map(|(name, value)| (name == "scope").then_some(value));
    table.same("the step-up: both scopes are asked for", scope, Some("notes:read notes:write"));
    let back = AuthorizationCallback::from_redirect_url(&consent(&address).await?)?;
    manager.exchange_code_for_token_with_issuer(&back.code, &back.csrf_token, back.issuer.as_deref()).await?;
    drop(manager);
    let written = call(&client, "write_note", note).await.map(text).ok();
    table.same("after the step-up: the note is written", written, Some("written"));
    let read = call(&client, "read_notes", json!({})).await.map(text).ok();
    table.same("after the step-up: and read", read, Some("buy milk"));

    client.cancel().await?;

    // rmcp's client as it comes speaks an older revision, without `Mcp-Name`: there the tool itself refuses, in JSON-RPC.
    let reader = server.token().subject("eve").scope("notes:read").mint();
    let config = StreamableHttpClientTransportConfig::with_uri(mcp).auth_header(reader);
    let client = ().serve(StreamableHttpClientTransport::from_config(config)).await?;
    let read = call(&client, "read_notes", json!({})).await.map(text).ok();
    table.same("an older client: a tool answers", read, Some(""));
    let reason = match call(&client, "write_note", json!({ "text": "a note" })).await {
        Err(ServiceError::McpError(error)) => error.data,
        _ => None,
    };
    table.same("an older client: the write tool", reason, Some(json!({ "reason": "scope_missing" })));
    client.cancel().await?;

    table.same("keys were fetched", server.fetches(), 1);
    Ok(())
}

type Client = RunningService<RoleClient, ()>;

/// A client of revision 2026-07-28.
async fn connect<C>(http: C, mcp: &str) -> Result<Client, rmcp::service::ClientInitializeError>
where
    C: rmcp::transport::streamable_http_client::StreamableHttpClient + Send + 'static,
{
    let config = StreamableHttpClientTransportConfig::with_uri(mcp);
    let transport = StreamableHttpClientTransport::with_client(http, config);
    let lifecycle = ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] };
    ().serve_with_lifecycle(transport, lifecycle).await
}

async fn call(client: &Client, tool: &'static str, arguments: Value) -> Result<CallToolResult, ServiceError> {
    let arguments: JsonObject = arguments.as_object().cloned().unwrap_or_default();
    client.call_tool(CallToolRequestParams::new(tool).with_arguments(arguments)).await
}

fn text(result: CallToolResult) -> String {
    result.content.iter().filter_map(|block| block.as_text()).map(|block| block.text.as_str()).collect()
}

/// The user's browser: opens the address and is sent back.
async fn consent(address: &str) -> Result<String, Box<dyn Error>> {
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let response = browser.get(address).send().await?;
    let back = response.headers().get("location").ok_or("no consent")?;
    Ok(back.to_str()?.to_owned())
}
