//! Each row of what hackney_ws was seen to do: its name is the row's, and the rest of it is what happens here.

use std::sync::Arc;

use fresh::{
    CloseCode, Error, ErrorKind, Frame, Options, Socket,
    error::{DecodeError, StreamError},
    options::{Limits, TlsOptions},
    socket::{Active, SocketError, SocketEvent, SocketOptions, SocketState, Transport},
    testing::{Received, Server, WireFrame},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    time::{Instant, timeout},
};

use super::{open, owned, passive, received, refused, text, told};
use crate::support::{
    script::{MS, S, timed},
    time::{settle, soon},
};

#[tokio::test(start_paused = true)]
async fn states_all_five_are_real() {
    let server = Server::in_memory();
    let socket = Socket::start(server.options());
    assert_eq!(socket.state(), SocketState::Idle);
    let connecting = tokio::spawn({
        let socket = socket.clone();
        async move { socket.connect().await }
    });
    let handshake = server.pending().await;
    assert_eq!(socket.state(), SocketState::Upgrading);
    let mut connection = handshake.accept().await;
    soon(connecting).await.unwrap().unwrap();
    assert_eq!(socket.state(), SocketState::Connected);
    let closing = tokio::spawn({
        let socket = socket.clone();
        async move { socket.close().await }
    });
    connection.expect_close(1000).await;
    assert_eq!(socket.state(), SocketState::Closing);
    connection.finish_close().await;
    soon(closing).await.unwrap().unwrap();
    assert_eq!(socket.state(), SocketState::Closed);
}

#[tokio::test(start_paused = true)]
async fn failed_connect_is_the_error_and_the_socket_is_closed() {
    let server = Server::in_memory();
    let options = server.options();
    drop(server);
    let socket = Socket::start(options);
    let error = soon(socket.connect()).await.unwrap_err();
    assert_eq!(error.error().map(Error::kind), Some(ErrorKind::Connect), "{error:?}");
    assert_eq!(socket.state(), SocketState::Closed);
    assert_eq!(refused(&socket).await.state(), Some(SocketState::Closed));
    assert_eq!(soon(socket.connect()).await.unwrap_err().state(), Some(SocketState::Closed));
}

#[tokio::test(start_paused = true)]
async fn passive_recv_takes_one_frame_and_pings_are_answered_always_and_pongs_surface() {
    let (socket, mut connection, _server) = passive().await;
    // Nobody is in `recv`.
    connection.send(Frame::ping("there?")).await;
    assert_eq!(connection.expect_pong().await, "there?");
    for frame in [text("1"), Frame::ping(""), Frame::pong("p"), Frame::binary("2")] {
        connection.send(frame).await;
    }
    assert_eq!(received(&socket).await, text("1"));
    assert_eq!(received(&socket).await, Frame::pong("p"));
    assert_eq!(received(&socket).await, Frame::binary("2"));
}

#[tokio::test(start_paused = true)]
async fn recv_with_a_timeout_is_an_err_and_nothing_is_lost_and_the_socket_stays_open() {
    let server = Server::in_memory();
    let (socket, mut connection) = open(&server, SocketOptions::from(server.options()).recv_timeout(S)).await;
    let began = Instant::now();
    let error = socket.recv_timeout(10 * MS).await.unwrap_err();
    assert!(error.is_timeout() && error.is_transient() && began.elapsed() < 20 * MS, "{error:?}");
    assert!(matches!(refused(&socket).await, SocketError::Timeout { after: S }));
    // Dropping the future of one that has no timeout is the same.
    assert!(timeout(10 * MS, socket.recv()).await.is_err());
    assert_eq!(socket.state(), SocketState::Connected);
    connection.send("1").await;
    connection.send("2").await;
    assert_eq!(received(&socket).await, text("1"));
    assert_eq!(received(&socket).await, text("2"));
}

