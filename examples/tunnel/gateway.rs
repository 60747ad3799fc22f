//! The other end of the tunnel: from binary messages to TCP and back, by fastwebsockets.

use std::{io, net::SocketAddr};

use fastwebsockets::{FragmentCollectorRead, Frame, OpCode, Payload, WebSocketError, WebSocketRead, WebSocketWrite};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use crate::accept::{Socket, accept};

pub(crate) async fn start(service: SocketAddr) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let addr = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok(socket) = accept(&listener).await {
            tokio::spawn(relay(socket, service));
        }
    });
    Ok(addr)
}

async fn relay(socket: Socket, service: SocketAddr) -> fresh::Result<()> {
    let (from_service, to_service) = TcpStream::connect(service).await?.into_split();
    let (reader, writer) = socket.split(tokio::io::split);
    tokio::try_join!(inward(reader, to_service), outward(from_service, writer))?;
    Ok(())
}

/// The bytes of the messages, until the close frame; the service is told that this was all.
async fn inward(reader: WebSocketRead<impl AsyncRead + Unpin>, mut service: OwnedWriteHalf) -> fresh::Result<()> {
    // The answer to the close frame waits until the service has said its last.
    let mut reader = FragmentCollectorRead::new(reader);
    let mut unanswered = |_| async { Ok::<_, WebSocketError>(()) };
    loop {
        let frame = reader.read_frame(&mut unanswered).await?;
        match frame.opcode {
            OpCode::Binary => service.write_all(&frame.payload).await?,
            OpCode::Close => return Ok(service.shutdown().await?),
            OpCode::Text | OpCode::Continuation | OpCode::Ping | OpCode::Pong => {}
        }
    }
}

/// What the service says, as messages, and a close frame behind the last.
async fn outward(mut service: OwnedReadHalf, mut writer: WebSocketWrite<impl AsyncWrite + Unpin>) -> fresh::Result<()> {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let length = service.read(&mut buffer).await?;
        if length == 0 {
            writer.write_frame(Frame::close(1000, b"")).await?;
            return Ok(writer.flush().await?);
        }
        writer.write_frame(Frame::binary(Payload::Borrowed(&buffer[..length]))).await?;
    }
}
