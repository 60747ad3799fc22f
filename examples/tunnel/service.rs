//! A service that knows TCP and lines: it says everything louder, until it has heard all.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, BufWriter},
    net::{TcpListener, TcpStream},
};

pub(crate) async fn start() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let addr = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    Ok(addr)
}

async fn serve(stream: TcpStream) -> io::Result<()> {
    let (read, write) = stream.into_split();
    let (mut lines, mut answers) = (BufReader::new(read).lines(), BufWriter::new(write));
    while let Some(line) = lines.next_line().await? {
        answers.write_all(line.to_uppercase().as_bytes()).await?;
        answers.write_all(b"\n").await?;
    }
    answers.shutdown().await
}
