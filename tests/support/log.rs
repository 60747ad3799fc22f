//! What is logged, as text.

use std::{
    io,
    sync::{Arc, Mutex},
};

use tracing_subscriber::{filter::LevelFilter, fmt, util::SubscriberInitExt};

/// Every line that this thread logs, of every level and of every crate, while it lives.
pub(crate) struct Log {
    written: Arc<Mutex<Vec<u8>>>,
    _logging: Box<dyn std::any::Any>,
}

impl Log {
    pub(crate) fn capture() -> Self {
        let written = Arc::default();
        let writer = Arc::clone(&written);
        let subscriber = fmt()
            .with_writer(move || Writer(Arc::clone(&writer)))
            .with_max_level(LevelFilter::TRACE)
            .with_ansi(false)
            .without_time()
            .finish();
        Self { written, _logging: Box::new(subscriber.set_default()) }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.written.lock().unwrap().clone()).unwrap()
    }

    /// The lines of the runtime's own, of this level.
    pub(crate) fn lines(&self, level: &str) -> Vec<String> {
        let text = self.text();
        let ours = text.lines().filter(|line| line.trim_start().starts_with(level) && line.contains("fresh"));
        ours.map(str::to_owned).collect()
    }

    /// How many lines of the runtime's own hold all of this.
    pub(crate) fn count(&self, parts: &[&str]) -> usize {
        let text = self.text();
        text.lines().filter(|line| line.contains("fresh") && parts.iter().all(|part| line.contains(part))).count()
    }
}

struct Writer(Arc<Mutex<Vec<u8>>>);

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
