use http::Response;

use super::*;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// A 101 with these headers.
fn answer(headers: &[(&str, &str)]) -> response::Parts {
    let built =
        headers.iter().fold(Response::builder().status(101), |built, (name, value)| built.header(*name, *value));
    built.body(()).unwrap().into_parts().0
}

/// A good answer with these headers besides.
fn good_and(more: &[(&str, &str)]) -> response::Parts {
    let good = [("upgrade", "websocket"), ("connection", "Upgrade"), ("sec-websocket-accept", ACCEPT)];
    answer(&[&good[..], more].concat())
}

/// The verdict over what was asked with the subprotocols `chat` and `mqtt`.
fn verdict(answer: &response::Parts) -> Result<Agreement, EstablishError> {
    judge(answer, KEY, &["chat".into(), "mqtt".into()], None).map_err(|error| {
        let Error::Establish(error) = error else { panic!("{error:?}") };
        error
    })
}

#[test]
fn a_good_answer_is_an_agreement() {
    assert_eq!(verdict(&good_and(&[])).unwrap(), Agreement { protocol: None, extensions: vec![], deflate: None });
}

#[test]
fn the_upgrade_must_be_to_websocket_in_any_case() {
    let with = |upgrade: &[&str]| {
        let upgrades = upgrade.iter().map(|value| ("upgrade", *value));
        let rest = [("connection", "Upgrade"), ("sec-websocket-accept", ACCEPT)];
        verdict(&answer(&upgrades.chain(rest).collect::<Vec<_>>()))
    };
    assert!(with(&["WebSocket"]).is_ok());
    for wrong in [&[][..], &["h2c"], &["websocket, h2c"], &["websocket", "h2c"], &[""]] {
        assert!(matches!(with(wrong), Err(EstablishError::NoUpgrade)), "{wrong:?}");
    }
}

#[test]
fn the_connection_header_is_a_list_of_tokens_over_any_number_of_lines() {
    let with = |connection: &[&str]| {
        let lines = connection.iter().map(|value| ("connection", *value));
        let rest = [("upgrade", "websocket"), ("sec-websocket-accept", ACCEPT)];
        verdict(&answer(&lines.chain(rest).collect::<Vec<_>>()))
    };
    for right in [&["upgrade"][..], &["keep-alive, Upgrade"], &["keep-alive", "Upgrade"], &["UPGRADE ,, keep-alive"]] {
        assert!(with(right).is_ok(), "{right:?}");
    }
    for wrong in [&[][..], &["keep-alive"], &["upgraded"], &["keep-alive upgrade"], &["close"]] {
        assert!(matches!(with(wrong), Err(EstablishError::NoConnectionUpgrade)), "{wrong:?}");
    }
}

#[test]
fn the_accept_must_answer_the_key_exactly_once() {
    let with = |accepts: &[&str]| {
        let accepts = accepts.iter().map(|value| ("sec-websocket-accept", *value));
        let rest = [("upgrade", "websocket"), ("connection", "Upgrade")];
        verdict(&answer(&accepts.chain(rest).collect::<Vec<_>>()))
    };
    assert!(with(&[&format!(" {ACCEPT} ")]).is_ok());
    let lower = ACCEPT.to_lowercase();
    for wrong in [&[][..], &[KEY], &[&lower], &[ACCEPT, ACCEPT], &[""], &[&ACCEPT[1..]]] {
        assert!(matches!(with(wrong), Err(EstablishError::Accept)), "{wrong:?}");
    }
}

#[test]
fn the_subprotocol_must_be_one_that_was_offered() {
    let with = |protocols: &[&str]| {
        let protocols: Vec<_> = protocols.iter().map(|value| ("sec-websocket-protocol", *value)).collect();
        verdict(&good_and(&protocols)).map(|agreement| agreement.protocol)
    };
    assert_eq!(with(&[]).unwrap(), None);
    assert_eq!(with(&["mqtt"]).unwrap().as_deref(), Some("mqtt"));
    for (wrong, told) in [
        (&["soap"][..], "soap"),
        (&["MQTT"], "MQTT"),
        (&["chat, mqtt"], "chat, mqtt"),
        (&["chat", "mqtt"], "chat, mqtt"),
        (&[""], ""),
    ] {
        assert!(matches!(with(wrong), Err(EstablishError::Protocol(name)) if name == told), "{wrong:?}");
    }
    assert!(judge(&good_and(&[("sec-websocket-protocol", "chat")]), KEY, &[], None).is_err());
}

