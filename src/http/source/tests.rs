//! Tokens in their places, and what only looks like one.

use super::*;

fn found(source: &TokenSource, uri: &str, headers: &[(&str, &str)]) -> Result<String, &'static str> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        map.append(name, HeaderValue::from_str(value).unwrap());
    }
    let uri = uri.parse().unwrap();
    let planted = Extensions::new();
    let head = Head { method: &Method::GET, uri: &uri, headers: &map, planted: &planted };
    source
        .sent(head)
        .map(|token| String::from_utf8(token.to_vec()).unwrap())
        .map_err(|refused| refused.code())
}

const NOTHING: Result<&str, &str> = Err("credentials_missing");
const TWICE: Result<&str, &str> = Err("credentials_repeated");

#[test]
fn a_cookie_is_found_by_its_exact_name_and_only_once() {
    let source = TokenSource::cookie("__Host-t").unwrap();
    for (name, cookies, want) in [
        ("alone", &["__Host-t=a.b.c"][..], Ok("a.b.c")),
        ("between others", &["x=1; __Host-t=a.b.c; y=2"], Ok("a.b.c")),
        ("in a second header", &["x=1", "__Host-t=a.b.c"], Ok("a.b.c")),
        ("with an equals sign in it", &["__Host-t=a=="], Ok("a==")),
        ("without the space", &["x=1;__Host-t=a"], Ok("a")),
        ("no cookie", &[], NOTHING),
        ("another", &["t=a.b.c"], NOTHING),
        ("a name that ends like it", &["x__Host-t=a"], NOTHING),
        ("a name that starts like it", &["__Host-tt=a"], NOTHING),
        ("a name in another case", &["__host-t=a"], NOTHING),
        ("no value", &["__Host-t"], NOTHING),
        ("an empty value", &["__Host-t="], NOTHING),
        ("twice", &["__Host-t=a; __Host-t=a"], TWICE),
        ("twice, in two headers", &["__Host-t=a", "__Host-t=b"], TWICE),
        ("twice, one of them empty", &["__Host-t=; __Host-t=b"], TWICE),
    ] {
        let headers: Vec<_> = cookies.iter().map(|cookie| ("cookie", *cookie)).collect();
        assert_eq!(found(&source, "/", &headers), want.map(str::to_owned), "{name}");
    }
}

#[test]
fn a_websocket_protocol_is_found_behind_its_prefix() {
    let source = TokenSource::websocket_protocol("bearer.").unwrap();
    let upgrade = ("upgrade", "WebSocket");
    for (name, headers, want) in [
        ("the last", &[upgrade, ("sec-websocket-protocol", "chat, bearer.a.b.c")][..], Ok("a.b.c")),
        (
            "in a second header",
            &[upgrade, ("sec-websocket-protocol", "chat"), ("sec-websocket-protocol", "bearer.a")],
            Ok("a"),
        ),
        ("no upgrade", &[("sec-websocket-protocol", "bearer.a")], NOTHING),
        ("another upgrade", &[("upgrade", "h2c"), ("sec-websocket-protocol", "bearer.a")], NOTHING),
        ("another prefix", &[upgrade, ("sec-websocket-protocol", "Bearer.a")], NOTHING),
        ("nothing behind it", &[upgrade, ("sec-websocket-protocol", "bearer.")], NOTHING),
        ("twice", &[upgrade, ("sec-websocket-protocol", "bearer.a,bearer.b")], TWICE),
    ] {
        assert_eq!(found(&source, "/", headers), want.map(str::to_owned), "{name}");
    }
}

#[test]
fn the_service_does_not_see_the_token_among_the_protocols() {
    let source = TokenSource::websocket_protocol("bearer.").unwrap();
    for (sent, want) in [
        ("chat, bearer.a.b.c", Some("chat")),
        ("bearer.a, chat,v2", Some("chat, v2")),
        ("bearer.a.b.c", None),
        ("chat", Some("chat")),
    ] {
        let value = HeaderValue::from_static(sent);
        let mut headers = HeaderMap::from_iter([(SEC_WEBSOCKET_PROTOCOL, value)]);
        source.clear(&mut headers);
        let left = headers.get(SEC_WEBSOCKET_PROTOCOL).map(|value| value.to_str().unwrap());
        assert_eq!(left, want, "{sent}");
    }
    let mut headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static("t=a"))]);
    TokenSource::cookie("t").unwrap().clear(&mut headers);
    assert_eq!(headers[COOKIE], "t=a");
}

