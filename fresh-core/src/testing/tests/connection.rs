use std::time::Duration;

use fastwebsockets::{Frame as Sent, OpCode};
use tokio::time::timeout;

use super::*;
use crate::frame::{CloseFrame, Frame};

async fn client_sends(client: &mut Client, frame: Sent<'_>) {
    // The client half ties its write buffer to the frame's lifetime; owned frames have none.
    let frame = Sent::new(frame.fin, frame.opcode, None, frame.payload.to_vec().into());
    client.write_frame(frame).await.unwrap();
}

async fn client_gets(client: &mut Client) -> (bool, OpCode, Vec<u8>) {
    let frame = client.read_frame().await.unwrap();
    (frame.fin, frame.opcode, frame.payload.to_vec())
}

#[tokio::test(start_paused = true)]
async fn whole_messages_and_control_frames_are_received() {
    let server = Server::in_memory();
    let (mut client, mut connection) = opened(&server).await;
    client_sends(&mut client, Sent::text((&b"1"[..]).into())).await;
    client_sends(&mut client, Sent::binary((&[0, 1][..]).into())).await;
    client_sends(&mut client, Sent::pong((&b"p"[..]).into())).await;
    client_sends(&mut client, Sent::close(1000, b"bye")).await;
    drop(client);
    connection.expect_text("1").await;
    connection.expect_binary([0, 1]).await;
    assert_eq!(connection.expect_pong().await, "p");
    assert_eq!(connection.receive().await, Received::Close(Some(CloseFrame::new(1000, "bye"))));
    connection.expect_eof().await;
}

#[tokio::test(start_paused = true)]
async fn fragments_of_the_client_become_one_message_around_a_ping() {
    let server = Server::in_memory();
    let (mut client, mut connection) = opened(&server).await;
    client_sends(&mut client, Sent::new(false, OpCode::Text, None, (&b"he"[..]).into())).await;
    client_sends(&mut client, Sent::new(true, OpCode::Ping, None, (&b"?"[..]).into())).await;
    client_sends(&mut client, Sent::new(true, OpCode::Continuation, None, (&b"llo"[..]).into())).await;
    connection.expect_text("hello").await;
    assert_eq!(client_gets(&mut client).await, (true, OpCode::Pong, b"?".to_vec()));
}

#[tokio::test(start_paused = true)]
async fn pings_are_answered_and_reported_only_where_expected() {
    let server = Server::in_memory();
    let (mut client, mut connection) = opened(&server).await;
    for payload in [b"a", b"b"] {
        client_sends(&mut client, Sent::new(true, OpCode::Ping, None, (&payload[..]).into())).await;
        client_sends(&mut client, Sent::text((&b"1"[..]).into())).await;
    }
    connection.expect_text("1").await;
    assert_eq!(connection.expect_ping().await, "b");
    assert_eq!(client_gets(&mut client).await, (true, OpCode::Pong, b"a".to_vec()));
    assert_eq!(client_gets(&mut client).await, (true, OpCode::Pong, b"b".to_vec()));
}

