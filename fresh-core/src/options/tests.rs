use super::*;

#[test]
fn a_wrong_url_is_refused_at_once() {
    assert!(matches!(Options::new("no url"), Err(OptionsError::Url(_))));
    assert_eq!(Options::new("ftp://host/").unwrap_err(), OptionsError::Scheme("ftp".into()));
    assert_eq!(Options::new("ws://host/#part").unwrap_err(), OptionsError::Fragment);
    assert!(Options::new("ws://").is_err());
    assert!(Options::new("wss://host:8443/path?query").is_ok());
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
    }
}