#[tokio::test(start_paused = true)]
async fn active_true_sends_the_owner_every_frame_and_the_close_with_code_and_reason() {
    let server = Server::in_memory();
    let (options, mut events) = owned(server.options(), 8);
    let (socket, mut connection) = open(&server, options.active(Active::On)).await;
    for frame in [text("1"), Frame::ping("p"), Frame::pong("q"), Frame::binary("2")] {
        connection.send(frame.clone()).await;
        assert_eq!(told(&mut events).await, frame);
    }
    connection.expect_pong().await;
    connection.close(4000, "enough").await;
    connection.finish_close().await;
    let event = soon(events.recv()).await.unwrap();
    let SocketEvent::Closed(id, disconnect) = event else { panic!("{event:?}") };
    assert_eq!((id, disconnect.code, &*disconnect.reason), (socket.id(), Some(CloseCode::from(4000)), "enough"));
}

#[tokio::test(start_paused = true)]
async fn active_true_tells_the_owner_of_an_end_without_a_close_frame_and_of_a_broken_protocol() {
    for broken in [false, true] {
        let server = Server::in_memory();
        let (options, mut events) = owned(server.options(), 8);
        let (_socket, mut connection) = open(&server, options.active(Active::On)).await;
        if broken {
            connection.raw(WireFrame { rsv: 1, ..WireFrame::new(1, "x") }.encode()).await;
        }
        drop(connection);
        let event = soon(events.recv()).await.unwrap();
        match event {
            SocketEvent::Failed(_, Error::Decode(DecodeError::ReservedBits { .. })) if broken => {}
            SocketEvent::Failed(_, Error::Stream(StreamError::Eof)) if !broken => {}
            event => panic!("{event:?}"),
        }
        assert!(soon(events.recv()).await.is_none(), "the owner is let go");
    }
}

#[tokio::test(start_paused = true)]
async fn active_once_sends_exactly_one_frame_and_is_passive_then() {
    let server = Server::in_memory();
    let (options, mut events) = owned(server.options(), 8);
    let (socket, mut connection) = open(&server, options.active(Active::Once)).await;
    // Both in one read, the second one split.
    let second = WireFrame::new(1, "two").encode();
    connection.raw([&WireFrame::new(1, "one").encode()[..], &second[..2]].concat()).await;
    assert_eq!(told(&mut events).await, text("one"));
    connection.raw(&second[2..]).await;
    settle().await;
    assert!(events.try_recv().is_err(), "a second frame was sent");
    assert_eq!(received(&socket).await, text("two"));
    // Half a frame is none: it does not disarm.
    socket.set_active(Active::Once).unwrap();
    connection.raw(&second[..2]).await;
    settle().await;
    assert!(matches!(refused(&socket).await, SocketError::Active(Active::Once)));
    connection.raw(&second[2..]).await;
    assert_eq!(told(&mut events).await, text("two"));
}

#[tokio::test(start_paused = true)]
async fn frames_buffered_at_a_mode_switch_or_sent_with_the_101_are_delivered() {
    let server = Server::in_memory();
    let (options, mut events) = owned(server.options(), 8);
    let (socket, connection) = tokio::join!(Socket::connect_to(options), async {
        server.pending().await.accept_and_send(["with the 101", "buffered", "and this"]).await
    });
    let (socket, _connection) = (socket.unwrap(), connection);
    assert_eq!(received(&socket).await, text("with the 101"));
    settle().await;
    socket.set_active(Active::On).unwrap();
    assert_eq!(told(&mut events).await, text("buffered"));
    assert_eq!(told(&mut events).await, text("and this"));
}

#[tokio::test(start_paused = true)]
async fn send_resolves_when_written_and_an_oversized_control_frame_is_an_err() {
    let server = Server::in_memory_with_buffer(512);
    let (socket, mut connection) = open(&server, server.options()).await;
    let sending = socket.send(vec![0; 10_000]);
    tokio::pin!(sending);
    assert!(timeout(S, &mut sending).await.is_err(), "nobody has read it");
    let (sent, ()) = tokio::join!(sending, connection.expect_binary([0; 10_000]));
    sent.unwrap();

    let error = socket.send(Frame::ping(vec![0; 126])).await.unwrap_err();
    let SocketError::Send(error) = error else { panic!("{error:?}") };
    assert_eq!(error.cause().kind(), ErrorKind::Encode);
    assert_eq!(error.into_frame(), Some(Frame::ping(vec![0; 126])));
    assert_eq!(socket.state(), SocketState::Connected);
}

