//! Who asks the service, with what, and what the trace has to say of it.

use std::net::SocketAddr;

use portcullis::testkit::{Flaw, TestIssuer};
use reqwest::Client;
use reqwest::header::AUTHORIZATION;

/// A request, and what must become of it.
pub(crate) struct Call {
    pub(crate) what: &'static str,
    pub(crate) route: &'static str,
    /// Trace and span of the caller, in hexadecimal.
    pub(crate) caller: Option<(String, String)>,
    pub(crate) token: Option<String>,
    pub(crate) place: Place,
    pub(crate) status: u16,
    pub(crate) decision: Decision,
    /// Why the route refused a good token.
    pub(crate) unmet: Option<&'static str>,
}

/// Where the token stands in the request.
pub(crate) enum Place {
    Header,
    /// As careless clients have it (RFC 6750, section 2.3). The service does not look there, and nothing may record it.
    Query,
}

/// Attributes of the span `decision`.
pub(crate) struct Decision {
    pub(crate) outcome: &'static str,
    pub(crate) reason: Option<&'static str>,
    pub(crate) cache: Option<&'static str>,
    pub(crate) scheme: &'static str,
}

const fn accepted(cache: &'static str) -> Decision {
    Decision { outcome: "accepted", reason: None, cache: Some(cache), scheme: "bearer" }
}

const fn refused(reason: &'static str) -> Decision {
    Decision { outcome: "refused", reason: Some(reason), cache: Some("miss"), scheme: "bearer" }
}

const NOTHING_BROUGHT: Decision =
    Decision { outcome: "refused", reason: Some("credentials_missing"), cache: None, scheme: "none" };

/// The requests, in their order.
pub(crate) fn of(issuer: &TestIssuer) -> Vec<Call> {
    let token = || issuer.token().subject(USER).scope("orders:read");
    let good = token().mint();
    let call = |what, token: Option<&str>, status, decision| Call {
        what,
        route: "/orders",
        caller: None,
        token: token.map(str::to_owned),
        place: Place::Header,
        status,
        decision,
        unmet: None,
    };
    let mut calls = vec![
        call("a good token", Some(&good), 200, accepted("miss")),
        call("the same again, which is now remembered", Some(&good), 200, accepted("miss")),
        call("the same, remembered", Some(&good), 200, accepted("hit")),
        call("an expired token", Some(&token().flawed(Flaw::Expired)), 401, refused("token_expired")),
        call(
            "a payload that was changed",
            Some(&token().flawed(Flaw::TamperedPayload)),
            401,
            refused("signature_invalid"),
        ),
        call("no token", None, 401, NOTHING_BROUGHT),
        Call { place: Place::Query, ..call("a token in the query", Some(&good), 401, NOTHING_BROUGHT) },
        Call {
            route: "/refunds",
            unmet: Some("scope_missing"),
            ..call("a good token without the scope", Some(&token().mint()), 403, accepted("miss"))
        },
    ];
    for (number, call) in calls.iter_mut().enumerate() {
        let caller =
            (format!("4bf92f3577b34da6a3ce929d0e0e{number:04x}"), format!("00f067aa0ba9{number:04x}"));
        call.caller = Some(caller);
    }
    calls.push(call("a caller that is in no trace", Some(&token().mint()), 200, accepted("miss")));
    calls
}

/// Whom the tokens are about. No trace may say so.
pub(crate) const USER: &str = "ada.lovelace@users.example.net";

impl Call {
    /// Sends it, and tells the status of the answer.
    pub(crate) async fn send(&self, client: &Client, service: SocketAddr) -> reqwest::Result<u16> {
        let mut address = format!("http://{service}{}", self.route);
        let mut bearer = None;
        match (&self.token, &self.place) {
            (None, _) => {}
            (Some(token), Place::Header) => bearer = Some(format!("Bearer {token}")),
            (Some(token), Place::Query) => address = format!("{address}?access_token={token}"),
        }
        let mut request = client.get(address);
        if let Some(bearer) = bearer {
            request = request.header(AUTHORIZATION, bearer);
        }
        if let Some((trace, span)) = &self.caller {
            request = request.header("traceparent", format!("00-{trace}-{span}-01"));
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        response.bytes().await?;
        Ok(status)
    }
}
