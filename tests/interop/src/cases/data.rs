//! Data messages: every length that has a form of its own on the wire (RFC 6455 §5.2), fragments (§5.4), bursts.

use bytes::Bytes;
use fresh::{Control, Message, Options};

use crate::{
    report::Report,
    server::Server,
    session::{Session, check, same},
};

/// Around the two places where the length takes more bytes, and one that no single read brings.
pub(super) const SIZES: [usize; 7] = [0, 1, 125, 126, 65_535, 65_536, 8 << 20];

const BURST: usize = 1000;

pub(super) async fn all(server: &Server<'_>, report: &mut Report) {
    for size in SIZES {
        report.case(format!("text of {size} B comes back"), echo(server, text(size))).await;
        report.case(format!("binary of {size} B comes back"), echo(server, binary(size))).await;
    }
    let what = "fragments of text become one message, a ping between them comes first";
    report.case(what, fragments(server.options("/fragments"), "")).await;
    report.case("fragments of binary become one message", fragments(server.options("/fragments"), " binary")).await;
    for message in [text(1 << 20), binary(1 << 20)] {
        let name = format!("{} in pieces of ours comes back as one message", kind(&message));
        report.case(name, pieces(server.options("/pieces"), message)).await;
    }
    report.case(format!("{BURST} messages of ours come back in order"), burst_of_ours(server)).await;
    report.case(format!("{BURST} messages of the server come in order"), burst_of_the_server(server)).await;
}

async fn echo(server: &Server<'_>, message: Message) -> fresh::Result<()> {
    let mut session = Session::open(server.options("/echo")?).await?;
    session.echo(message).await?;
    session.stop().await
}

/// Three fragments of a message, and a ping behind the first.
pub(super) async fn fragments(options: fresh::Result<Options>, kind: &str) -> fresh::Result<()> {
    let mut session = Session::open(options?).await?;
    session.send(format!("!fragments{kind}")).await?;
    same(session.control().await?, Control::Ping(Bytes::from_static(b"between")))?;
    let whole = "one € two three";
    let expected = if kind.is_empty() { Message::from(whole) } else { Message::from(whole.as_bytes()) };
    same(session.message().await?, expected)?;
    session.stop().await
}

/// A message in pieces of many sizes, which cut characters, comes back as a whole, and others around it do.
pub(super) async fn pieces(options: fresh::Result<Options>, message: Message) -> fresh::Result<()> {
    let mut session = Session::open(options?).await?;
    session.echo("before").await?;
    session.echo_in_pieces(message.clone(), &[1000, 1, 126, 2, 70_001, 3]).await?;
    session.echo(message).await?;
    session.stop().await
}

pub(super) fn kind(message: &Message) -> &'static str {
    if message.is_text() { "text" } else { "binary" }
}

async fn burst_of_ours(server: &Server<'_>) -> fresh::Result<()> {
    let mut session = Session::open(server.options("/burst-of-ours")?).await?;
    for number in 0..BURST {
        session.send(number.to_string()).await?;
    }
    counted(&mut session).await?;
    session.stop().await
}

async fn burst_of_the_server(server: &Server<'_>) -> fresh::Result<()> {
    let mut session = Session::open(server.options("/burst-of-the-server")?).await?;
    session.send(format!("!burst {BURST}")).await?;
    counted(&mut session).await?;
    session.stop().await
}

async fn counted(session: &mut Session) -> fresh::Result<()> {
    for number in 0..BURST {
        let message = session.message().await?;
        check(message.to_text()? == number.to_string(), || format!("{message:?} came as number {number}"))?;
    }
    Ok(())
}

/// Text of exactly that many bytes, with characters of one to four bytes: reads and writes cut them anywhere.
pub(super) fn text(size: usize) -> Message {
    const WORD: &str = "aé€😀";
    let mut text = WORD.repeat(size / WORD.len());
    text.extend(std::iter::repeat_n('x', size - text.len()));
    Message::from(text)
}

/// Bytes that repeat with a period no power of two divides, so that a block in the wrong place shows.
pub(super) fn binary(size: usize) -> Message {
    Message::from((0..=250_u8).cycle().take(size).collect::<Vec<u8>>())
}
