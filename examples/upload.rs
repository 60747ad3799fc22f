//! Uploads 64 MiB as one message, of which only some pieces are in memory at any time.
//!
//! ```sh
//! cargo run --example upload
//! ```

#[path = "shared/accept.rs"]
mod accept;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use accept::accept;
use fastwebsockets::{Frame, OpCode, Payload};
use fresh::{Action, Client, ExitReason, Handler, Message, MessageType, Options};
use futures_util::TryStreamExt;
use tokio::{io::AsyncReadExt, net::TcpListener, sync::oneshot};
use tokio_util::io::ReaderStream;

const SIZE: u64 = 64 << 20;
/// What one read brings, and so what goes out as one frame.
const PIECE: usize = 64 << 10;

/// Waits for the server to confirm the upload.
struct Upload(Option<oneshot::Sender<String>>);

impl Handler for Upload {
    type Info = ();

    async fn handle_in(&mut self, message: Message) -> fresh::Result<Action> {
        if let Some(confirmed) = self.0.take() {
            let _ = confirmed.send(message.to_text()?.to_owned());
        }
        Ok(Action::close(1000, "uploaded"))
    }
}

#[tokio::main]
async fn main() -> fresh::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("ws://{}/", listener.local_addr()?);
    let server = tokio::spawn(receive(listener));

    let (confirm, confirmed) = oneshot::channel();
    let client = Client::start(Options::new(url)?, Upload(Some(confirm)))?;
    client.connected().await?;

    // A file of `tokio::fs` is read in just the same way.
    let source = tokio::io::repeat(b'x').take(SIZE);
    let read = AtomicU64::new(0);
    let pieces = ReaderStream::with_capacity(source, PIECE).inspect_ok(|piece| tell(&read, piece.len() as u64));
    client.send_stream(MessageType::Binary, pieces).await?;

    let receipt = confirmed.await?;
    let reason = client.closed().await;
    assert!(matches!(reason, ExitReason::Normal), "{reason}");
    server.await??;
    println!("done: {receipt}");
    Ok(())
}

/// Every quarter.
fn tell(read: &AtomicU64, more: u64) {
    let before = read.fetch_add(more, Relaxed);
    if before / (SIZE / 4) < (before + more) / (SIZE / 4) {
        println!("read {} MiB", (before + more) >> 20);
    }
}

/// A server that counts what comes, keeps none of it, and says how much it was.
async fn receive(listener: TcpListener) -> fresh::Result<()> {
    let mut socket = accept(&listener).await?;
    let (mut bytes, mut frames) = (0, 0);
    loop {
        let frame = socket.read_frame().await?;
        if matches!(frame.opcode, OpCode::Binary | OpCode::Continuation) {
            bytes += frame.payload.len();
            frames += 1;
            if frame.fin {
                break;
            }
        }
    }
    let receipt = format!("{bytes} bytes in {frames} frames");
    socket.write_frame(Frame::text(Payload::Owned(receipt.into_bytes()))).await?;
    // The close frame is answered as it is read.
    while socket.read_frame().await?.opcode != OpCode::Close {}
    Ok(())
}
