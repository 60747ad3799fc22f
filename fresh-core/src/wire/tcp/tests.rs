use std::{
    future::{Ready, ready},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
    vec,
};

use tokio::{
    net::{TcpListener, TcpSocket},
    time::{Instant, timeout},
};

use super::*;

fn options() -> Options {
    Options::new("ws://host/").unwrap()
}

#[tokio::test]
async fn nodelay_is_set_unless_it_is_turned_off() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let target = Target { host: "127.0.0.1".into(), port, secure: false };
    for (options, expected) in [(options(), true), (options().nodelay(true), true), (options().nodelay(false), false)] {
        assert_eq!(stream(&options, &target).await.unwrap().nodelay().unwrap(), expected);
    }
}

/// Answers every lookup with these addresses.
#[derive(Clone)]
struct Fixed(Vec<SocketAddr>);

impl Service<Name> for Fixed {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Ready<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        ready(Ok(self.0.clone().into_iter()))
    }
}

/// A host with an IPv6 address that never answers and an IPv4 address that does, on one port.
struct DualStack {
    port: u16,
    _silent: (TcpListener, Vec<TcpStream>),
    answering: TcpListener,
}

impl DualStack {
    /// `None` where there is no IPv6, or no way to keep it silent.
    async fn new() -> Option<Self> {
        let answering = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = answering.local_addr().unwrap().port();
        let socket = TcpSocket::new_v6().ok()?;
        let address = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
        socket.bind(address).ok()?;
        // A listener whose backlog is full lets further connections wait.
        let silent = socket.listen(1).ok()?;
        let mut waiting = Vec::new();
        while let Ok(stream) = timeout(Duration::from_millis(100), TcpStream::connect(address)).await {
            waiting.push(stream.ok()?);
            if waiting.len() > 16 {
                return None;
            }
        }
        Some(Self { port, _silent: (silent, waiting), answering })
    }

    /// Connects to the name that has both addresses, the silent one first.
    async fn connect(&self, happy_eyeballs: Duration) -> TcpStream {
        let addresses = [SocketAddr::from((Ipv6Addr::LOCALHOST, 0)), SocketAddr::from((Ipv4Addr::LOCALHOST, 0))];
        let mut connector = connector(&options().happy_eyeballs(happy_eyeballs), Fixed(addresses.to_vec()));
        let target = Target { host: "dual.test".into(), port: self.port, secure: false };
        connector.call(uri(&target).unwrap()).await.unwrap().into_inner()
    }
}

#[tokio::test]
async fn happy_eyeballs_lets_the_other_address_family_join_after_the_delay() {
    let Some(host) = DualStack::new().await else { return };
    let (began, delay) = (Instant::now(), Duration::from_millis(400));
    let stream = timeout(Duration::from_secs(10), host.connect(delay)).await.unwrap();
    assert!(began.elapsed() >= delay, "{:?}", began.elapsed());
    assert_eq!(stream.peer_addr().unwrap(), host.answering.local_addr().unwrap());
}

#[tokio::test]
async fn without_happy_eyeballs_the_second_address_waits_for_the_first() {
    let Some(host) = DualStack::new().await else { return };
    // The clock runs ahead of the silent address.
    tokio::time::pause();
    assert!(timeout(Duration::from_secs(60), host.connect(Duration::ZERO)).await.is_err());
}