#[test]
fn an_extension_that_was_not_offered_is_refused() {
    let with = |value| verdict(&good_and(&[("sec-websocket-extensions", value)]));
    assert!(matches!(
        with("permessage-deflate; server_no_context_takeover"),
        Err(EstablishError::Extension(name)) if name.starts_with("permessage-deflate")
    ));
    assert!(with("").is_ok(), "a list without elements names no extension");
}

#[cfg(feature = "deflate")]
#[test]
fn compression_is_agreed_on_once_by_an_answer_to_the_offer() {
    let offered = DeflateOptions::new();
    let with = |lines: &[&str]| {
        let lines: Vec<_> = lines.iter().map(|value| ("sec-websocket-extensions", *value)).collect();
        judge(&good_and(&lines), KEY, &[], Some(&offered)).map_err(|error| {
            let Error::Establish(EstablishError::Extension(told)) = error else { panic!("{error:?}") };
            told
        })
    };
    let declined = with(&[]).unwrap();
    assert!(declined.deflate.is_none() && declined.extensions.is_empty());
    let agreement = with(&["permessage-deflate; client_max_window_bits=\"10\""]).unwrap();
    assert_eq!(agreement.deflate.unwrap().client_window_bits, 10);
    assert_eq!(agreement.extensions, ["permessage-deflate; client_max_window_bits=\"10\""]);
    assert!(with(&[", permessage-deflate ,", ""]).is_ok(), "empty elements count for nothing");

    for (wrong, told) in [
        (&["permessage-deflate, permessage-deflate"][..], "permessage-deflate"),
        (&["permessage-deflate", "permessage-deflate"], "permessage-deflate"),
        (&["permessage-deflate", "x-mux"], "x-mux"),
        (&["x-mux, permessage-deflate"], "x-mux"),
        (&["permessage-deflate; mux"], "permessage-deflate; mux"),
        (&["permessage-deflate; server_max_window_bits=16"], "permessage-deflate; server_max_window_bits=16"),
    ] {
        assert_eq!(with(wrong).unwrap_err(), told);
    }
}

#[test]
fn http_1_0_knows_no_upgrade() {
    let mut answer = good_and(&[]);
    answer.version = Version::HTTP_10;
    assert!(matches!(
        judge(&answer, KEY, &[], None),
        Err(Error::Process(ProcessError::Malformed { response: MalformedResponse::Version, .. }))
    ));
}

/// What `Retry-After` asks for at 1994-11-06 08:49:37 GMT.
fn wait(value: &str) -> Option<Duration> {
    let mut headers = HeaderMap::new();
    headers.insert(RETRY_AFTER, HeaderValue::from_str(value).unwrap());
    retry_after(&headers, SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777))
}

#[test]
fn retry_after_counts_seconds_or_names_a_date() {
    assert_eq!(wait("120"), Some(Duration::from_secs(120)));
    assert_eq!(wait("0"), Some(Duration::ZERO));
    assert_eq!(wait("Sun, 06 Nov 1994 08:50:37 GMT"), Some(Duration::from_secs(60)));
    assert_eq!(wait("Sunday, 06-Nov-94 08:50:37 GMT"), Some(Duration::from_secs(60)));
}

#[test]
fn a_date_that_has_passed_asks_for_no_wait() {
    assert_eq!(wait("Sun, 06 Nov 1994 08:49:36 GMT"), Some(Duration::ZERO));
}

#[test]
fn no_server_makes_us_wait_longer_than_a_day() {
    let day = Some(Duration::from_secs(86_400));
    assert_eq!(wait("86401"), day);
    assert_eq!(wait("99999999999999999999999999"), day);
    assert_eq!(wait("Fri, 31 Dec 9999 23:59:59 GMT"), day);
}

#[test]
fn a_retry_after_that_is_neither_is_as_if_it_were_not_there() {
    for value in ["", "soon", "-1", "+5", "1.5", "Sun, 06 Nov"] {
        assert_eq!(wait(value), None, "{value:?}");
    }
}
