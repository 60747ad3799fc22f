//! Clients that fail again and again, with a server that never answers their close frames.

use fresh::{Handler, Message, supervisor::SupervisorBuilder, testing::Server};

use crate::*;

/// Fails on "fail" and panics on "panic".
struct Fragile;

impl Handler for Fragile {
    type Info = ();

    async fn handle_in(&mut self, message: Message) -> fresh::Result<fresh::Action> {
        if message.to_text()? == "panic" { panic!("told to") } else { Err("told to".into()) }
    }
}

/// How often a client starts until its supervisor gives up, and how long that takes, if each connection gets this
/// message at once and no answer to its close frame.
async fn starts_until_it_gives_up(builder: SupervisorBuilder, message: &'static str) -> (usize, Duration) {
    let server = Server::in_memory();
    let client = ChildSpec::client("feed", server.options(), |_client| Fragile);
    let supervisor = builder.child(client).start().await.unwrap();
    let mut connections = Vec::new();
    let began = Instant::now();
    let serve = async {
        loop {
            let mut connection = server.accept().await;
            connection.send(message).await;
            connections.push(connection);
        }
    };
    let reason = tokio::select! {
        () = serve => unreachable!(),
        reason = timeout(60 * S, supervisor.closed()) => reason.expect("the supervisor gives up within a minute"),
    };
    assert!(matches!(reason, ExitReason::Intensity { .. }), "{reason}");
    (connections.len(), began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_client_that_keeps_failing_exceeds_the_intensity_although_no_close_frame_is_answered() {
    for message in ["fail", "panic"] {
        let builder = Supervisor::builder(Strategy::OneForOne).intensity(2, 5 * S);
        let (starts, took) = starts_until_it_gives_up(builder, message).await;
        assert_eq!(starts, 3, "{message}");
        assert!(took < S, "{message}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_keeps_failing_exceeds_the_default_intensity_with_default_options() {
    let (starts, took) = starts_until_it_gives_up(Supervisor::builder(Strategy::OneForOne), "fail").await;
    assert_eq!(starts, 4);
    assert!(took < S, "{took:?}");
}
