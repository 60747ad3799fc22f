use http::HeaderMap;

use super::*;

fn request(url: &str) -> Request {
    Request { url: Url::parse(url).unwrap(), headers: HeaderMap::new(), protocols: Vec::new(), attempt: 1 }
}

fn built(request: &Request) -> http::Request<Empty<Bytes>> {
    build(request, "dGhlIHNhbXBsZSBub25jZQ==", None).unwrap()
}

fn header(request: &Request, name: &str) -> Option<String> {
    built(request).headers().get(name).map(|value| value.to_str().unwrap().to_owned())
}

#[test]
fn the_request_holds_what_rfc_6455_asks_for() {
    let built = built(&request("ws://example.com/chat?room=1"));
    assert_eq!(built.method(), http::Method::GET);
    assert_eq!(built.version(), http::Version::HTTP_11);
    assert_eq!(built.uri(), "/chat?room=1");
    let headers = built.headers();
    assert_eq!(headers[HOST], "example.com");
    assert_eq!(headers[UPGRADE], "websocket");
    assert_eq!(headers[CONNECTION], "Upgrade");
    assert_eq!(headers[SEC_WEBSOCKET_KEY], "dGhlIHNhbXBsZSBub25jZQ==");
    assert_eq!(headers[SEC_WEBSOCKET_VERSION], "13");
    assert_eq!(headers.len(), 5);
}

#[test]
fn a_url_without_a_path_asks_for_the_root() {
    assert_eq!(built(&request("ws://example.com")).uri(), "/");
    assert_eq!(built(&request("ws://example.com?query")).uri(), "/?query");
}

#[test]
fn the_request_line_is_percent_encoded() {
    assert_eq!(built(&request("ws://example.com/a b/ü?q=\"x\" y|z")).uri(), "/a%20b/%C3%BC?q=%22x%22%20y|z");
}

#[test]
fn the_fragment_and_the_userinfo_never_get_into_the_request_line() {
    assert_eq!(built(&request("ws://user:secret@example.com/path#fragment")).uri(), "/path");
}

#[test]
fn the_host_names_the_port_unless_it_is_the_scheme_s_own() {
    for (url, host) in [
        ("ws://example.com:80/", "example.com"),
        ("ws://example.com:443/", "example.com:443"),
        ("wss://example.com:443/", "example.com"),
        ("wss://user:secret@example.com:8443/", "example.com:8443"),
        ("ws://[::1]/", "[::1]"),
        ("ws://[::1]:9000/", "[::1]:9000"),
        ("ws://bücher.example/", "xn--bcher-kva.example"),
    ] {
        assert_eq!(header(&request(url), "host").unwrap(), host, "{url}");
    }
}

#[test]
fn a_host_given_by_the_user_goes_before_the_url_s() {
    let mut request = request("ws://127.0.0.1:9000/");
    request.headers.insert(HOST, HeaderValue::from_static("example.com"));
    assert_eq!(built(&request).headers().get_all(HOST).iter().collect::<Vec<_>>(), ["example.com"]);
}

#[test]
fn userinfo_becomes_basic_credentials() {
    let credentials = |url| header(&request(url), "authorization");
    assert_eq!(credentials("ws://Aladdin:open%20sesame@host/").unwrap(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert_eq!(credentials("ws://user@host/").unwrap(), format!("Basic {}", BASE64.encode("user:")));
    assert_eq!(credentials("ws://:token@host/").unwrap(), format!("Basic {}", BASE64.encode(":token")));
    assert_eq!(credentials("ws://host/"), None);
    assert!(built(&request("ws://a:b@host/")).headers()[AUTHORIZATION].is_sensitive());
}

#[test]
fn the_user_s_own_authorization_goes_before_the_userinfo() {
    let mut request = request("ws://user:secret@host/");
    request.headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer token"));
    assert_eq!(built(&request).headers().get_all(AUTHORIZATION).iter().collect::<Vec<_>>(), ["Bearer token"]);
}

#[test]
fn the_user_s_headers_all_go_out() {
    let mut request = request("ws://host/");
    request.headers.append("x-tag", HeaderValue::from_static("one"));
    request.headers.append("x-tag", HeaderValue::from_static("two"));
    assert_eq!(built(&request).headers().get_all("x-tag").iter().collect::<Vec<_>>(), ["one", "two"]);
}

#[test]
fn the_subprotocols_are_offered_in_their_order() {
    let mut request = request("ws://host/");
    assert_eq!(header(&request, "sec-websocket-protocol"), None);
    request.protocols = vec!["mqtt".into(), "chat.v2".into()];
    assert_eq!(header(&request, "sec-websocket-protocol").unwrap(), "mqtt, chat.v2");
}

#[cfg(feature = "deflate")]
#[test]
fn compression_is_offered_where_it_is_asked_for() {
    let request = request("ws://host/");
    assert_eq!(header(&request, "sec-websocket-extensions"), None);
    let built = build(&request, "key", Some(&DeflateOptions::new())).unwrap();
    assert_eq!(built.headers()[SEC_WEBSOCKET_EXTENSIONS], "permessage-deflate; client_max_window_bits");
}

#[test]
fn what_does_not_fit_http_is_refused_without_being_repeated() {
    let mut request = request("ws://host/");
    request.url.set_path(&"secret".repeat(20_000));
    let error = build(&request, "key", None).unwrap_err();
    assert!(matches!(error, UpgradeError::Request(_)));
    assert!(!error.to_string().contains("secret"));
}

#[test]
fn a_hook_may_not_ask_for_what_the_options_refuse() {
    let reason = |request: &Request| {
        let error = check(request).unwrap_err();
        let UpgradeError::Request(reason) = error else { panic!("{error:?}") };
        reason.downcast_ref::<OptionsError>().unwrap().clone()
    };
    assert!(check(&request("wss://host/path?query")).is_ok());
    assert_eq!(reason(&request("http://host/")), OptionsError::Scheme("http".into()));
    assert_eq!(reason(&request("ws://host/#fragment")), OptionsError::Fragment);

    let mut with_key = request("ws://host/");
    with_key.headers.insert(SEC_WEBSOCKET_KEY, HeaderValue::from_static("mine"));
    assert_eq!(reason(&with_key), OptionsError::ReservedHeader(SEC_WEBSOCKET_KEY));

    let mut twice = request("ws://host/");
    twice.protocols = vec!["chat".into(), "chat".into()];
    assert_eq!(reason(&twice), OptionsError::DuplicateProtocol("chat".into()));
    twice.protocols = vec!["no token".into()];
    assert_eq!(reason(&twice), OptionsError::Protocol("no token".into()));
}
