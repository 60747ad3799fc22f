use super::*;

#[test]
fn a_wrong_url_is_refused_at_once() {
    assert!(matches!(Options::new("no url"), Err(OptionsError::Url(_))));
    assert_eq!(Options::new("ftp://host/").unwrap_err(), OptionsError::Scheme("ftp".into()));
    assert_eq!(Options::new("ws://host/#part").unwrap_err(), OptionsError::Fragment);
    assert!(Options::new("ws://").is_err());
    assert!(Options::new("wss://host:8443/path?query").is_ok());
}
