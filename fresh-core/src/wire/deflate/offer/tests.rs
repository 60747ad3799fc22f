use super::*;

fn options() -> DeflateOptions {
    DeflateOptions::new()
}

fn offered(options: &DeflateOptions) -> String {
    offer(options).to_str().unwrap().to_owned()
}

/// What is agreed on by these parameters in the answer to the default offer.
fn agreed(parameters: &str) -> Option<Agreed> {
    judge(&format!("permessage-deflate{parameters}"), &options())
}

const NOTHING_SAID: Agreed =
    Agreed { server_no_context_takeover: false, client_no_context_takeover: false, client_window_bits: 15 };

#[test]
fn the_default_offer_lets_the_server_ask_for_a_smaller_window() {
    assert_eq!(offered(&options()), "permessage-deflate; client_max_window_bits");
}

#[test]
fn every_option_is_offered() {
    let all = options()
        .client_max_window_bits(10)
        .unwrap()
        .server_max_window_bits(9)
        .unwrap()
        .client_no_context_takeover(true)
        .server_no_context_takeover(true);
    let expected = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
                    server_max_window_bits=9; client_max_window_bits=10";
    assert_eq!(offered(&all), expected);
}

#[test]
fn an_answer_without_parameters_agrees_to_the_largest_windows() {
    assert_eq!(agreed(""), Some(NOTHING_SAID));
}

#[test]
fn the_server_may_ask_for_what_was_not_asked_of_it() {
    let server = Agreed { server_no_context_takeover: true, ..NOTHING_SAID };
    assert_eq!(agreed("; server_no_context_takeover"), Some(server));
    assert_eq!(agreed("; server_max_window_bits=8"), Some(NOTHING_SAID));
    let client = Agreed { client_no_context_takeover: true, client_window_bits: 8, ..NOTHING_SAID };
    assert_eq!(agreed("; client_no_context_takeover; client_max_window_bits=8"), Some(client));
}

#[test]
fn a_value_may_be_quoted_and_blanks_stand_anywhere() {
    for parameters in
        ["; client_max_window_bits=\"12\"", " ;client_max_window_bits = 12 ", ";\tclient_max_window_bits=12"]
    {
        assert_eq!(agreed(parameters), Some(Agreed { client_window_bits: 12, ..NOTHING_SAID }), "{parameters}");
    }
}

#[test]
fn every_window_from_8_to_15_is_a_value_and_nothing_else_is() {
    for bits in 8..=15 {
        let expected = Some(Agreed { client_window_bits: bits, ..NOTHING_SAID });
        assert_eq!(agreed(&format!("; client_max_window_bits={bits}")), expected);
    }
    let wrong = ["7", "16", "0", "08", "008", "+9", "-9", "9.0", "1 0", "x", "\"\"", "\"9", "9\"", "\" 9\"", "'9'", ""];
    for name in ["server_max_window_bits", "client_max_window_bits"] {
        for value in wrong {
            assert_eq!(agreed(&format!("; {name}={value}")), None, "{name}={value}");
        }
        assert_eq!(agreed(&format!("; {name}")), None, "{name} needs a value");
    }
}

#[test]
fn a_flag_has_no_value() {
    for name in ["server_no_context_takeover", "client_no_context_takeover"] {
        for value in ["=", "=true", "=1", "=\"\""] {
            assert_eq!(agreed(&format!("; {name}{value}")), None, "{name}{value}");
        }
    }
}

#[test]
fn no_parameter_stands_there_twice() {
    for parameter in [
        "server_no_context_takeover",
        "client_no_context_takeover",
        "server_max_window_bits=10",
        "client_max_window_bits=10",
    ] {
        assert!(agreed(&format!("; {parameter}")).is_some(), "{parameter}");
        assert_eq!(agreed(&format!("; {parameter}; {parameter}")), None, "{parameter}");
    }
    assert_eq!(agreed("; client_max_window_bits=10; server_no_context_takeover; client_max_window_bits=11"), None);
}

#[test]
fn a_parameter_or_an_extension_that_is_not_defined_is_refused() {
    for parameters in
        ["; mux", "; mux=1", ";", "; ", "; =9", ";; server_no_context_takeover", "; Client_Max_Window_Bits=9"]
    {
        assert_eq!(agreed(parameters), None, "{parameters}");
    }
    for answer in
        ["permessage-bzip2", "x-webkit-deflate-frame", "permessage-deflate2", "", "; server_no_context_takeover"]
    {
        assert_eq!(judge(answer, &options()), None, "{answer}");
    }
}

#[test]
fn a_server_that_passes_over_what_was_asked_of_it_is_refused() {
    let alone = options().server_no_context_takeover(true);
    assert_eq!(judge("permessage-deflate", &alone), None);
    assert!(judge("permessage-deflate; server_no_context_takeover", &alone).is_some());

    let small = options().server_max_window_bits(10).unwrap();
    assert_eq!(judge("permessage-deflate", &small), None);
    for (bits, accepted) in [(8, true), (9, true), (10, true), (11, false), (15, false)] {
        let answer = format!("permessage-deflate; server_max_window_bits={bits}");
        assert_eq!(judge(&answer, &small).is_some(), accepted, "{bits}");
    }
}

#[test]
fn what_was_offered_about_ourselves_holds_where_the_answer_says_nothing_of_it() {
    let strict = options().client_no_context_takeover(true).client_max_window_bits(10).unwrap();
    for (parameters, bits) in [("", 10), ("; client_max_window_bits=10", 10), ("; client_max_window_bits=9", 9)] {
        let agreed = judge(&format!("permessage-deflate{parameters}"), &strict).unwrap();
        assert_eq!((agreed.client_no_context_takeover, agreed.client_window_bits), (true, bits), "{parameters}");
    }
}

#[test]
fn a_window_of_ours_that_is_larger_than_offered_is_refused() {
    let small = options().client_max_window_bits(10).unwrap();
    for bits in [11, 15] {
        assert_eq!(judge(&format!("permessage-deflate; client_max_window_bits={bits}"), &small), None, "{bits}");
    }
}