#[tokio::test(start_paused = true)]
async fn without_auto_pong_pings_are_reported_and_not_answered() {
    let server = Server::in_memory();
    let (mut client, mut connection) = opened(&server).await;
    connection.auto_pong(false);
    client_sends(&mut client, Sent::new(true, OpCode::Ping, None, (&b"a"[..]).into())).await;
    assert_eq!(connection.receive().await, Received::Ping("a".into()));
    connection.drop_connection();
    assert!(client.read_frame().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_frame_is_sent() {
    let server = Server::in_memory_with_buffer(1 << 20);
    let (mut client, mut connection) = opened(&server).await;
    client.set_auto_pong(false);
    client.set_auto_close(false);
    connection.send("text").await;
    connection.send(vec![7; 70_000]).await;
    connection.send(Frame::ping("i")).await;
    connection.send(Frame::pong("o")).await;
    connection.send(Frame::Close(None)).await;
    assert_eq!(client_gets(&mut client).await, (true, OpCode::Text, b"text".to_vec()));
    assert_eq!(client_gets(&mut client).await, (true, OpCode::Binary, vec![7; 70_000]));
    assert_eq!(client_gets(&mut client).await, (true, OpCode::Ping, b"i".to_vec()));
    assert_eq!(client_gets(&mut client).await, (true, OpCode::Pong, b"o".to_vec()));
    assert_eq!(client_gets(&mut client).await, (true, OpCode::Close, vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_message_is_sent_in_fragments_of_given_sizes() {
    let server = Server::in_memory();
    let (mut client, mut connection) = opened(&server).await;
    connection.send_fragmented("hello", &[2, 0]).await;
    connection.send_fragmented(vec![1, 2], &[1, 1]).await;
    assert_eq!(client_gets(&mut client).await.2, b"he");
    assert_eq!(client_gets(&mut client).await, (false, OpCode::Continuation, b"".to_vec()));
    assert_eq!(client_gets(&mut client).await, (true, OpCode::Continuation, b"llo".to_vec()));
    assert_eq!(client_gets(&mut client).await, (false, OpCode::Binary, vec![1]));
    assert_eq!(client_gets(&mut client).await, (true, OpCode::Continuation, vec![2]));
}

#[tokio::test(start_paused = true)]
async fn a_close_that_the_server_begins_is_finished_past_late_messages() {
    let server = Server::in_memory();
    let (mut client, mut connection) = opened(&server).await;
    connection.close(1001, "going").await;
    client_sends(&mut client, Sent::text((&b"late"[..]).into())).await;
    let frame = client.read_frame().await.unwrap();
    assert_eq!(&frame.payload[..], b"\x03\xe9going");
    assert_eq!(connection.finish_close().await, Some(CloseFrame::new(1001, "going")));
    assert!(client.read_frame().await.is_err(), "the server ended the connection");
}

#[tokio::test(start_paused = true)]
async fn a_close_that_the_client_begins_is_echoed_and_finished() {
    let server = Server::in_memory();
    let (mut client, mut connection) = opened(&server).await;
    client.set_auto_close(false);
    client_sends(&mut client, Sent::close(4000, b"done")).await;
    assert_eq!(connection.expect_close(4000).await, "done");
    assert_eq!(connection.finish_close().await, Some(CloseFrame::new(4000, "done")));
    assert_eq!(client_gets(&mut client).await, (true, OpCode::Close, b"\x0f\xa0done".to_vec()));
    assert!(client.read_frame().await.is_err(), "the server ended the connection");
}

#[tokio::test(start_paused = true)]
async fn a_small_buffer_pushes_back_while_the_connection_is_frozen() {
    let server = Server::in_memory_with_buffer(512);
    let (mut client, connection) = opened(&server).await;
    let frozen = connection.freeze();
    let mut sending = Box::pin(client_sends(&mut client, Sent::binary((&[0; 1000][..]).into())));
    assert!(timeout(Duration::from_secs(60), &mut sending).await.is_err());
    let mut connection = frozen.thaw();
    tokio::join!(sending, connection.expect_binary([0; 1000]));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_send_goes_on_with_the_next_one() {
    let server = Server::in_memory_with_buffer(512);
    let (mut client, mut connection) = opened(&server).await;
    assert!(timeout(Duration::from_secs(1), connection.send(vec![1; 1000])).await.is_err());
    let (_, (first, second)) = tokio::join!(connection.send("next"), async {
        (client_gets(&mut client).await, client_gets(&mut client).await)
    });
    assert_eq!(first.2, vec![1; 1000]);
    assert_eq!(second.2, b"next");
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_receive_loses_no_byte() {
    let server = Server::in_memory();
    let mut io = dial(&server).await;
    let mut connection = server.accept_raw().await;
    for byte in [0x82, 0x81, 1, 2, 3, 4] {
        io.write_u8(byte).await.unwrap();
        assert!(timeout(Duration::from_secs(1), connection.receive()).await.is_err());
    }
    io.write_u8(5).await.unwrap();
    connection.expect_binary([4]).await;
}

#[tokio::test(start_paused = true)]
async fn bytes_are_read_unparsed_and_written_at_will() {
    let server = Server::in_memory();
    let mut io = dial(&server).await;
    let mut connection = server.accept_raw().await;
    io.write_all(b"abcdef").await.unwrap();
    assert_eq!(connection.raw_read_exact(2).await, "ab");
    assert_eq!(connection.raw_read().await, "cdef");
    connection.raw([0xff, 0]).await;
    assert_eq!(io.read_u16().await.unwrap(), 0xff00);
    drop(io);
    assert_eq!(connection.raw_read().await, "");
}

#[tokio::test(start_paused = true)]
async fn a_single_frame_shows_its_bits_and_its_key() {
    let frame = WireFrame { rsv: 4, fin: false, mask: Some([1, 2, 3, 4]), ..WireFrame::new(1, "deflated") };
    let server = Server::in_memory();
    let mut io = dial(&server).await;
    let mut connection = server.accept_raw().await;
    io.write_all(&frame.encode()).await.unwrap();
    drop(io);
    assert_eq!(connection.receive_frame().await, Some(frame));
    assert_eq!(connection.receive_frame().await, None);
}

#[tokio::test]
async fn over_tcp_the_client_sees_a_reset() {
    let server = Server::tcp().await;
    let mut io = dial(&server).await;
    server.accept_raw().await.reset();
    assert_eq!(io.read_u8().await.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}