#[test]
fn nothing_but_the_token_is_removed() {
    let sent = || {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer a"));
        headers.append(COOKIE, HeaderValue::from_static("x=1; t=a;y=2"));
        headers.append(COOKIE, HeaderValue::from_static("t=b; tt=c"));
        headers
    };
    let left = |source: TokenSource, mut headers: HeaderMap| {
        source.remove(&mut headers);
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        (text(AUTHORIZATION), text(COOKIE), headers.len())
    };
    let bearer = || Some("Bearer a".to_owned());
    let cookie = TokenSource::cookie("t").unwrap();
    assert_eq!(left(cookie.clone(), sent()), (bearer(), Some("x=1; y=2; tt=c".to_owned()), 2));
    let only = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static("t=a"))]);
    assert_eq!(left(cookie, only), (None, None, 0));
    for source in [TokenSource::bearer(), TokenSource::scheme("JWT").unwrap()] {
        assert_eq!(left(source, sent()), (None, Some("x=1; t=a;y=2".to_owned()), 2));
    }
}

#[test]
fn a_websocket_over_http_2_is_asked_for_by_its_method() {
    let source = TokenSource::websocket_protocol("bearer.").unwrap();
    let headers =
        HeaderMap::from_iter([(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("chat, bearer.a"))]);
    let sent = |method: Method| {
        let planted = Extensions::new();
        let head = Head { method: &method, uri: &Uri::default(), headers: &headers, planted: &planted };
        source.sent(head).map(<[u8]>::to_vec)
    };
    assert_eq!(sent(Method::CONNECT), Ok(b"a".to_vec()));
    for method in [Method::GET, Method::POST, Method::OPTIONS] {
        assert_eq!(sent(method.clone()), Err(Rejection::CredentialsMissing), "{method}");
    }
}

#[test]
fn what_is_left_is_marked_as_it_was() {
    for marked in [true, false] {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static("t=a; session=s"));
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("chat, bearer.a"));
        headers.values_mut().for_each(|value| value.set_sensitive(marked));
        for source in [TokenSource::cookie("t").unwrap(), TokenSource::websocket_protocol("bearer.").unwrap()]
        {
            source.remove(&mut headers);
        }
        for (name, left) in [(COOKIE, "session=s"), (SEC_WEBSOCKET_PROTOCOL, "chat")] {
            let value = headers.get(&name).unwrap();
            assert_eq!((value.as_bytes(), value.is_sensitive()), (left.as_bytes(), marked), "{name}");
        }
    }
}

#[test]
fn a_query_parameter_is_found_by_its_exact_name() {
    let source = TokenSource::dangerous_query("access_token").unwrap();
    for (uri, want) in [
        ("/?access_token=a.b.c", Ok("a.b.c")),
        ("/?x=1&access_token=a&y", Ok("a")),
        ("/", NOTHING),
        ("/?access_token", NOTHING),
        ("/?access_token=", NOTHING),
        ("/?xaccess_token=a", NOTHING),
        ("/access_token=a", NOTHING),
        ("/?access_token=a&access_token=a", TWICE),
    ] {
        assert_eq!(found(&source, uri, &[]), want.map(str::to_owned), "{uri}");
    }
    assert_eq!(found(&TokenSource::bearer(), "/?access_token=a", &[]), Err("credentials_missing"));
}

#[test]
fn a_scheme_of_ones_own() {
    let source = TokenSource::scheme("JWT").unwrap();
    for (header, want) in [
        ("JWT a.b.c", Ok("a.b.c")),
        ("jwt a", Ok("a")),
        ("Bearer a", Err("scheme_unsupported")),
        ("JWTa", Err("scheme_unsupported")),
    ] {
        assert_eq!(found(&source, "/", &[("authorization", header)]), want.map(str::to_owned), "{header}");
    }
}

#[test]
fn names_that_no_request_could_carry_are_refused() {
    for name in ["", "a b", "a;b", "a=b", "a,b", "a\"b", "é", "a\r\nb"] {
        let want = |setting| Err(ConfigError::TokenSource { setting });
        assert_eq!(TokenSource::scheme(name), want("scheme"), "{name}");
        assert_eq!(TokenSource::cookie(name), want("cookie"), "{name}");
        assert_eq!(TokenSource::websocket_protocol(name), want("WebSocket protocol prefix"), "{name}");
        assert_eq!(TokenSource::dangerous_query(name), want("query parameter"), "{name}");
    }
}
