//! Switching modes or owners loses and reorders nothing.

use fresh::{
    Frame, Socket,
    socket::{Active, SocketError, SocketEvent},
    testing::Server,
};
use tokio::sync::mpsc;

use super::{numbered, open, owned, received, refused, told};
use crate::support::time::{settle, soon};

/// What the frame says, as a number.
fn number(frame: &Frame) -> usize {
    let Frame::Text(text) = frame else { panic!("{frame:?} is no text") };
    text.parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_frames_in_one_burst_come_one_by_one_in_once_mode() {
    let server = Server::in_memory();
    let (options, mut events) = owned(server.options(), 16);
    let (socket, mut connection) = open(&server, options.active(Active::Once)).await;
    let sending = tokio::spawn(async move {
        let burst: Vec<u8> =
            (0..10_000).flat_map(|n: usize| fresh::testing::WireFrame::new(1, n.to_string()).encode()).collect();
        connection.raw(burst).await;
        connection
    });
    for n in 0..10_000 {
        assert_eq!(told(&mut events).await, numbered(n));
        assert!(events.try_recv().is_err(), "frame {n} was not alone");
        socket.set_active(Active::Once).unwrap();
    }
    drop(sending.await.unwrap());
    assert!(matches!(soon(events.recv()).await, Some(SocketEvent::Failed(..))), "the end comes by itself too");
}

/// The numbers of a burst, taken by whatever way is open, while modes and owners are switched by chance.
async fn switched(seed: u64, burst: usize) -> Vec<usize> {
    let server = Server::in_memory_with_buffer(300);
    let options = fresh::socket::SocketOptions::from(server.options()).inbound(3, 1000);
    let (socket, mut connection) = open(&server, options).await;
    let sending = tokio::spawn(async move {
        for n in 0..burst {
            connection.send(numbered(n)).await;
            if n % 7 == 0 {
                connection.send(Frame::ping("")).await;
            }
        }
        connection.close(1000, "").await;
        connection.finish_close().await;
    });

    let mut chance = fastrand::Rng::with_seed(seed);
    let (mut taken, mut owners) = (Vec::new(), Vec::new());
    loop {
        match chance.u8(..7) {
            0 | 1 => {
                let (owner, events) = mpsc::channel(chance.usize(1..4));
                if socket.controlling_process(owner).is_err() {
                    break;
                }
                owners.push(events);
            }
            2 | 3 => {
                let mode = [Active::Off, Active::On, Active::Once][chance.usize(..3)];
                match socket.set_active(mode) {
                    Ok(()) | Err(SocketError::NoOwner) => {}
                    Err(_) => break,
                }
            }
            4 => settle().await,
            // What an older owner has comes before what a newer one has, and that before what is still in the socket.
            5 => drain(&mut owners, &mut taken),
            _ => {
                settle().await;
                let _ = socket.set_active(Active::Off);
                drain(&mut owners, &mut taken);
                match socket.recv_timeout(std::time::Duration::from_millis(1)).await {
                    Ok(frame) => taken.push(number(&frame)),
                    Err(SocketError::Timeout { .. }) => {}
                    Err(_) => break,
                }
            }
        }
    }
    drain(&mut owners, &mut taken);
    soon(sending).await.unwrap();
    taken
}

fn drain(owners: &mut [mpsc::Receiver<SocketEvent>], taken: &mut Vec<usize>) {
    for events in owners {
        while let Ok(event) = events.try_recv() {
            match event {
                SocketEvent::Frame(_, Frame::Ping(_)) => {}
                SocketEvent::Frame(_, frame) => taken.push(number(&frame)),
                SocketEvent::Closed(..) => {}
                event => panic!("{event:?}"),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn switching_modes_and_owners_by_chance_loses_and_reorders_nothing() {
    for seed in 0..60 {
        let taken = soon(switched(seed, 120)).await;
        assert_eq!(taken, (0..120).collect::<Vec<_>>(), "with the seed {seed}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn switching_beside_those_who_take_loses_and_reorders_nothing() {
    const BURST: usize = 20_000;
    let server = Server::in_memory();
    let (socket, mut connection) = open(&server, server.options()).await;
    let (taken, mut all) = mpsc::unbounded_channel();
    let owners: Vec<_> = (0..3)
        .map(|_| {
            let (owner, mut events) = mpsc::channel::<SocketEvent>(4);
            let taken = taken.clone();
            tokio::spawn(async move {
                let mut own = Vec::new();
                while let Some(event) = events.recv().await {
                    own.extend(event.into_frame().map(|frame| number(&frame)));
                }
                taken.send(own).unwrap();
            });
            owner
        })
        .collect();
    tokio::spawn({
        let (socket, taken) = (socket.clone(), taken);
        async move {
            let mut own = Vec::new();
            loop {
                match socket.recv().await {
                    Ok(frame) => own.push(number(&frame)),
                    Err(SocketError::Active(_)) => tokio::task::yield_now().await,
                    Err(_) => break,
                }
            }
            taken.send(own).unwrap();
        }
    });
    tokio::spawn(async move {
        for n in 0..BURST {
            connection.send(numbered(n)).await;
        }
        connection.close(1000, "").await;
        connection.finish_close().await;
    });
    let mut chance = fastrand::Rng::with_seed(7);
    while socket.controlling_process(owners[chance.usize(..3)].clone()).is_ok() {
        let mode = [Active::Off, Active::On, Active::Once][chance.usize(..3)];
        if socket.set_active(mode).is_err() {
            break;
        }
        tokio::task::yield_now().await;
    }
    drop(owners);

    let mut whole = Vec::new();
    while let Some(own) = soon(all.recv()).await {
        assert!(own.is_sorted(), "{own:?}");
        whole.extend(own);
    }
    whole.sort_unstable();
    assert_eq!(whole, (0..BURST).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn what_is_left_after_the_end_can_be_had_in_every_mode() {
    let server = Server::in_memory();
    let (options, mut events) = owned(server.options(), 1);
    let (socket, mut connection) = open(&server, options).await;
    for n in 0..5 {
        connection.send(numbered(n)).await;
    }
    connection.close(1000, "").await;
    connection.finish_close().await;
    settle().await;
    assert_eq!(socket.state(), fresh::socket::SocketState::Closed);

    assert_eq!(received(&socket).await, numbered(0));
    socket.set_active(Active::Once).unwrap();
    assert_eq!(told(&mut events).await, numbered(1));
    settle().await;
    assert!(events.try_recv().is_err());
    let (owner, mut others) = mpsc::channel(1);
    socket.controlling_process(owner).unwrap();
    socket.set_active(Active::On).unwrap();
    assert_eq!(told(&mut others).await, numbered(2));
    settle().await;
    socket.set_active(Active::Off).unwrap();
    // One more had been sent already.
    assert_eq!(told(&mut others).await, numbered(3));
    assert_eq!(received(&socket).await, numbered(4));
    socket.set_active(Active::Once).unwrap();
    assert!(matches!(soon(others.recv()).await, Some(SocketEvent::Closed(..))));
    assert!(soon(others.recv()).await.is_none());
    assert!(refused(&socket).await.state().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_ping_that_no_owner_was_sent_is_not_shown_to_a_reader() {
    let server = Server::in_memory();
    let (options, mut events) = owned(server.options(), 1);
    let (socket, mut connection) = open(&server, options.active(Active::On)).await;
    for frame in [numbered(0), Frame::ping("p"), numbered(1)] {
        connection.send(frame).await;
    }
    settle().await;
    socket.set_active(Active::Off).unwrap();
    assert_eq!(told(&mut events).await, numbered(0));
    assert_eq!(received(&socket).await, numbered(1));
}

#[tokio::test(start_paused = true)]
async fn several_readers_are_served_in_the_order_in_which_they_came() {
    let (socket, mut connection, _server) = super::passive().await;
    let (order, mut served) = mpsc::unbounded_channel();
    for reader in 0..4 {
        let (socket, order): (Socket, _) = (socket.clone(), order.clone());
        tokio::spawn(async move {
            while let Ok(frame) = socket.recv().await {
                order.send((reader, number(&frame))).unwrap();
            }
        });
        settle().await;
    }
    for n in 0..20 {
        connection.send(numbered(n)).await;
    }
    for n in 0..20 {
        assert_eq!(soon(served.recv()).await.unwrap(), (n % 4, n));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_that_give_up_all_the_time_lose_and_reorder_nothing() {
    const BURST: usize = 5000;
    let (socket, mut connection, _server) = super::passive().await;
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let socket = socket.clone();
            tokio::spawn(async move {
                let mut own = Vec::new();
                loop {
                    tokio::select! {
                        biased;
                        () = tokio::task::yield_now() => {}
                        next = socket.recv() => match next {
                            Ok(frame) => own.push(number(&frame)),
                            Err(_) => return own,
                        },
                    }
                }
            })
        })
        .collect();
    for n in 0..BURST {
        connection.send(numbered(n)).await;
    }
    connection.close(1000, "").await;
    connection.finish_close().await;
    let mut whole = Vec::new();
    for reader in readers {
        let own = soon(reader).await.unwrap();
        assert!(own.is_sorted(), "{own:?}");
        whole.extend(own);
    }
    whole.sort_unstable();
    assert_eq!(whole, (0..BURST).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_ping_is_a_frame_for_an_owner_that_asked_for_one() {
    let server = Server::in_memory();
    let (options, mut events) = owned(server.options(), 8);
    let (socket, mut connection) = open(&server, options.active(Active::Once)).await;
    connection.send(Frame::ping("p")).await;
    connection.send(numbered(0)).await;
    assert_eq!(told(&mut events).await, Frame::ping("p"));
    settle().await;
    assert!(events.try_recv().is_err());
    assert_eq!(received(&socket).await, numbered(0));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_gives_up_takes_no_frame_and_no_turn() {
    let (socket, mut connection, _server) = super::passive().await;
    let (first, second) = (Box::pin(socket.recv()), Box::pin(socket.recv()));
    let (first, second) = (polled(first).await, polled(second).await);
    connection.send("1").await;
    settle().await;
    // Woken, and dropped before they look.
    drop((second, first));
    assert_eq!(received(&socket).await, Frame::text("1"));
}

/// The future, polled once.
async fn polled<F: Future + Unpin>(mut future: F) -> F {
    assert!(futures_util::poll!(&mut future).is_pending());
    future
}
