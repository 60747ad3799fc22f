//! Measures the mailbox beside tokio's channels: the time to queue and take a message, and the memory of an idle client.
//!
//! `cargo bench -p fresh-core --bench mailbox`. With arguments, `mailbox WHICH BATCH MESSAGES` runs one of them, for
//! `valgrind --tool=callgrind`: `ours`, `channel` (bounded) or `unbounded` (with a semaphore).

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
#[path = "../src/mailbox/post.rs"]
mod post;
#[allow(dead_code)]
#[path = "../src/mailbox/queue.rs"]
mod queue;
#[path = "../src/mailbox/sync.rs"]
mod sync;

use std::{
    convert::Infallible,
    env, fs,
    hint::black_box,
    sync::Arc,
    task::{Context, Waker},
    time::Instant,
};

use fresh_core::Frame;
use tokio::sync::{Semaphore, mpsc, oneshot};

/// As large as the entries of the runtime.
type Mail = (Frame, Option<oneshot::Sender<()>>);
type Mailbox = queue::Mailbox<Mail, u64, u64>;
type Post = post::Post<Mail, u64, u64>;

/// The default of `Options::mailbox`.
const ROOM: usize = 1024;

fn mail() -> Mail {
    (Frame::binary(&b"0123456789abcdef"[..]), None)
}

fn ours(batch: usize, messages: usize) {
    let cx = Context::from_waker(Waker::noop());
    let mailbox = Arc::new(Mailbox::new(ROOM, ROOM));
    let mut post = Post::new(Arc::clone(&mailbox));
    for _ in 0..messages / batch {
        for _ in 0..batch {
            mailbox.try_send(mail(), |_| Ok::<_, Infallible>(())).unwrap();
        }
        post.look(&cx);
        for mail in post.mail() {
            black_box(mail);
        }
    }
}

fn channel(batch: usize, messages: usize) {
    let mut cx = Context::from_waker(Waker::noop());
    let (sender, mut receiver) = mpsc::channel(ROOM);
    let mut taken = Vec::new();
    for _ in 0..messages / batch {
        for _ in 0..batch {
            sender.try_send(mail()).unwrap();
        }
        let _ = receiver.poll_recv_many(&mut cx, &mut taken, ROOM);
        for mail in taken.drain(..) {
            black_box(mail);
        }
    }
}

fn unbounded(batch: usize, messages: usize) {
    let mut cx = Context::from_waker(Waker::noop());
    let room = Semaphore::new(ROOM);
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let mut taken = Vec::new();
    for _ in 0..messages / batch {
        for _ in 0..batch {
            room.try_acquire().unwrap().forget();
            sender.send(mail()).unwrap();
        }
        let _ = receiver.poll_recv_many(&mut cx, &mut taken, ROOM);
        room.add_permits(taken.len());
        for mail in taken.drain(..) {
            black_box(mail);
        }
    }
}

/// The best of many short rounds, in ns per message: the others were disturbed.
fn time(run: fn(usize, usize), batch: usize) -> f64 {
    const MESSAGES: usize = 25_600;
    let round = || {
        let began = Instant::now();
        run(batch, MESSAGES);
        began.elapsed().as_nanos() as f64 / MESSAGES as f64
    };
    (0..1000).map(|_| round()).fold(f64::MAX, f64::min)
}

/// The resident memory of this process, in bytes (Linux).
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

/// The bytes that each of many idle clients takes for what `new` makes.
fn memory<T>(new: impl Fn() -> T) -> usize {
    const CLIENTS: usize = 10_000;
    let mut clients = Vec::with_capacity(CLIENTS);
    clients.push(new());
    let before = resident();
    clients.extend((1..CLIENTS).map(|_| new()));
    let used = resident() - before;
    drop(clients);
    used / CLIENTS
}

/// Sends so many messages in batches of this size.
type Run = fn(usize, usize);

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let all: [(&str, Run); 3] = [("ours", ours), ("channel", channel), ("unbounded", unbounded)];
    if let [which, batch, messages] = arguments.as_slice() {
        let (_, run) = all.iter().find(|(name, _)| name == which).unwrap();
        return run(batch.parse().unwrap(), messages.parse().unwrap());
    }
    for batch in [1, 16, 256] {
        for (name, run) in all {
            println!("{name:9} in batches of {batch:3}: {:5.1} ns a message", time(run, batch));
        }
    }
    let ours = memory(|| Post::new(Arc::new(Mailbox::new(ROOM, ROOM))));
    // One for frames, one for infos, one for controls.
    let channels =
        memory(|| (mpsc::channel::<Mail>(ROOM), mpsc::channel::<u64>(ROOM), mpsc::unbounded_channel::<u64>()));
    println!("ours: {ours} bytes an idle client; three channels: {channels}");
}
