//! Pings and pongs (RFC 6455 §5.5.2, §5.5.3).

use bytes::Bytes;
use fresh::{Control, Frame, Message};

use crate::{
    report::Report,
    server::Server,
    session::{Session, same},
};

pub(super) async fn all(server: &Server<'_>, report: &mut Report) {
    report.case("a ping of the server is told and answered", theirs(server)).await;
    report.case("a ping of ours is answered", ours(server)).await;
    report.case("a pong that answers nothing does no harm", unsolicited(server)).await;
}

async fn theirs(server: &Server<'_>) -> fresh::Result<()> {
    let mut session = Session::open(server.options("/ping-of-the-server")?).await?;
    session.send("!ping hello").await?;
    same(session.control().await?, Control::Ping(Bytes::from_static(b"hello")))?;
    same(session.message().await?, Message::from("pong hello"))?;
    session.stop().await
}

async fn ours(server: &Server<'_>) -> fresh::Result<()> {
    let mut session = Session::open(server.options("/ping-of-ours")?).await?;
    for payload in [Bytes::new(), Bytes::from_static(b"hello"), Bytes::from_static(&[b'p'; 125])] {
        session.send(Frame::ping(payload.clone())).await?;
        same(session.control().await?, Control::Pong(payload))?;
    }
    session.stop().await
}

async fn unsolicited(server: &Server<'_>) -> fresh::Result<()> {
    let mut session = Session::open(server.options("/unsolicited-pong")?).await?;
    session.send(Frame::pong("nobody asked")).await?;
    session.echo(Message::from("still here")).await?;
    session.stop().await
}
