//! The closing handshake, from either side (RFC 6455 §7).

use fresh::{CloseCode, Disconnect, ExitReason, Initiator, Message};

use crate::{
    report::Report,
    server::{Library, Server},
    session::{Session, check, same},
};

pub(super) async fn all(server: &mut Server<'_>, report: &mut Report) {
    report.case("a close of the server is told, echoed and followed by a new connection", theirs(server)).await;
    report.case("a close of the server without a code is told as such", codeless(server)).await;
    report.case("a close of ours reaches the server, its answer is told, and the client ends", ours(server)).await;
    report.case("a stop tells the server that we go away", stop(server)).await;
}

async fn theirs(server: &mut Server<'_>) -> fresh::Result<()> {
    let path = "/close-of-the-server";
    let mut session = Session::open(server.options(path)?).await?;
    session.send("!close 4001 bye for now").await?;
    is_clean(&session.disconnected().await?, Initiator::Remote, Some(4001), "bye for now")?;

    let echoed = server.closed(path).await?;
    check(echoed.starts_with("4001"), || format!("the server saw {echoed:?}"))?;
    same(session.connected().await?.attempt, 2)?;
    session.echo(Message::from("again")).await?;
    session.stop().await
}

async fn codeless(server: &mut Server<'_>) -> fresh::Result<()> {
    let mut session = Session::open(server.options("/codeless-close-of-the-server")?).await?;
    session.send("!close").await?;
    let code = match server.library() {
        Library::Websockets => Some(1000),
        Library::Ws => None,
    };
    is_clean(&session.disconnected().await?, Initiator::Remote, code, "")?;
    session.stop().await
}

async fn ours(server: &mut Server<'_>) -> fresh::Result<()> {
    let path = "/close-of-ours";
    let mut session = Session::open(server.options(path)?).await?;
    session.close(4002, "client done").await?;
    is_clean(&session.disconnected().await?, Initiator::Local, Some(4002), "client done")?;
    same(server.closed(path).await?, "4002 client done")?;
    let reason = session.terminated().await?;
    check(matches!(reason, ExitReason::Normal), || format!("it ended as {reason}"))
}

async fn stop(server: &mut Server<'_>) -> fresh::Result<()> {
    let path = "/stop";
    let session = Session::open(server.options(path)?).await?;
    session.stop().await?;
    let seen = server.closed(path).await?;
    check(seen.starts_with("1001"), || format!("the server saw {seen:?}"))
}

fn is_clean(told: &Disconnect, initiator: Initiator, code: Option<u16>, reason: &str) -> fresh::Result<()> {
    same(told.code.map(CloseCode::as_u16), code)?;
    same(&*told.reason, reason)?;
    same(told.initiator, initiator)?;
    same(told.clean, true)
}
