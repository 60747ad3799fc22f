//! An exchange that never stops quoting, and ends each connection after a while.

use std::{
    future::{pending, ready},
    ops::Range,
    time::Duration,
};

use fastwebsockets::{FragmentCollectorRead, Frame, OpCode, Payload, WebSocketRead, WebSocketWrite};
use fresh::BoxError;
use tokio::{
    io::{AsyncRead, AsyncWrite, BufWriter},
    net::TcpListener,
    sync::mpsc,
    time::{Instant, interval},
};

use crate::{
    accept::{Socket, accept},
    quote::Quote,
};

/// Quotes a second.
const RATE: f64 = 20_000.0;
/// How often those that are due go out.
const TICK: Duration = Duration::from_millis(5);
/// How long a connection lasts.
const UPTIME: Duration = Duration::from_millis(1500);
const SYMBOLS: [&str; 4] = ["ACME", "GLOBEX", "HOOLI", "INITECH"];

type Answers<'a> = mpsc::UnboundedReceiver<Frame<'a>>;

/// Serves one client after the other.
pub(crate) async fn run(listener: TcpListener) -> fresh::Result<()> {
    let opened = Instant::now();
    loop {
        // One that breaks off is no reason to close the exchange.
        let _ = serve(accept(&listener).await?, opened).await;
    }
}

/// Sends quotes, and meanwhile reads: pings want their pongs, and a close its answer.
async fn serve(socket: Socket, opened: Instant) -> fresh::Result<()> {
    let (reader, writer) = socket.split(|stream| {
        let (reader, writer) = tokio::io::split(stream);
        (reader, BufWriter::new(writer))
    });
    let (answer, answers) = mpsc::unbounded_channel();
    tokio::select! {
        ended = listen(reader, answer) => ended,
        ended = publish(writer, answers, opened) => ended,
    }
}

/// Leaves the end to the writer, which has to answer the client's close frame first.
async fn listen(
    reader: WebSocketRead<impl AsyncRead + Unpin>,
    answer: mpsc::UnboundedSender<Frame<'static>>,
) -> fresh::Result<()> {
    let mut reader = FragmentCollectorRead::new(reader);
    let mut answer = |frame| ready(answer.send(frame).map_err(BoxError::from));
    while reader.read_frame(&mut answer).await?.opcode != OpCode::Close {}
    pending().await
}

async fn publish(
    mut writer: WebSocketWrite<impl AsyncWrite + Unpin>,
    mut answers: Answers<'static>,
    opened: Instant,
) -> fresh::Result<()> {
    let mut ticks = interval(TICK);
    let end = Instant::now() + UPTIME;
    let mut told = due(opened);
    while Instant::now() < end {
        tokio::select! {
            _ = ticks.tick() => {
                let now = due(opened);
                quote(&mut writer, told..now).await?;
                told = now;
            }
            Some(frame) = answers.recv() => {
                let closes = frame.opcode == OpCode::Close;
                writer.write_frame(frame).await?;
                if closes {
                    break;
                }
            }
        }
        writer.flush().await?;
    }
    Ok(writer.flush().await?)
}

/// The number of the next quote. Time goes on whether or not anybody listens.
fn due(opened: Instant) -> u64 {
    (opened.elapsed().as_secs_f64() * RATE) as u64
}

async fn quote(writer: &mut WebSocketWrite<impl AsyncWrite + Unpin>, numbers: Range<u64>) -> fresh::Result<()> {
    for number in numbers {
        let listed = number as usize % SYMBOLS.len();
        let price = 100.0 * (listed + 1) as f64 + (number as f64 / RATE).sin();
        let quote = Quote { number, symbol: SYMBOLS[listed], price, size: number as u32 % 100 + 1 };
        let json = serde_json::to_vec(&quote)?;
        writer.write_frame(Frame::text(Payload::Owned(json))).await?;
    }
    Ok(())
}
