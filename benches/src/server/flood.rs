//! Sends so many messages, from a buffer that holds thousands of them ready.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::echo::head;

/// About how many bytes one write gets.
const PIECE: usize = 512 * 1024;

/// Begins when the client has sent anything.
pub(super) async fn run(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    text: bool,
    size: usize,
    count: u64,
) -> io::Result<()> {
    let mut frame = Vec::new();
    head(if text { 0x81 } else { 0x82 }, size, &mut frame);
    frame.resize(frame.len() + size, b'm');
    let ready = PIECE.div_ceil(frame.len());
    let piece = frame.repeat(ready);

    stream.read_u8().await?;
    let mut left = usize::try_from(count).unwrap_or(usize::MAX);
    while left > 0 {
        let now = left.min(ready);
        stream.write_all(&piece[..now * frame.len()]).await?;
        left -= now;
    }
    stream.flush().await
}
