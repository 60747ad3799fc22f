//! What is typed where nobody does.

use tokio::sync::mpsc;

use crate::terminal::Heard;

/// Each line, and how many frames have come before the next one is typed.
const SCRIPT: [(&str, u64); 13] = [
    ("hello", 1),
    ("/ping are you there?", 2),
    ("/active off", 2),
    ("one", 2),
    ("two", 2),
    ("/recv", 3),
    ("/recv", 4),
    ("/active once", 4),
    ("three", 5),
    ("four", 5),
    ("/recv", 6),
    ("/state", 6),
    ("/close 4000 bye", 6),
];

pub(crate) async fn play(line: mpsc::Sender<String>, mut heard: Heard) {
    for (typed, frames) in SCRIPT {
        // The terminal ends with the socket, and then nobody reads on.
        if line.send(typed.to_owned()).await.is_err() || heard.wait_for(|heard| *heard >= frames).await.is_err() {
            return;
        }
    }
}
