//! A server of another language, as a process: start it, hear it, freeze it, kill it.

use std::{ffi::OsString, fmt, process::Stdio, time::Duration};

use fresh::{
    Options,
    options::{BackoffOptions, TlsOptions},
};
use nix::{
    sys::signal::{self, Signal},
    unistd::Pid,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use crate::authority::{Authority, HOST};

/// How long a server may take to say something.
const PATIENCE: Duration = Duration::from_secs(15);

/// Which library serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Library {
    /// Python's `websockets`.
    Websockets,
    /// npm's `ws`.
    Ws,
}

impl Library {
    fn command(self) -> Command {
        let (program, script) = match self {
            Self::Websockets => {
                let python = std::env::var_os("FRESH_PYTHON").unwrap_or_else(|| OsString::from("python3"));
                (python, concat!(env!("CARGO_MANIFEST_DIR"), "/server.py"))
            }
            Self::Ws => (OsString::from("node"), concat!(env!("CARGO_MANIFEST_DIR"), "/server.mjs")),
        };
        let mut command = Command::new(program);
        command.arg(script);
        command
    }
}

/// A server that runs. It ends when this is dropped, and also where we die without a word: its standard input ends.
pub(crate) struct Server<'a> {
    library: Library,
    tls: Option<&'a Authority>,
    port: u16,
    process: Process,
}

struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl<'a> Server<'a> {
    /// Starts a server on a port of its choice, with TLS where an authority is given.
    pub(crate) async fn start(library: Library, tls: Option<&'a Authority>) -> fresh::Result<Self> {
        let (process, port) = Process::start(library, tls, 0).await?;
        Ok(Self { library, tls, port, process })
    }

    /// The port is the same as before.
    pub(crate) async fn restart(&mut self) -> fresh::Result<()> {
        (self.process, self.port) = Process::start(self.library, self.tls, self.port).await?;
        Ok(())
    }

    pub(crate) fn library(&self) -> Library {
        self.library
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.tls.is_some()
    }

    /// `Host` as a client has to send it.
    pub(crate) fn host(&self) -> String {
        format!("{HOST}:{}", self.port)
    }

    /// How to reach this server: the path names the case, so that what the server reports can be told apart.
    pub(crate) fn options(&self, path: &str) -> fresh::Result<Options> {
        let scheme = if self.is_secure() { "wss" } else { "ws" };
        let quick =
            BackoffOptions::new().initial(Duration::from_millis(100)).max(Duration::from_millis(200)).jitter(false);
        let options = Options::new(format!("{scheme}://{}{path}", self.host()))?.backoff(quick);
        Ok(match self.tls {
            Some(authority) => options.tls(TlsOptions::new().only_ca(authority.root())),
            None => options,
        })
    }

    /// The code and the reason of the close frame that the server got on this path, as it reports them.
    pub(crate) async fn closed(&mut self, path: &str) -> fresh::Result<String> {
        let expected = format!("closed {path} ");
        loop {
            let line = self.process.line().await?;
            if let Some(rest) = line.strip_prefix(&expected) {
                return Ok(rest.trim_end().to_owned());
            }
        }
    }

    /// The process stops as it stands (SIGSTOP): its sockets stay open and nothing answers.
    pub(crate) fn freeze(&self) -> fresh::Result<()> {
        self.process.signal(Signal::SIGSTOP)
    }

    /// The process goes on where it stood.
    pub(crate) fn thaw(&self) -> fresh::Result<()> {
        self.process.signal(Signal::SIGCONT)
    }

    /// The process dies on the spot (SIGKILL).
    pub(crate) async fn kill(&mut self) -> fresh::Result<()> {
        Ok(self.process.child.kill().await?)
    }
}

impl fmt::Display for Server<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let library = match self.library {
            Library::Websockets => "websockets",
            Library::Ws => "ws",
        };
        write!(f, "{library} over {}", if self.is_secure() { "wss" } else { "ws" })
    }
}

impl Process {
    async fn start(library: Library, tls: Option<&Authority>, port: u16) -> fresh::Result<(Self, u16)> {
        let mut command = library.command();
        command.arg(port.to_string());
        if let Some(authority) = tls {
            command.arg(authority.certificate()).arg(authority.key());
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let stdout = child.stdout.take().ok_or("the server has no standard output")?;
        let mut process = Self { child, lines: BufReader::new(stdout).lines() };
        let port = process.line().await?.parse()?;
        Ok((process, port))
    }

    async fn line(&mut self) -> fresh::Result<String> {
        let line = timeout(PATIENCE, self.lines.next_line()).await.map_err(|_| "the server says nothing")??;
        Ok(line.ok_or("the server has ended")?)
    }

    fn signal(&self, signal: Signal) -> fresh::Result<()> {
        let id = self.child.id().ok_or("the server has ended")?;
        Ok(signal::kill(Pid::from_raw(i32::try_from(id)?), signal)?)
    }
}
