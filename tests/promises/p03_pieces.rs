//! 3. Frames go out in the order in which they were accepted; also where a message goes out in several of them.

use std::{convert::Infallible, io, time::Duration};

use fresh::{
    Action, Client, Error, Frame, MessageType,
    client::SendError,
    error::{SendFailure, StreamError},
    testing::{Connection, Received, Server},
};
use futures_util::stream;
use tokio::{
    sync::mpsc::{UnboundedSender, unbounded_channel},
    task::JoinHandle,
};

use crate::support::{
    script::{S, Then, Told, accept, start},
    time::{settle, soon},
};

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PONG: u8 = 0xA;

type Sending = JoinHandle<Result<(), SendError>>;

/// A message whose pieces the test gives.
fn sending(client: &Client<u32>) -> (UnboundedSender<io::Result<&'static str>>, Sending) {
    let (pieces, mut given) = unbounded_channel();
    let client = client.clone();
    let stream = stream::poll_fn(move |cx| given.poll_recv(cx));
    (pieces, tokio::spawn(async move { client.send_stream(MessageType::Text, stream).await }))
}

async fn opcode(connection: &mut Connection) -> (u8, bool) {
    let frame = connection.receive_frame().await.unwrap();
    (frame.opcode, frame.fin)
}

#[tokio::test(start_paused = true)]
async fn promise_03_only_control_frames_go_out_between_the_pieces_of_a_message() {
    let server = Server::in_memory();
    let (client, mut log) = start(server.options(), |told| match told {
        Told::In(_) => Then::Do(Action::reply("reply")),
        _ => Then::Default,
    });
    let mut connection = accept(&server, &client).await;
    let (pieces, sending) = sending(&client);
    pieces.send(Ok("first ")).unwrap();
    assert_eq!(opcode(&mut connection).await, (TEXT, false));
    client.send("later").await.unwrap();
    connection.send("go").await;
    log.until("in go").await;
    connection.send(Frame::ping("p")).await;
    assert_eq!(opcode(&mut connection).await, (PONG, true));
    pieces.send(Ok("second")).unwrap();
    assert_eq!(opcode(&mut connection).await, (CONTINUATION, false));
    drop(pieces);
    assert_eq!(opcode(&mut connection).await, (CONTINUATION, true));
    connection.expect_text("reply").await;
    connection.expect_text("later").await;
    soon(sending).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn promise_03_a_message_in_pieces_begins_when_its_turn_comes() {
    let server = Server::in_memory_with_buffer(100);
    let (client, _log) = start(server.options().mailbox(4).write_buffer(64), |_| Then::Default);
    let mut connection = accept(&server, &client).await;
    let sent = tokio::spawn(async move {
        for n in 0..200 {
            let pieces = [format!("{n}"), " in ".into(), "pieces".into()];
            let stream = stream::iter(pieces.map(Ok::<_, Infallible>));
            client.send(format!("{n}")).await.unwrap();
            client.send_stream(MessageType::Text, stream).await.unwrap();
        }
    });
    for n in 0..200 {
        connection.expect_text(format!("{n}")).await;
        connection.expect_text(format!("{n} in pieces")).await;
    }
    soon(sent).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn promise_03_a_close_waits_for_no_message_in_pieces_and_nothing_of_it_follows() {
    let server = Server::in_memory();
    let (client, _log) = start(server.options(), |_| Then::Default);
    let mut connection = accept(&server, &client).await;
    let (pieces, sending) = sending(&client);
    pieces.send(Ok("first")).unwrap();
    assert_eq!(opcode(&mut connection).await, (TEXT, false));
    client.close(4000, "").unwrap();
    settle().await;
    // It may be that nobody listens any more.
    let _ = pieces.send(Ok("second"));
    assert_eq!(opcode(&mut connection).await, (CLOSE, true));
    assert!(tokio::time::timeout(S, connection.raw_read()).await.is_err(), "something came behind the close frame");
    let cut = soon(sending).await.unwrap().unwrap_err();
    assert!(matches!(cut.cause(), Error::Send(SendFailure::Closing)), "{cut}");
}

#[tokio::test(start_paused = true)]
async fn promise_03_a_message_that_cannot_be_finished_closes_its_connection_and_the_next_one_knows_nothing_of_it() {
    let server = Server::in_memory();
    let (client, mut log) = start(server.options(), |_| Then::Default);
    let mut connection = server.accept().await;
    log.until("connect").await;
    let (pieces, sending) = sending(&client);
    pieces.send(Ok("first")).unwrap();
    assert_eq!(opcode(&mut connection).await, (TEXT, false));
    client.send("behind it").await.unwrap();
    settle().await;
    sending.abort();
    connection.expect_close(1011).await;
    connection.finish_close().await;
    let told = log.until("error Stream").await;
    assert!(matches!(told, Told::Error(Error::Stream(StreamError::Unfinished))), "{told:?}");
    let mut connection = server.accept().await;
    log.until("connect").await;
    client.send("next").await.unwrap();
    assert_eq!(connection.receive().await, Received::Text("next".into()));
    assert_eq!(client.stats().frames_lost, 1, "what waited behind it");
}

#[tokio::test(start_paused = true)]
async fn promise_03_a_frame_behind_a_message_is_counted_as_lost_where_the_client_ends_beside_a_callback() {
    let server = Server::in_memory();
    let hang = |told: &Told| if let Told::In(_) = told { Then::Hang } else { Then::Default };
    let (client, _log) = start(server.options().close_timeout(Duration::ZERO), hang);
    let mut connection = accept(&server, &client).await;
    connection.send(Frame::text("hang")).await;
    settle().await;
    let message = || stream::iter([Ok::<_, Infallible>("whole")]);
    let behind = async {
        client.try_send("behind").unwrap();
        client.stop().await
    };
    // All of it waits in the mailbox when the driver looks next.
    let (one, other, _) = tokio::join!(
        client.send_stream(MessageType::Text, message()),
        client.send_stream(MessageType::Text, message()),
        behind
    );
    let stats = client.stats();
    let sent = u64::from(one.is_ok()) + u64::from(other.is_ok());
    assert_eq!((stats.frames_sent, stats.frames_lost), (sent, 1));
}
