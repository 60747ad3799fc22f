//! The socket: its modes, its bytes and its close, without a handler.

use fresh::{
    Error, Frame, Initiator, Options, Socket,
    socket::{Active, SocketError, SocketEvent, SocketOptions, SocketState},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc,
};

use super::data::{SIZES, binary, text};
use crate::{
    report::Report,
    server::Server,
    session::{check, same},
};

const BURST: usize = 1000;

pub(super) async fn all(server: &mut Server<'_>, report: &mut Report) {
    report.case("a passive socket gets each length back", passive(server.options("/socket-passive"))).await;
    report.case("an active socket sends its owner a burst in order", active(server.options("/socket-active"))).await;
    report.case("a socket in once mode gets a burst one by one", once(server.options("/socket-once"))).await;
    report.case("a socket's ping is answered, and the server's is too", pings(server.options("/socket-pings"))).await;
    report.case("a socket as a byte stream gets its bytes back", bytes(server.options("/socket-bytes"))).await;
    report.case("a socket's close reaches the server", ours(server)).await;
    report.case("the server's close reaches a socket", theirs(server)).await;
    report.case("a refused socket has status and body", refused(server.options("/refuse"))).await;
}

async fn open(options: fresh::Result<Options>) -> fresh::Result<Socket> {
    Ok(Socket::connect_to(options?).await?)
}

async fn passive(options: fresh::Result<Options>) -> fresh::Result<()> {
    let socket = open(options).await?;
    for size in SIZES {
        for message in [text(size), binary(size)] {
            socket.send(message.clone()).await?;
            let came = socket.recv().await?;
            check(came == Frame::from(message), || format!("{size} B came back as {} B", came.payload_len()))?;
        }
    }
    Ok(socket.close().await?)
}

/// A socket whose owner we are.
async fn owned(options: fresh::Result<Options>, mode: Active) -> fresh::Result<(Socket, mpsc::Receiver<SocketEvent>)> {
    let (owner, events) = mpsc::channel(4);
    let socket = Socket::connect_to(SocketOptions::from(options?).owner(owner).active(mode)).await?;
    Ok((socket, events))
}

async fn active(options: fresh::Result<Options>) -> fresh::Result<()> {
    let (socket, mut events) = owned(options, Active::On).await?;
    socket.send(format!("!burst {BURST}")).await?;
    for number in 0..BURST {
        same(told(&mut events).await?, Frame::text(number.to_string()))?;
    }
    socket.send("!close 4001 enough").await?;
    let Some(SocketEvent::Closed(_, disconnect)) = events.recv().await else { return Err("no close".into()) };
    same(disconnect.code, Some(4001.into()))?;
    same(events.recv().await.is_none(), true)
}

async fn once(options: fresh::Result<Options>) -> fresh::Result<()> {
    let (socket, mut events) = owned(options, Active::Once).await?;
    socket.send(format!("!burst {BURST}")).await?;
    for number in 0..BURST {
        same(told(&mut events).await?, Frame::text(number.to_string()))?;
        check(events.try_recv().is_err(), || format!("{number} was not alone"))?;
        socket.set_active(Active::Once)?;
    }
    Ok(socket.close().await?)
}

async fn told(events: &mut mpsc::Receiver<SocketEvent>) -> fresh::Result<Frame> {
    let event = events.recv().await.ok_or("the owner was let go")?;
    let shown = format!("{event:?}");
    event.into_frame().ok_or_else(|| format!("{shown} where a frame was expected").into())
}

async fn pings(options: fresh::Result<Options>) -> fresh::Result<()> {
    let socket = open(options).await?;
    socket.send(Frame::ping("ours")).await?;
    same(socket.recv().await?, Frame::pong("ours"))?;
    // It says so once our pong has come, and its ping is not shown.
    socket.send("!ping theirs").await?;
    same(socket.recv().await?, Frame::text("pong theirs"))?;
    Ok(socket.close().await?)
}

async fn bytes(options: fresh::Result<Options>) -> fresh::Result<()> {
    let sent = binary(1 << 20).into_bytes();
    let (mut read, mut write) = tokio::io::split(open(options).await?.into_io());
    let writing = async {
        write.write_all(&sent).await?;
        write.flush().await
    };
    let mut came = vec![0; sent.len()];
    tokio::try_join!(writing, read.read_exact(&mut came))?;
    check(came == sent, || "other bytes came back".into())?;
    write.shutdown().await?;
    same(read.read(&mut [0; 1]).await?, 0)
}

async fn ours(server: &mut Server<'_>) -> fresh::Result<()> {
    let path = "/socket-close-of-ours";
    let socket = open(server.options(path)).await?;
    socket.close_with(4002, "socket done").await?;
    same(socket.state(), SocketState::Closed)?;
    let Err(SocketError::Closed(disconnect)) = socket.recv().await else { return Err("no close".into()) };
    same((disconnect.clean, disconnect.initiator, disconnect.code), (true, Initiator::Local, Some(4002.into())))?;
    same(server.closed(path).await?, "4002 socket done")
}

async fn theirs(server: &mut Server<'_>) -> fresh::Result<()> {
    let path = "/socket-close-of-the-server";
    let socket = open(server.options(path)).await?;
    socket.send("!close 4001 bye for now").await?;
    let Err(SocketError::Closed(disconnect)) = socket.recv().await else { return Err("no close".into()) };
    same((disconnect.clean, disconnect.initiator, &*disconnect.reason), (true, Initiator::Remote, "bye for now"))?;
    let echoed = server.closed(path).await?;
    check(echoed.starts_with("4001"), || format!("the server saw {echoed:?}"))
}

async fn refused(options: fresh::Result<Options>) -> fresh::Result<()> {
    let Err(error) = Socket::connect_to(options?).await else { return Err("it was let in".into()) };
    let refusal = error.error().and_then(Error::refusal).ok_or("no refusal")?;
    same((refusal.status.as_u16(), &refusal.body[..]), (403, &b"no entry\n"[..]))
}
