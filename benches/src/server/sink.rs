//! Counts what comes, and says in one message when it has everything.

use std::io;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{echo::head, inbox::Inbox};

const ROOM: usize = 512 * 1024;

pub(super) async fn run(stream: &mut TcpStream, count: u64) -> io::Result<()> {
    let mut inbox = Inbox::new(ROOM);
    let mut counted = 0;
    while counted < count {
        match stream.read(inbox.room()).await? {
            0 => return Ok(()),
            read => inbox.add(read),
        }
        while inbox.next().is_some() {
            counted += 1;
        }
    }
    let mut done = Vec::new();
    head(0x81, 0, &mut done);
    stream.write_all(&done).await
}
