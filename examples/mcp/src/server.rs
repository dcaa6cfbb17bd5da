//! The MCP server: all that a service writes.

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::Request;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::middleware::{Next, from_fn, map_request};
use axum::response::Response;
use portcullis::require::ScopeHierarchy;
use portcullis::{Rejection, Requirement, Scope, VerifiedToken, Verifier, require};
use rmcp::handler::server::tool::Extension;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::ErrorData;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ServerHandler, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;

/// The MCP server, guarded.
pub fn app(verifier: &Verifier, host: &str) -> Result<Router, Box<dyn Error>> {
    let notes = Notes::default();
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false) // each request stands for itself
        .with_allowed_hosts([host])
        .enforce_origin_validation(); // no browser, until `with_allowed_origins` names it
    let mcp = StreamableHttpService::new(
        move || Ok(notes.clone()),
        Arc::new(NeverSessionManager::default()),
        config,
    );

    guarded(verifier, Router::new().route_service("/mcp", mcp))
}

/// Puts the guard around an MCP server whose address is the audience of `verifier`.
pub fn guarded(verifier: &Verifier, server: Router) -> Result<Router, Box<dyn Error>> {
    let first = Scope::new("notes:read")?; // what a client asks for at the start: little
    let resource = verifier.protected_resource()?.name("Notes").scopes([first.clone()]);
    let guard = verifier.layer().protected_resource(&resource).challenge_scopes([first]);

    // What stands last is outermost, and comes first.
    Ok(server
        .layer(map_request(without_token))
        .layer(from_fn(scope_of_tool))
        .layer(require(reads()))
        .layer(guard)
        .layer(resource.layer()))
}

fn scopes() -> ScopeHierarchy {
    ScopeHierarchy::new().implies("notes:write", "notes:read")
}

fn reads() -> Requirement {
    scopes().scope("notes:read")
}

fn writes() -> Requirement {
    scopes().scope("notes:write")
}

/// 403 with a challenge, where the request says in its head which tool it calls (since revision 2026-07-28).
async fn scope_of_tool(token: VerifiedToken, request: Request, next: Next) -> Result<Response, Rejection> {
    if request.headers().get("mcp-name").is_some_and(|tool| tool == "write_note") {
        token.require(&writes())?;
    }
    Ok(next.run(request).await)
}

/// The client's token ends here: no tool sees it, so none can send it on.
async fn without_token(mut request: Request) -> Request {
    request.headers_mut().remove(AUTHORIZATION);
    request
}

/// Whose call it is, if the token may use the tool. This is the guard that counts: older clients send no `Mcp-Name`.
fn allowed<'call>(call: &'call Parts, needed: &Requirement) -> Result<&'call str, ErrorData> {
    let token = call.extensions.get::<VerifiedToken>();
    let token = token.ok_or_else(|| ErrorData::internal_error("no layer guards this server", None))?;
    token.require(needed).map_err(|rejection| {
        let reason = serde_json::json!({ "reason": rejection.code() });
        ErrorData::invalid_request(rejection.to_string(), Some(reason))
    })?;
    token.subject().ok_or_else(|| ErrorData::invalid_request("the token is about nobody", None))
}

/// Notes by the subject of the token, so that nobody reads those of another.
#[derive(Clone, Default)]
pub struct Notes(Arc<Mutex<HashMap<String, Vec<String>>>>);

#[derive(Deserialize, JsonSchema)]
pub struct Note {
    /// What to remember.
    text: String,
}

#[tool_router]
impl Notes {
    /// Reads your notes.
    #[tool]
    async fn read_notes(&self, Extension(call): Extension<Parts>) -> Result<String, ErrorData> {
        let user = allowed(&call, &reads())?;
        Ok(self.of(user, |notes| notes.join("\n")))
    }

    /// Writes a note.
    #[tool]
    async fn write_note(
        &self,
        Extension(call): Extension<Parts>,
        Parameters(note): Parameters<Note>,
    ) -> Result<String, ErrorData> {
        let user = allowed(&call, &writes())?;
        self.of(user, |notes| notes.push(note.text));
        Ok("written".to_owned())
    }
}

#[tool_handler]
impl ServerHandler for Notes {}

impl Notes {
    fn of<R>(&self, user: &str, act: impl FnOnce(&mut Vec<String>) -> R) -> R {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        act(notes.entry(user.to_owned()).or_default())
    }
}
