use fastwebsockets::{Frame as Sent, OpCode, Role, WebSocket, handshake::generate_key};
use tokio::net::TcpStream;

use super::*;

async fn connected(server: &EchoServer) -> WebSocket<Box<dyn Io>> {
    let addrs = server.url().socket_addrs(|| None).unwrap();
    let mut io: Box<dyn Io> = Box::new(TcpStream::connect(addrs[0]).await.unwrap());
    let request = REQUEST.replace("dGhlIHNhbXBsZSBub25jZQ==", &generate_key());
    io.write_all(request.as_bytes()).await.unwrap();
    assert!(head(&mut io).await.starts_with("HTTP/1.1 101 "));
    WebSocket::after_handshake(io, Role::Client)
}

async fn exchange(client: &mut Client, frame: Sent<'static>) -> (OpCode, Vec<u8>) {
    client.write_frame(frame).await.unwrap();
    let frame = client.read_frame().await.unwrap();
    (frame.opcode, frame.payload.to_vec())
}

#[tokio::test]
async fn text_and_binary_come_back_and_pings_are_answered() {
    let server = EchoServer::start().await.unwrap();
    let mut client = connected(&server).await;
    assert_eq!(exchange(&mut client, Sent::text((&b"1"[..]).into())).await, (OpCode::Text, b"1".to_vec()));
    assert_eq!(exchange(&mut client, Sent::binary(vec![0; 70_000].into())).await, (OpCode::Binary, vec![0; 70_000]));
    let ping = Sent::new(true, OpCode::Ping, None, (&b"?"[..]).into());
    assert_eq!(exchange(&mut client, ping).await, (OpCode::Pong, b"?".to_vec()));
}

#[tokio::test]
async fn fragments_come_back_as_one_message() {
    let server = EchoServer::start().await.unwrap();
    let mut client = connected(&server).await;
    client.write_frame(Sent::new(false, OpCode::Text, None, (&b"he"[..]).into())).await.unwrap();
    let last = Sent::new(true, OpCode::Continuation, None, (&b"llo"[..]).into());
    assert_eq!(exchange(&mut client, last).await, (OpCode::Text, b"hello".to_vec()));
}

#[tokio::test]
async fn a_close_handshake_is_completed_and_the_server_ends_the_connection() {
    let server = EchoServer::start().await.unwrap();
    let mut client = connected(&server).await;
    client.set_auto_close(false);
    assert_eq!(exchange(&mut client, Sent::close(1000, b"bye")).await, (OpCode::Close, b"\x03\xe8bye".to_vec()));
    assert!(client.read_frame().await.is_err());
}

#[tokio::test]
async fn what_is_no_upgrade_is_told_so() {
    let server = EchoServer::start().await.unwrap();
    let addrs = server.url().socket_addrs(|| None).unwrap();
    let mut io: Box<dyn Io> = Box::new(TcpStream::connect(addrs[0]).await.unwrap());
    io.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    assert!(rest(&mut io).await.starts_with("HTTP/1.1 426 Upgrade Required\r\n"));
}

#[tokio::test]
async fn a_killed_server_drops_its_connections_and_refuses_until_it_restarts() {
    let mut server = EchoServer::start().await.unwrap();
    let addrs = server.url().socket_addrs(|| None).unwrap();
    let mut client = connected(&server).await;
    exchange(&mut client, Sent::text((&b"1"[..]).into())).await;
    assert_eq!(server.connections(), 1);

    server.kill().await;
    assert_eq!(server.connections(), 0);
    assert!(client.read_frame().await.is_err());
    let refused = TcpStream::connect(addrs[0]).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);

    server.restart().await.unwrap();
    let mut client = connected(&server).await;
    assert_eq!(exchange(&mut client, Sent::text((&b"2"[..]).into())).await, (OpCode::Text, b"2".to_vec()));
}

#[tokio::test]
async fn a_taken_port_is_an_error() {
    let server = EchoServer::start().await.unwrap();
    let addrs = server.url().socket_addrs(|| None).unwrap();
    assert_eq!(EchoServer::start_on(addrs[0]).await.unwrap_err().kind(), std::io::ErrorKind::AddrInUse);
}
