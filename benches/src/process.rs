//! The processes of a run: this program, started anew with other arguments.

use std::{
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::{
    clients::{Peer, Site, idle::Idle, restart::Restart},
    measurement::Measurement,
    workload::Workload,
};

/// A server that lives as long as this does.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) site: Site,
}

impl Server {
    /// Starts one and waits until it listens. Port 0 is any.
    pub(crate) fn start(folder: &Path, port: u16) -> fresh::Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .arg("serve")
            .arg(folder)
            .arg(port.to_string())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("the server has no output")?).read_line(&mut line)?;
        let (plain, tls) = line.trim().split_once(' ').ok_or("the server does not listen")?;
        let site = Site { folder: folder.to_owned(), plain: plain.parse()?, tls: tls.parse()? };
        Ok(Self { child, site })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Where it has ended by itself there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs one client to its end.
pub(crate) fn play(peer: Peer, workload: &Workload, count: u64, site: &Site) -> fresh::Result<Measurement> {
    run(["play", peer.name(), workload.name, &count.to_string()], site)?.parse()
}

/// Runs thousands of clients that wait.
pub(crate) fn idle(peer: Peer, connections: u64, site: &Site) -> fresh::Result<Idle> {
    run(["idle", peer.name(), &connections.to_string()], site)?.parse()
}

/// Runs thousands of clients whose server restarts.
pub(crate) fn restart(clients: u64, site: &Site) -> fresh::Result<Restart> {
    run(["restart", &clients.to_string()], site)?.parse()
}

/// What a process says before it ends.
fn run<const N: usize>(words: [&str; N], site: &Site) -> fresh::Result<String> {
    let output = Command::new(env::current_exe()?)
        .args(words)
        .arg(&site.folder)
        .args([site.plain.to_string(), site.tls.to_string()])
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("{}: {}", words.join(" "), output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
