//! A server that dies, and one that merely seems to live.

use std::time::{Duration, Instant};

use fresh::{Error, ErrorKind, Message, Upgrade, error::StreamError};

use crate::{
    probe::Event,
    report::Report,
    server::Server,
    session::{Session, check, same},
};

const PING_INTERVAL: Duration = Duration::from_millis(300);
const PONG_TIMEOUT: Duration = Duration::from_millis(500);
/// What a busy machine may add.
const SLACK: Duration = Duration::from_millis(700);

pub(super) async fn all(server: &mut Server<'_>, report: &mut Report) {
    report.case("a frozen server is noticed by its silence, and met again when it thaws", frozen(server)).await;
    report.case("a server killed midway is met again when it is back", killed(server)).await;
}

async fn frozen(server: &mut Server<'_>) -> fresh::Result<()> {
    let options = server
        .options("/frozen")?
        .ping_interval(PING_INTERVAL)
        .pong_timeout(PONG_TIMEOUT)
        .connect_timeout(Duration::from_secs(1));
    let mut session = Session::open(options).await?;
    session.echo(Message::from("alive")).await?;

    server.freeze()?;
    let since = Instant::now();
    let error = session.until(error).await;
    let took = since.elapsed();
    server.thaw()?;

    let error = error?;
    check(matches!(error, Error::Stream(StreamError::PongTimeout { .. })), || format!("it failed with {error}"))?;
    // The ping that got no answer may have gone out just before the server froze.
    check((PONG_TIMEOUT / 2..PING_INTERVAL + PONG_TIMEOUT + SLACK).contains(&took), || format!("it took {took:?}"))?;
    met_again(session).await
}

async fn killed(server: &mut Server<'_>) -> fresh::Result<()> {
    let mut session = Session::open(server.options("/killed")?).await?;
    session.send("!burst 1000000").await?;
    for number in 0..100 {
        same(session.message().await?, Message::from(number.to_string()))?;
    }

    server.kill().await?;
    let error = session.until(error).await;
    server.restart().await?;

    same(error?.kind(), ErrorKind::Stream)?;
    met_again(session).await
}

async fn met_again(mut session: Session) -> fresh::Result<()> {
    let upgrade = session.until(connection).await?;
    check(upgrade.attempt > 1, || format!("attempt {} is no later one", upgrade.attempt))?;
    session.echo(Message::from("back again")).await?;
    session.stop().await
}

fn error(event: Event) -> Option<Error> {
    if let Event::Failed(error) = event { Some(error) } else { None }
}

fn connection(event: Event) -> Option<Upgrade> {
    if let Event::Connected(upgrade) = event { Some(upgrade) } else { None }
}
