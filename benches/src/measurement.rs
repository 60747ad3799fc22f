//! What one client took in one round, and the line by which its process tells it.

use std::{fmt, str::FromStr, time::Duration};

use crate::usage;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Measurement {
    pub(crate) messages: u64,
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
    /// In KiB.
    pub(crate) peak_memory: u64,
}

impl Measurement {
    /// Runs the work and measures it alone.
    pub(crate) async fn of(messages: u64, work: impl Future<Output = fresh::Result<()>>) -> fresh::Result<Self> {
        let (cpu, start) = (usage::cpu()?, std::time::Instant::now());
        work.await?;
        let (wall, cpu) = (start.elapsed(), usage::cpu()?.saturating_sub(cpu));
        Ok(Self { messages, cpu, wall, peak_memory: usage::peak_memory()? })
    }

    /// Nanoseconds of CPU time a message.
    pub(crate) fn cpu_each(&self) -> f64 {
        each(self.cpu, self.messages)
    }

    /// Nanoseconds of wall time a message.
    pub(crate) fn wall_each(&self) -> f64 {
        each(self.wall, self.messages)
    }
}

fn each(time: Duration, messages: u64) -> f64 {
    time.as_nanos() as f64 / messages as f64
}

impl fmt::Display for Measurement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { messages, cpu, wall, peak_memory } = self;
        write!(f, "{messages} {} {} {peak_memory}", cpu.as_nanos(), wall.as_nanos())
    }
}

impl FromStr for Measurement {
    type Err = fresh::BoxError;

    fn from_str(line: &str) -> fresh::Result<Self> {
        let [messages, cpu, wall, peak_memory] = numbers(line)?;
        Ok(Self { messages, cpu: Duration::from_nanos(cpu), wall: Duration::from_nanos(wall), peak_memory })
    }
}

/// The numbers of a line by which a process tells what it measured.
pub(crate) fn numbers<const N: usize>(line: &str) -> fresh::Result<[u64; N]> {
    let numbers = line.split_whitespace().map(str::parse).collect::<Result<Vec<u64>, _>>()?;
    Ok(numbers.try_into().map_err(|_| format!("no measurement: {line:?}"))?)
}
