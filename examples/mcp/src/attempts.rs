//! What else is sent to the server, by hand, as rmcp's client would not.

use std::error::Error;

use axum::Router;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::routing::get;
use portcullis::Verifier;
use portcullis::testkit::TestIssuer;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::server::guarded;
use crate::table::Table;

pub(crate) async fn play(
    server: &TestIssuer,
    verifier: &Verifier,
    mcp: &str,
    table: &mut Table,
) -> Result<(), Box<dyn Error>> {
    let http = Client::new();
    documents(&http, server, mcp, table).await?;

    // No pass-through: what was issued for somebody else is worth nothing here.
    let read = || server.token().subject("eve").scope("notes:read");
    for (sent, token, reason) in [
        ("a token for another API", read().audience("https://api.example.com"), "audience_mismatch"),
        ("a token for a neighbour", read().audience(mcp.replace("/mcp", "/other")), "audience_mismatch"),
        ("a token for the whole host", read().audience(mcp.replace("/mcp", "")), "audience_mismatch"),
        ("a token for nobody", read().without("aud"), "claim_missing"),
        ("a token of another issuer", read().claim("iss", "https://id.example.com"), "issuer_unknown"),
        ("an expired token", read().expired_for(std::time::Duration::from_secs(61)), "token_expired"),
    ] {
        let response = post(&http, mcp, Call::of("read_notes")).bearer_auth(token.mint()).send().await?;
        table.same(sent, answer(&response), (401, "invalid_token", reason, "notes:read"));
    }

    let good = read().mint();
    let in_query = post(&http, &format!("{mcp}?access_token={good}"), Call::of("read_notes")).send().await?;
    table.same("a token in the query", answer(&in_query), (401, "", "", "notes:read"));
    let session =
        post(&http, mcp, Call::of("read_notes")).header("Mcp-Session-Id", "anyone's").send().await?;
    table.same("a session id in place of a token", answer(&session), (401, "", "", "notes:read"));

    // Behind the guard there is no token that a tool could send on to somebody else.
    let spy = get(|head: HeaderMap| async move { head.contains_key(AUTHORIZATION).to_string() });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let behind = format!("http://{}/", listener.local_addr()?);
    let app = guarded(verifier, Router::new().route("/", spy))?;
    tokio::spawn(async move { axum::serve(listener, app).await });
    let seen = http.get(behind).bearer_auth(&good).send().await?.text().await?;
    table.same("behind the guard: is the token seen", seen, "false");

    // Scopes.
    let none = server.token().scope("profile").mint();
    let response = post(&http, mcp, Call::of("read_notes")).bearer_auth(none).send().await?;
    table.same(
        "a token without our scopes",
        answer(&response),
        (403, "insufficient_scope", "scope_missing", "notes:read"),
    );
    let response = post(&http, mcp, Call::of("write_note")).bearer_auth(&good).send().await?;
    table.same(
        "the write tool with the read scope",
        answer(&response),
        (403, "insufficient_scope", "scope_missing", "notes:write"),
    );
    let greater = server.token().scope("notes:write").mint();
    let response = post(&http, mcp, Call::of("read_notes")).bearer_auth(greater).send().await?;
    table.same(
        "the read tool with the write scope, which implies the other",
        answer(&response),
        (200, "", "", ""),
    );

    // A client chooses what its headers say, and older ones send none: the tool looks for itself.
    let lie = Call { named: Some("read_notes"), ..Call::of("write_note") };
    let response = post(&http, mcp, lie).bearer_auth(&good).send().await?;
    table.same("a header that names another tool than the body", response.status().as_u16(), 400);
    let old = Call { revision: "2025-11-25", named: None, ..Call::of("write_note") };
    let response = post(&http, mcp, old).bearer_auth(&good).send().await?;
    table.same("the write tool by the protocol before: HTTP", response.status().as_u16(), 200);
    let error = message(response).await?;
    table.same(
        "the write tool by the protocol before: JSON-RPC",
        error.pointer("/error/data/reason"),
        Some(json!("scope_missing")),
    );
    let lie = Call { named: Some("read_notes"), revision: "2025-11-25", ..Call::of("write_note") };
    let error = message(post(&http, mcp, lie).bearer_auth(&good).send().await?).await?;
    table.same(
        "the same with a header that lies",
        error.pointer("/error/data/reason"),
        Some(json!("scope_missing")),
    );

    let coded = Call { named: Some("=?base64?d3JpdGVfbm90ZQ==?="), ..Call::of("write_note") };
    let error = message(post(&http, mcp, coded).bearer_auth(&good).send().await?).await?;
    table.same(
        "a header with the tool in base64",
        error.pointer("/error/data/reason"),
        Some(json!("scope_missing")),
    );

    // Notes are those of the token's subject.
    let response = post(&http, mcp, Call::of("read_notes")).bearer_auth(&good).send().await?;
    let answered = message(response).await?;
    table.same("the notes of another subject", answered.pointer("/result/content/0/text"), Some(json!("")));

    // A browser on a page that was not named.
    let strange =
        post(&http, mcp, Call::of("read_notes")).bearer_auth(&good).header("Origin", "https://evil.example");
    table.same("from a strange origin", strange.send().await?.status().as_u16(), 403);
    Ok(())
}

