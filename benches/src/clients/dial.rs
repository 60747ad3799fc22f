//! The byte stream that a client runs on.

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::Target;

pub(super) trait Dial: AsyncRead + AsyncWrite + Unpin + Send + Sync + Sized + 'static {
    const SCHEME: &'static str;

    fn dial(target: &Target) -> impl Future<Output = fresh::Result<Self>> + Send;
}

impl Dial for TcpStream {
    const SCHEME: &'static str = "ws";

    async fn dial(target: &Target) -> fresh::Result<Self> {
        let stream = Self::connect(target.address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

impl Dial for TlsStream<TcpStream> {
    const SCHEME: &'static str = "wss";

    async fn dial(target: &Target) -> fresh::Result<Self> {
        let stream = TcpStream::dial(target).await?;
        Ok(TlsConnector::from(target.tls.clone()).connect(target.address.ip().into(), stream).await?)
    }
}
