//! What is sent, and what must come back.

use std::error::Error;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use portcullis::testkit::{Flaw, TestIssuer};

use crate::table::{Line, Table};

/// What must come back: a status and, in a challenge, a reason.
type Answer = (u16, Option<&'static str>);

/// Plays the story.
pub(crate) async fn play(server: &TestIssuer, api: SocketAddr) -> Result<Table, Box<dyn Error>> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let mut client = Story { client, orders: format!("http://{api}/orders"), table: Table::default() };
    let read = || server.token().scope("orders:read");
    let good = read().mint();

    client.get("a good token", Some(&good), (200, None)).await?;
    client.get("no token", None, (401, None)).await?;
    for (sent, flaw, reason) in [
        ("garbage", Flaw::Garbage, "token_malformed"),
        ("a token expired for long", Flaw::Expired, "token_expired"),
        ("a token for another audience", Flaw::WrongAudience, "audience_mismatch"),
        ("a token of another issuer", Flaw::WrongIssuer, "issuer_unknown"),
        ("a changed payload", Flaw::TamperedPayload, "signature_invalid"),
        ("alg none", Flaw::AlgNone, "algorithm_unknown"),
        ("HS256, keyed with the public key", Flaw::HmacWithPublicKey, "algorithm_not_allowed"),
    ] {
        client.get(sent, Some(&read().flawed(flaw)), (401, Some(reason))).await?;
    }
    let within_skew = read().expired_for(Duration::from_secs(30)).mint();
    client.get("expired 30 s ago, within the skew", Some(&within_skew), (200, None)).await?;

    let no_scope = server.token().scope("profile").mint();
    client.get("a good token without the scope", Some(&no_scope), (403, Some("scope_missing"))).await?;
    client.post("write with the read scope only", &good, (403, Some("scope_missing"))).await?;
    let write = server.token().scope("orders:read orders:write").mint();
    client.post("write with both scopes", &write, (201, None)).await?;

    an_interval_passes().await;
    let old_key = server.key_id();
    server.rotate_with_overlap();
    let renewed = read().mint();
    client.get("the first token of a new key", Some(&renewed), (200, None)).await?;
    client.get("a token of the old key, still published", Some(&good), (200, None)).await?;

    server.go_down().await;
    client.get("issuer down, known key", Some(&renewed), (200, None)).await?;
    client.many("issuer down, 1000 more", &renewed, 1_000).await?;
    server.come_back().await;

    an_interval_passes().await;
    server.withdraw(&old_key);
    server.rotate_with_overlap();
    client.get("the first token of the next key", Some(&read().mint()), (200, None)).await?;
    client.get("a token of the withdrawn key", Some(&good), (401, Some("key_unknown"))).await?;
    Ok(client.table)
}

/// Between two fetches for unknown keys lies an interval, whatever strangers ask for; real rotations are days apart.
async fn an_interval_passes() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}

/// Prints fresh tokens in lines for a shell.
pub(crate) fn print_lines_to_paste(server: &TestIssuer, api: SocketAddr) {
    let read =
        || server.token().scope("orders:read").claim("tenant", "acme").expires_in(Duration::from_secs(3_600));
    let write =
        server.token().scope("orders:read orders:write").expires_in(Duration::from_secs(3_600)).mint();
    println!("authorization server  {}", server.identifier());
    println!("protected API         http://{api}\n");
    for (what, line) in [
        ("no token: 401", format!("curl -i http://{api}/orders")),
        (
            "a good token: 200",
            format!("curl -i http://{api}/orders -H 'Authorization: Bearer {}'", read().mint()),
        ),
        ("its claims: 200", format!("curl -i http://{api}/me -H 'Authorization: Bearer {}'", read().mint())),
        (
            "write without the scope: 403",
            format!("curl -i -X POST http://{api}/orders -H 'Authorization: Bearer {}'", read().mint()),
        ),
        (
            "write with it: 201",
            format!("curl -i -X POST http://{api}/orders -H 'Authorization: Bearer {write}'"),
        ),
        (
            "an expired token: 401",
            format!(
                "curl -i http://{api}/orders -H 'Authorization: Bearer {}'",
                read().flawed(Flaw::Expired)
            ),
        ),
    ] {
        println!("# {what}\n{line}\n");
    }
    println!("Tokens are good for an hour. Ctrl-C ends both servers.");
}

struct Story {
    client: Client<HttpConnector, Empty<Bytes>>,
    orders: String,
    table: Table,
}

impl Story {
    async fn get(&mut self, sent: &str, token: Option<&str>, want: Answer) -> Result<(), Box<dyn Error>> {
        self.send(Method::GET, sent, token, want).await
    }

    async fn post(&mut self, sent: &str, token: &str, want: Answer) -> Result<(), Box<dyn Error>> {
        self.send(Method::POST, sent, Some(token), want).await
    }

    async fn send(
        &mut self,
        method: Method,
        sent: &str,
        token: Option<&str>,
        want: Answer,
    ) -> Result<(), Box<dyn Error>> {
        #[expect(clippy::disallowed_methods, reason = "how long a request takes is what the table shows")]
        let start = Instant::now();
        let (status, challenge) = self.request(method.clone(), token).await?;
        let taken = start.elapsed();
        let line = Line::new(format!("{:4} {sent}", method.as_str()), status, challenge, taken);
        self.table.add(line, want);
        Ok(())
    }

    /// One line for many requests: the worst status among them decides.
    async fn many(&mut self, sent: &str, token: &str, count: u32) -> Result<(), Box<dyn Error>> {
        #[expect(clippy::disallowed_methods, reason = "how long a request takes is what the table shows")]
        let start = Instant::now();
        let mut worst = (0, String::new());
        for _ in 0..count {
            worst = self.request(Method::GET, Some(token)).await?.max(worst);
        }
        let (status, challenge) = worst;
        let line = Line::new(format!("GET  {sent}, each"), status, challenge, start.elapsed() / count);
        self.table.add(line, (200, None));
        Ok(())
    }

    async fn request(&self, method: Method, token: Option<&str>) -> Result<(u16, String), Box<dyn Error>> {
        let mut request = Request::builder().method(method).uri(&self.orders);
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let response = self.client.request(request.body(Empty::new())?).await?;
        let challenge = response.headers().get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
        Ok((response.status().as_u16(), challenge.unwrap_or_default().to_owned()))
    }
}
