use super::*;

#[test]
fn a_wrong_url_is_refused_at_once() {
    assert!(matches!(Options::new("no url"), Err(OptionsError::Url(_))));
    assert_eq!(Options::new("ftp://host/").unwrap_err(), OptionsError::Scheme("ftp".into()));
    assert_eq!(Options::new("ws://host/#part").unwrap_err(), OptionsError::Fragment);
    assert!(Options::new("ws://").is_err());
    assert!(Options::new("wss://host:8443/path?query").is_ok());
}

#[test]
fn a_wrong_header_is_told_by_what_is_wrong_about_it_and_never_by_its_value() {
    let refused = |name, value| Options::new("ws://host/").unwrap().header(name, value).unwrap_err();
    assert_eq!(refused("x y", "1"), OptionsError::HeaderName("x y".into()));
    assert_eq!(refused("X-Key", "secret\n"), OptionsError::HeaderValue(HeaderName::from_static("x-key")));
    assert!(!refused("x-key", "secret\n").to_string().contains("secret"));
    assert_eq!(refused("upgrade", "h2c"), OptionsError::ReservedHeader(http::header::UPGRADE));
}

#[test]
fn a_wrong_subprotocol_is_told_from_one_that_is_there_twice() {
    let options = Options::new("ws://host/").unwrap().protocol("chat").unwrap();
    assert_eq!(options.clone().protocol("no token").unwrap_err(), OptionsError::Protocol("no token".into()));
    assert_eq!(options.protocol("chat").unwrap_err(), OptionsError::DuplicateProtocol("chat".into()));
}

#[test]
fn a_factor_that_leads_nowhere_is_refused() {
    for factor in [f64::NAN, f64::INFINITY, 0.99, -2.0] {
        assert_eq!(BackoffOptions::new().factor(factor).unwrap_err(), OptionsError::BackoffFactor, "{factor}");
    }
}

#[cfg(feature = "deflate")]
mod deflate {
    use super::*;

    #[test]
    fn compression_is_off_until_it_is_asked_for() {
        let options = Options::new("ws://host/").unwrap();
        assert_eq!(options.deflate, None);
        assert_eq!(options.deflate(DeflateOptions::new()).deflate, Some(DeflateOptions::default()));
    }

    #[test]
    fn a_window_has_9_to_15_bits_and_a_level_is_1_to_9() {
        for bits in 0..=u8::MAX {
            let fits = (9..=15).contains(&bits);
            assert_eq!(DeflateOptions::new().client_max_window_bits(bits).is_ok(), fits, "{bits}");
            assert_eq!(DeflateOptions::new().server_max_window_bits(bits).is_ok(), fits, "{bits}");
            assert_eq!(DeflateOptions::new().level(bits).is_ok(), (1..=9).contains(&bits), "{bits}");
        }
        let refused = DeflateOptions::new().client_max_window_bits(8).unwrap_err();
        assert_eq!(refused, OptionsError::DeflateWindow(8));
        assert_eq!(DeflateOptions::new().level(10).unwrap_err(), OptionsError::DeflateLevel(10));
    }
}