#[tokio::test(start_paused = true)]
async fn send_takes_all_eight_shapes_of_a_frame() {
    let (socket, mut connection, _server) = passive().await;
    connection.auto_pong(false);
    let shapes = [
        (Frame::text("t"), Received::Text("t".into())),
        (Frame::binary("b"), Received::Binary("b".into())),
        (Frame::ping(""), Received::Ping("".into())),
        (Frame::ping("p"), Received::Ping("p".into())),
        (Frame::pong(""), Received::Pong("".into())),
        (Frame::pong("q"), Received::Pong("q".into())),
        (Frame::Close(None), Received::Close(None)),
    ];
    for (frame, expected) in shapes {
        socket.send(frame).await.unwrap();
        assert_eq!(connection.receive().await, expected);
    }
    let (socket, mut connection, _server) = passive().await;
    socket.send(Frame::close(4000, "c")).await.unwrap();
    assert_eq!(connection.expect_close(4000).await, "c");
}

#[tokio::test(start_paused = true)]
async fn close_of_a_passive_socket_ends_as_soon_as_the_server_answers_or_after_5_s() {
    for answers in [true, false] {
        let (socket, mut connection, _server) = passive().await;
        let ((took, closed), _left) = tokio::join!(timed(socket.close()), async {
            connection.expect_close(1000).await;
            if answers {
                connection.finish_close().await;
                return None;
            }
            Some(connection.freeze())
        });
        closed.unwrap();
        if answers {
            assert!(took < 100 * MS, "{took:?}");
        } else {
            assert!(took.abs_diff(5 * S) < 20 * MS, "{took:?}");
        }
        assert_eq!(socket.state(), SocketState::Closed);
    }
}

#[tokio::test(start_paused = true)]
async fn owner_that_ends_closes_the_socket_and_undelivered_frames_move_to_a_new_one() {
    let server = Server::in_memory();
    let (options, mut old) = owned(server.options(), 1);
    let (socket, mut connection) = open(&server, options.active(Active::On)).await;
    for n in ["1", "2", "3"] {
        connection.send(n).await;
    }
    settle().await;
    let (new, mut events) = tokio::sync::mpsc::channel(8);
    // From any task.
    let handle = socket.clone();
    tokio::spawn(async move { handle.controlling_process(new) }).await.unwrap().unwrap();
    assert_eq!(told(&mut events).await, text("2"));
    assert_eq!(told(&mut events).await, text("3"));
    assert_eq!(told(&mut old).await, text("1"));
    assert!(soon(old.recv()).await.is_none());
    // It is nobody's owner any more.
    drop(old);
    settle().await;
    assert_eq!(socket.state(), SocketState::Connected);

    // In any mode.
    socket.set_active(Active::Off).unwrap();
    drop(events);
    connection.expect_close(1000).await;
    connection.finish_close().await;
    soon(socket.close()).await.unwrap();
}

#[tokio::test]
async fn peername_and_sockname_are_told_while_there_is_a_socket() {
    let server = Server::tcp().await;
    let socket = Socket::start(server.options());
    assert_eq!(socket.peername().unwrap_err().state(), Some(SocketState::Idle));
    let (connected, connection) = tokio::join!(socket.connect(), server.accept());
    connected.unwrap();
    assert_eq!(Some(socket.peername().unwrap().port()), server.url().port());
    assert!(socket.sockname().unwrap().ip().is_loopback());
    let closing = tokio::spawn({
        let socket = socket.clone();
        async move { socket.close().await }
    });
    let mut connection = connection;
    connection.expect_close(1000).await;
    assert!(socket.peername().is_ok(), "it is closing");
    connection.finish_close().await;
    closing.await.unwrap().unwrap();
    assert_eq!(socket.sockname().unwrap_err().state(), Some(SocketState::Closed));
}

