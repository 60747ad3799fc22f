use serde_json::{Value, json};

use super::*;

fn parsed(config: Value) -> Options {
    serde_json::from_value(config).unwrap()
}

fn refused(config: Value) -> String {
    serde_json::from_value::<Options>(config).unwrap_err().to_string()
}

#[test]
fn a_url_is_enough_and_the_rest_has_its_defaults() {
    let (config, default) = (parsed(json!({ "url": "ws://host/" })), Options::new("ws://host/").unwrap());
    assert_eq!(format!("{config:?}"), format!("{default:?}"));
    assert_eq!((config.mailbox, config.inbound, config.inbound_bytes), (1024, 1024, 4 << 20));
    assert!(config.nodelay && config.error_logging && config.info_logging);
}

#[test]
fn every_option_takes_effect() {
    let options = parsed(json!({
        "url": "wss://host:8443/path",
        "name": "ticker",
        "headers": { "authorization": "Bearer token", "x-tag": ["one", "two"] },
        "protocols": ["chat", "mqtt"],
        "unix_socket": "/run/socket",
        "nodelay": false,
        "happy_eyeballs": "250ms",
        "connect_timeout": "1s",
        "close_timeout": "2s",
        "close_linger": "80ms",
        "write_timeout": "3s",
        "idle_timeout": "1min 30s",
        "ping_interval": "0s",
        "pong_timeout": "6s",
        "limits": { "max_frame": 1, "max_message": 2, "max_fragments": 3 },
        "mailbox": 10,
        "inbound": 11,
        "inbound_bytes": 12,
        "write_buffer": 13,
        "offline": { "queue": 100 },
        "error_logging": false,
        "info_logging": false,
    }));
    assert_eq!(options.url.as_str(), "wss://host:8443/path");
    assert_eq!(options.name.as_ref().map(crate::registry::Name::as_str), Some("ticker"));
    assert_eq!(options.headers["authorization"], "Bearer token");
    assert_eq!(options.headers.get_all("x-tag").iter().collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(options.protocols, ["chat", "mqtt"]);
    assert_eq!(options.unix_socket, Some(PathBuf::from("/run/socket")));
    assert!(!options.nodelay && !options.error_logging && !options.info_logging);
    assert_eq!(options.happy_eyeballs, Duration::from_millis(250));
    assert_eq!(options.connect_timeout, Duration::from_secs(1));
    assert_eq!(options.close_timeout, Duration::from_secs(2));
    assert_eq!(options.close_linger, Duration::from_millis(80));
    assert_eq!(options.write_timeout, Duration::from_secs(3));
    assert_eq!(options.idle_timeout, Duration::from_secs(90));
    assert_eq!(options.ping_interval, Duration::ZERO);
    assert_eq!(options.pong_timeout, Duration::from_secs(6));
    let expected = Limits { max_frame: 1, max_message: 2, max_fragments: 3, ..Limits::default() };
    assert_eq!(options.limits, expected);
    assert_eq!((options.mailbox, options.inbound, options.inbound_bytes, options.write_buffer), (10, 11, 12, 13));
    assert_eq!(options.offline, Offline::Queue(100));
}

#[test]
fn the_backoff_takes_effect() {
    let backoff = json!({
        "initial": "100ms", "max": "1m", "factor": 2.0, "jitter": false, "attempts": 5, "reset_after": "20s", "seed": 7,
    });
    let expected = BackoffOptions::new()
        .initial(Duration::from_millis(100))
        .max(Duration::from_secs(60))
        .factor(2.0)
        .unwrap()
        .jitter(false)
        .attempts(5)
        .reset_after(Duration::from_secs(20))
        .seed(7);
    assert_eq!(parsed(json!({ "url": "ws://host/", "backoff": backoff })).backoff, expected);
}

#[test]
fn tls_takes_effect() {
    let tls = |tls: Value| parsed(json!({ "url": "wss://host/", "tls": tls })).tls;
    let full = tls(json!({
        "extra_ca": ["a.pem", "b.pem"], "certificate": "c.pem", "key": "c.key", "server_name": "inner", "alpn": ["http/1.1"],
    }));
    assert_eq!(full.roots, Roots::NativeAnd(vec!["a.pem".into(), "b.pem".into()]));
    let identity = full.identity.unwrap();
    assert_eq!((identity.certificates, identity.key), ("c.pem".into(), "c.key".into()));
    assert_eq!(full.server_name.as_deref(), Some("inner"));
    assert_eq!(full.alpn, [b"http/1.1"]);
    assert_eq!(tls(json!({ "only_ca": ["a.pem"] })).roots, Roots::Only(vec!["a.pem".into()]));
    assert_eq!(tls(json!({})).roots, Roots::Native);
}

#[cfg(feature = "deflate")]
#[test]
fn compression_takes_effect() {
    let deflate = |deflate: Value| parsed(json!({ "url": "ws://host/", "deflate": deflate })).deflate;
    let full = deflate(json!({
        "client_max_window_bits": 10, "server_max_window_bits": 11, "client_no_context_takeover": true,
        "server_no_context_takeover": true, "level": 9, "threshold": 7,
    }));
    let expected = DeflateOptions {
        client_max_window_bits: 10,
        server_max_window_bits: 11,
        client_no_context_takeover: true,
        server_no_context_takeover: true,
        level: 9,
        threshold: 7,
    };
    assert_eq!(full, Some(expected));
    assert_eq!(deflate(json!({})), Some(DeflateOptions::new()));
    assert_eq!(parsed(json!({ "url": "ws://host/" })).deflate, None);
    for (config, message) in [
        (json!({ "client_max_window_bits": 8 }), "the window bits of permessage-deflate must be 9 to 15, not 8"),
        (json!({ "server_max_window_bits": 16 }), "the window bits of permessage-deflate must be 9 to 15, not 16"),
        (json!({ "level": 0 }), "the `level` of permessage-deflate must be 1 to 9, not 0"),
    ] {
        assert_eq!(refused(json!({ "url": "ws://host/", "deflate": config })), message);
    }
    assert!(refused(json!({ "url": "ws://host/", "deflate": { "bits": 9 } })).contains("unknown field"));
}

#[test]
fn the_offline_policy_is_a_word_or_a_queue() {
    let offline = |policy: Value| parsed(json!({ "url": "ws://host/", "offline": policy })).offline;
    assert_eq!(offline(json!("reject")), Offline::Reject);
    assert_eq!(offline(json!("drop")), Offline::Drop);
    assert_eq!(offline(json!({ "queue": 3 })), Offline::Queue(3));
}

#[test]
fn an_unknown_field_is_refused_at_every_level() {
    for (config, field) in [
        (json!({ "url": "ws://host/", "pingInterval": "1s" }), "pingInterval"),
        (json!({ "url": "ws://host/", "tls": { "insecure": true } }), "insecure"),
        (json!({ "url": "ws://host/", "backoff": { "min": "1s" } }), "min"),
        (json!({ "url": "ws://host/", "limits": { "frame": 1 } }), "frame"),
    ] {
        let message = refused(config);
        assert!(message.contains("unknown field") && message.contains(field), "{message}");
    }
}

#[test]
fn the_message_of_the_option_arrives() {
    for (config, message) in [
        (json!({ "url": "http://host/" }), "the scheme `http` is neither `ws` nor `wss`"),
        (json!({ "url": "nonsense" }), "not a URL: relative URL without a base"),
        (json!({ "url": "ws://host/", "protocols": ["a", "a"] }), "the subprotocol \"a\" is offered twice"),
        (
            json!({ "url": "ws://host/", "headers": { "upgrade": "x" } }),
            "the header `upgrade` belongs to the handshake",
        ),
        (
            json!({ "url": "ws://host/", "backoff": { "factor": 0.5 } }),
            "the `factor` of the backoff must be finite and at least 1",
        ),
        (json!({ "url": "ws://host/", "tls": { "key": "k" } }), "`tls.certificate` and `tls.key` go together"),
        (
            json!({ "url": "ws://host/", "tls": { "only_ca": ["a"], "extra_ca": ["b"] } }),
            "`tls.only_ca` and `tls.extra_ca` exclude each other",
        ),
    ] {
        assert_eq!(refused(config), message);
    }
    assert!(refused(json!({})).contains("missing field `url`"));
    assert!(refused(json!({ "url": "ws://host/", "ping_interval": "often" })).contains("expected a duration"));
    assert!(refused(json!({ "url": "ws://host/", "headers": { "x": 1 } })).contains("a header's value, or a list"));
}