/// The metadata of the resource: at its place, for anyone, from any origin.
async fn documents(
    http: &Client,
    server: &TestIssuer,
    mcp: &str,
    table: &mut Table,
) -> Result<(), Box<dyn Error>> {
    let place = mcp.replace("/mcp", "/.well-known/oauth-protected-resource/mcp");
    let document: Value = http.get(&place).send().await?.json().await?;
    table.same("the document: whose it is", document.get("resource"), Some(json!(mcp)));
    table.same(
        "the document: who issues tokens",
        document.pointer("/authorization_servers"),
        Some(json!([server.identifier()])),
    );
    table.same(
        "the document: scopes to start with",
        document.pointer("/scopes_supported"),
        Some(json!(["notes:read"])),
    );
    let preflight = http
        .request(Method::OPTIONS, &place)
        .header("Origin", "https://inspector.example.com")
        .header("Access-Control-Request-Method", "GET")
        .header("Access-Control-Request-Headers", "mcp-protocol-version");
    let preflight = preflight.send().await?;
    table.same("the document: a browser may ask for it", preflight.status().as_u16(), 204);
    table.same("the document: from any page", header(&preflight, "access-control-allow-origin"), "*");
    table.same("the document: with any header", header(&preflight, "access-control-allow-headers"), "*");
    Ok(())
}

/// A tool call, and what its head says of it.
struct Call {
    tool: &'static str,
    named: Option<&'static str>,
    revision: &'static str,
}

impl Call {
    fn of(tool: &'static str) -> Self {
        Self { tool, named: Some(tool), revision: "2026-07-28" }
    }
}

fn post(http: &Client, mcp: &str, call: Call) -> RequestBuilder {
    let mut request = http
        .post(mcp)
        .header("Accept", "application/json, text/event-stream")
        .header("MCP-Protocol-Version", call.revision);
    let mut meta = json!({});
    if call.revision == "2026-07-28" {
        request = request.header("Mcp-Method", "tools/call");
        meta = json!({
            "io.modelcontextprotocol/protocolVersion": call.revision,
            "io.modelcontextprotocol/clientInfo": { "name": "by hand", "version": "0" },
            "io.modelcontextprotocol/clientCapabilities": {},
        });
    }
    if let Some(tool) = call.named {
        request = request.header("Mcp-Name", tool);
    }
    let parameters = json!({ "name": call.tool, "arguments": { "text": "a note" }, "_meta": meta });
    request.json(&json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": parameters }))
}

/// The status, and `error`, `reason` and `scope` of the challenge.
fn answer(response: &Response) -> (u16, &str, &str, &str) {
    let challenge = header(response, "www-authenticate");
    let parameter = |name: &str| {
        let rest = challenge.split_once(&format!("{name}=\"")).map_or("", |(_, rest)| rest);
        rest.split_once('"').map_or("", |(value, _)| value)
    };
    (response.status().as_u16(), parameter(" error"), parameter(" reason"), parameter(" scope"))
}

fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The JSON-RPC message, from a stream of events of which it is the only one with data, or as it is.
async fn message(response: Response) -> Result<Value, Box<dyn Error>> {
    let text = response.text().await?;
    let data =
        text.lines().filter_map(|line| line.strip_prefix("data:")).find(|data| !data.trim().is_empty());
    Ok(serde_json::from_str(data.unwrap_or(&text).trim())?)
}
