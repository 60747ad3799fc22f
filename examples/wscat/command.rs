//! What a typed line means.

use fresh::{Frame, socket::Active};

pub(crate) const HELP: &str = "\
* /ping [DATA]               a ping; the pong is shown
* /pong [DATA]               a pong that answers nothing
* /active on|off|once        whether what comes is shown as it comes
* /recv                      the next frame, where it is not
* /state                     where the socket stands
* /close [CODE [REASON]]     the close handshake, and the end";

pub(crate) enum Command {
    Send(Frame),
    Active(Active),
    Recv,
    State,
    Close(u16, String),
    Help,
}

impl Command {
    /// What the line means; `None` where it is no command there is.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        if !line.starts_with('/') {
            return Some(Self::Send(Frame::text(line)));
        }
        let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
        Some(match (name, rest) {
            ("/ping", data) => Self::Send(Frame::ping(data.to_owned())),
            ("/pong", data) => Self::Send(Frame::pong(data.to_owned())),
            ("/active", "on") => Self::Active(Active::On),
            ("/active", "off") => Self::Active(Active::Off),
            ("/active", "once") => Self::Active(Active::Once),
            ("/recv", "") => Self::Recv,
            ("/state", "") => Self::State,
            ("/close", "") => Self::Close(1000, String::new()),
            ("/close", rest) => {
                let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
                Self::Close(code.parse().ok()?, reason.to_owned())
            }
            ("/help", "") => Self::Help,
            _ => return None,
        })
    }
}