#[tokio::test(start_paused = true)]
async fn after_close_nothing_of_it_lives_on() {
    let server = Server::in_memory();
    let (options, _events) = owned(server.options(), 8);
    let before = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let (socket, connection) = open(&server, options).await;
    assert!(tokio::runtime::Handle::current().metrics().num_alive_tasks() > before);
    let (closed, _) = tokio::join!(socket.close(), connection.finish_close());
    closed.unwrap();
    settle().await;
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), before);
}

#[tokio::test(start_paused = true)]
async fn subprotocol_is_checked_and_readable() {
    for (answer, chosen) in [("chat.v2", true), ("other", false)] {
        let server = Server::in_memory();
        let options = server.options().protocol("chat.v1").unwrap().protocol("chat.v2").unwrap();
        let (socket, _connection) = tokio::join!(Socket::connect_to(options), async {
            server.pending().await.accept_with(&[("sec-websocket-protocol", answer)]).await
        });
        if chosen {
            assert_eq!(socket.unwrap().protocol().as_deref(), Some(answer));
        } else {
            assert_eq!(socket.unwrap_err().error().map(Error::kind), Some(ErrorKind::Establish));
        }
    }
}

#[cfg(feature = "deflate")]
#[tokio::test(start_paused = true)]
async fn permessage_deflate_works() {
    let server = Server::in_memory();
    let options = server.options().deflate(fresh::options::DeflateOptions::new());
    let (socket, connection) = tokio::join!(Socket::connect_to(options), async {
        server.pending().await.accept_with(&[("sec-websocket-extensions", "permessage-deflate")]).await
    });
    let (socket, mut connection) = (socket.unwrap(), connection);
    assert!(socket.upgrade().unwrap().extensions[0].starts_with("permessage-deflate"));
    socket.send("hello ".repeat(100)).await.unwrap();
    let frame = connection.receive_frame().await.unwrap();
    assert!(frame.rsv == 4 && frame.payload.len() < 100, "{frame:?}");
    // "Hello" (RFC 7692 §7.2.3.1)
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    connection.raw(WireFrame { rsv: 4, ..WireFrame::new(1, hello.to_vec()) }.encode()).await;
    assert_eq!(received(&socket).await, text("Hello"));
}

#[tokio::test(start_paused = true)]
async fn refused_upgrade_has_status_headers_and_body() {
    let server = Server::in_memory();
    let (socket, ()) = tokio::join!(Socket::connect_to(server.options()), async {
        server.pending().await.refuse(401, &[("www-authenticate", "Basic")], "who are you?").await;
    });
    let error = socket.unwrap_err();
    let refusal = error.error().and_then(Error::refusal).unwrap();
    assert_eq!(refusal.status, 401);
    assert_eq!(refusal.headers["www-authenticate"], "Basic");
    assert_eq!(&refusal.body[..], b"who are you?");
    assert!(!error.is_transient() && error.is_closed());
}

#[tokio::test(start_paused = true)]
async fn limits_are_all_capped_and_the_number_of_fragments_too() {
    let limits = Limits { max_frame: 1000, max_message: 2000, max_fragments: 3, max_handshake: 8 << 10 };
    let sizes: [&[usize]; 3] = [&[1001], &[900, 900, 900], &[1, 1, 1, 1]];
    for sizes in sizes {
        let server = Server::in_memory();
        let (socket, mut connection) = open(&server, server.options().limits(limits)).await;
        connection.send_fragmented(vec![0; sizes.iter().sum()], &sizes[..sizes.len() - 1]).await;
        connection.expect_close(1009).await;
        drop(connection);
        let error = refused(&socket).await;
        assert_eq!(error.error().map(Error::kind), Some(ErrorKind::Decode), "{error:?}");
    }
    let server = Server::in_memory();
    let (socket, _connection) = tokio::join!(Socket::connect_to(server.options().limits(limits)), async {
        let endless = "x".repeat(20 << 10);
        server.pending().await.raw(format!("HTTP/1.1 101 Switching Protocols\r\nx: {endless}")).await
    });
    assert_eq!(socket.unwrap_err().error().map(Error::kind), Some(ErrorKind::Establish));
}

