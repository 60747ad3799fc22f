//! The server: it speaks just enough WebSocket, and is never what a client waits for. It reads and writes in big pieces,
//! floods from a prepared buffer, and checks nothing.

mod echo;
mod flood;
mod handshake;
mod inbox;
mod sink;

use std::{io, net::SocketAddr, path::Path};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpSocket, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use crate::{certificate, usage};

/// Where it listens.
pub(crate) const HOST: &str = "127.0.0.1";

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 4096;

/// Serves until it is killed. Prints its two ports, for plain TCP and for TLS; port 0 is any.
pub(crate) fn run(folder: &Path, port: u16) -> fresh::Result<()> {
    usage::pin(usage::SERVER)?;
    usage::allow_files()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let acceptor = TlsAcceptor::from(certificate::server(folder)?);
        let (plain, tls) = (listen(port)?, listen(0)?);
        println!("{} {}", plain.local_addr()?.port(), tls.local_addr()?.port());
        loop {
            tokio::select! {
                accepted = plain.accept() => {
                    tokio::spawn(serve_plain(accepted?.0));
                }
                accepted = tls.accept() => {
                    tokio::spawn(serve_tls(accepted?.0, acceptor.clone()));
                }
            }
        }
    })
}

fn listen(port: u16) -> fresh::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::new(HOST.parse()?, port))?;
    Ok(socket.listen(BACKLOG)?)
}

/// A client that goes, however it does, ends its connection and nothing else.
async fn serve_plain(mut stream: TcpStream) -> fresh::Result<()> {
    stream.set_nodelay(true)?;
    match Task::of(&handshake::accept(&mut stream).await?)? {
        Task::Echo => echo::run(&stream, echo::ROOMY).await?,
        Task::Idle => echo::run(&stream, echo::SMALL).await?,
        Task::Flood { text, size, count } => flood::run(&mut stream, text, size, count).await?,
        Task::Sink { count } => sink::run(&mut stream, count).await?,
    }
    Ok(linger(&mut stream).await?)
}

/// Over TLS there are floods only.
async fn serve_tls(stream: TcpStream, acceptor: TlsAcceptor) -> fresh::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = acceptor.accept(stream).await?;
    if let Task::Flood { text, size, count } = Task::of(&handshake::accept(&mut stream).await?)? {
        flood::run(&mut stream, text, size, count).await?;
    }
    Ok(linger(&mut stream).await?)
}

/// Reads until the client goes, so that no reset overtakes what was sent.
async fn linger(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
    tokio::io::copy(stream, &mut tokio::io::sink()).await.map(drop)
}

/// What the path of a request asks for.
enum Task {
    Echo,
    Idle,
    Flood { text: bool, size: usize, count: u64 },
    Sink { count: u64 },
}

impl Task {
    fn of(path: &str) -> fresh::Result<Self> {
        let words: Vec<&str> = path.split('/').skip(1).collect();
        match words[..] {
            ["echo"] => Ok(Self::Echo),
            ["idle"] => Ok(Self::Idle),
            ["flood", kind, size, count] => {
                Ok(Self::Flood { text: kind == "text", size: size.parse()?, count: count.parse()? })
            }
            ["sink", count] => Ok(Self::Sink { count: count.parse()? }),
            _ => Err(format!("there is nothing at {path}").into()),
        }
    }
}
