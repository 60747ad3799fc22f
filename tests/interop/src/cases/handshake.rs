//! The opening handshake (RFC 6455 §4).

use fresh::{Error, ErrorKind, ExitReason, Message, error::ConnectError, options::TlsOptions};

use crate::{
    authority::Authority,
    report::Report,
    server::Server,
    session::{Session, check, same},
};

pub(super) async fn all(server: &Server<'_>, report: &mut Report) {
    report.case("headers, path and query reach the server", headers(server)).await;
    report.case("the first offered subprotocol that the server knows is chosen", protocol(server)).await;
    report.case("no subprotocol is chosen where the server knows none", unknown_protocol(server)).await;
    report.case("a refusal ends the client with the server's status", refusal(server)).await;
    if server.is_secure() {
        report.case("a stranger's certificate ends the client", stranger(server)).await;
    }
}

async fn headers(server: &Server<'_>) -> fresh::Result<()> {
    let options = server
        .options("/headers?day=1&night=2")?
        .header("x-one", "first value")?
        .header("x-many", "1")?
        .header("x-many", "2")?;
    let mut session = Session::open(options).await?;
    session.send("!headers").await?;

    let message = session.message().await?;
    let mut seen = message.to_text()?.lines();
    same(seen.next(), Some("GET /headers?day=1&night=2"))?;
    let seen: Vec<&str> = seen.collect();
    let host = format!("host: {}", server.host());
    for expected in [host.as_str(), "x-one: first value", "sec-websocket-version: 13"] {
        check(seen.contains(&expected), || format!("{expected:?} is not among {seen:?}"))?;
    }
    let many: Vec<_> = seen.iter().filter_map(|line| line.strip_prefix("x-many: ")).collect();
    same(many.join(", "), "1, 2")?;
    session.stop().await
}

async fn protocol(server: &Server<'_>) -> fresh::Result<()> {
    let options = server.options("/protocol")?.protocol("chat.v9")?.protocol("chat.v2")?.protocol("chat.v1")?;
    let mut session = Session::start(options)?;
    same(session.connected().await?.protocol.as_deref(), Some("chat.v2"))?;
    session.stop().await
}

async fn unknown_protocol(server: &Server<'_>) -> fresh::Result<()> {
    let mut session = Session::start(server.options("/unknown-protocol")?.protocol("chat.v9")?)?;
    same(session.connected().await?.protocol, None::<String>)?;
    session.echo(Message::from("without one")).await?;
    session.stop().await
}

async fn refusal(server: &Server<'_>) -> fresh::Result<()> {
    let mut session = Session::start(server.options("/refuse")?)?;
    let error = session.failed().await?;
    same(error.kind(), ErrorKind::Establish)?;
    let refusal = error.refusal().ok_or("no refusal")?;
    same(refusal.status.as_u16(), 403)?;
    same(&refusal.body[..], b"no entry\n")?;
    ends_with_an_error(session).await
}

async fn stranger(server: &Server<'_>) -> fresh::Result<()> {
    let another = Authority::new()?;
    let options = server.options("/stranger")?.tls(TlsOptions::new().only_ca(another.root()));
    let mut session = Session::start(options)?;
    let error = session.failed().await?;
    check(matches!(error, Error::Connect(ConnectError::Tls(_))), || format!("it failed with {error}"))?;
    ends_with_an_error(session).await
}

async fn ends_with_an_error(mut session: Session) -> fresh::Result<()> {
    let reason = session.terminated().await?;
    check(matches!(reason, ExitReason::Error(_)), || format!("it ended as {reason}"))
}