#[tokio::test(start_paused = true)]
async fn a_ping_inside_a_fragmented_message_is_handled_apart() {
    let (socket, mut connection, _server) = passive().await;
    let first = WireFrame { fin: false, ..WireFrame::new(1, "one ") };
    let ping = WireFrame::new(9, "between");
    let last = WireFrame::new(0, "two");
    connection.raw([first.encode(), ping.encode(), last.encode()].concat()).await;
    assert_eq!(connection.expect_pong().await, "between");
    assert_eq!(received(&socket).await, text("one two"));
}

#[tokio::test(start_paused = true)]
async fn split_utf8_over_several_reads_is_validated_as_the_bytes_come() {
    let (socket, mut connection, _server) = passive().await;
    let bytes = WireFrame::new(1, "a€b").encode();
    for byte in &bytes {
        connection.raw([*byte]).await;
        settle().await;
    }
    assert_eq!(received(&socket).await, text("a€b"));
    // The second byte of a message that is not there yet.
    connection.raw([0x81, 10, b'a', 0xff]).await;
    connection.expect_close(1007).await;
}

#[tokio::test(start_paused = true)]
async fn passive_recv_shows_no_pong_that_answers_the_keepalive() {
    let server = Server::in_memory();
    let (socket, mut connection) = open(&server, server.options().ping_interval(S)).await;
    for _ in 0..3 {
        connection.expect_ping().await;
    }
    assert!(matches!(socket.recv_timeout(10 * MS).await, Err(SocketError::Timeout { .. })));
    assert!(socket.stats().bytes_received > 0, "the pongs came");
}

#[tokio::test]
async fn tls_options_have_an_effect_on_a_socket_too() {
    let directory = tempfile::tempdir().unwrap();
    let own = rcgen::generate_simple_self_signed(["name.test".to_owned()]).unwrap();
    let root = directory.path().join("root.pem");
    std::fs::write(&root, own.cert.pem()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![own.cert.der().clone()],
            rustls::pki_types::PrivatePkcs8KeyDer::from(own.signing_key.serialize_der()).into(),
        )
        .unwrap();
    let server = Server::tcp().await;
    let plain = server.url().socket_addrs(|| None).unwrap()[0];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let relay = tokio::spawn(async move {
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(mut secured) = acceptor.accept(stream).await {
                let _ = copy_bidirectional(&mut secured, &mut TcpStream::connect(plain).await.unwrap()).await;
            }
        }
    });
    let options = SocketOptions::host(Transport::Tls, "127.0.0.1", port).unwrap();
    let stranger = soon(Socket::connect_to(options.clone().tls(TlsOptions::new().server_name("name.test")))).await;
    assert_eq!(stranger.unwrap_err().error().map(Error::kind), Some(ErrorKind::Connect));
    let (socket, mut connection) =
        open(&server, options.tls(TlsOptions::new().only_ca(root).server_name("name.test"))).await;
    assert_eq!(socket.peername().unwrap().port(), port);
    socket.send("secret").await.unwrap();
    connection.expect_text("secret").await;
    relay.abort();
}

#[test]
fn options_have_hackneys_names_and_defaults() {
    let options = SocketOptions::new("ws://host").unwrap();
    let shown = format!("{options:?}");
    assert!(shown.contains("connect_timeout: 8s"), "{shown}");
    assert!(shown.contains("active: Off") && shown.contains("recv_timeout: None"), "{shown}");
    assert_eq!(Options::new("ws://host").unwrap().url().path(), "/");
}
