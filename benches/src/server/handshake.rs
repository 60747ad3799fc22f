//! The upgrade, read just far enough to answer it.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha1::{Digest, Sha1};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// RFC 6455 §1.3.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Answers the request and gives its path. Clients send nothing behind it before they have the answer.
pub(super) async fn accept(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> fresh::Result<String> {
    let mut request = Vec::with_capacity(1024);
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut request).await? == 0 {
            return Err("no request".into());
        }
    }
    let request = String::from_utf8(request)?;
    let mut lines = request.lines();
    let path = lines.next().and_then(|line| line.split(' ').nth(1)).ok_or("no path")?;
    let key = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"))
        .ok_or("no key")?
        .1;
    let accept = STANDARD.encode(Sha1::new().chain_update(key.trim()).chain_update(GUID).finalize());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.flush().await?;
    Ok(path.to_owned())
}
