//! What the system accounts to this process, and the core it may use.

use std::{fs, time::Duration};

use nix::sys::{
    resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit},
    time::TimeVal,
};

/// The core of the server.
pub(crate) const SERVER: usize = 1;

/// The core of the client that is measured.
pub(crate) const CLIENT: usize = 0;

/// Binds this process to one core.
#[cfg(target_os = "linux")]
pub(crate) fn pin(core: usize) -> fresh::Result<()> {
    use nix::{
        sched::{CpuSet, sched_setaffinity},
        unistd::Pid,
    };

    let mut set = CpuSet::new();
    set.set(core)?;
    sched_setaffinity(Pid::from_raw(0), &set).map_err(|error| format!("core {core} cannot be had: {error}"))?;
    Ok(())
}

/// Elsewhere nothing is measured.
#[cfg(not(target_os = "linux"))]
pub(crate) fn pin(_core: usize) -> fresh::Result<()> {
    Err("processes are bound to a core on Linux only".into())
}

/// The CPU time of this process so far, in user space and in the kernel.
pub(crate) fn cpu() -> fresh::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    Ok(duration(usage.user_time()) + duration(usage.system_time()))
}

fn duration(time: TimeVal) -> Duration {
    Duration::from_secs(time.tv_sec().unsigned_abs()) + Duration::from_micros(time.tv_usec().unsigned_abs())
}

/// Lets this process open as many files as the system allows it.
pub(crate) fn allow_files() -> fresh::Result<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, most, most)?)
}

/// The memory that this process holds, in KiB.
pub(crate) fn memory() -> fresh::Result<u64> {
    status("VmRSS:")
}

/// The most memory that this process has held, in KiB.
pub(crate) fn peak_memory() -> fresh::Result<u64> {
    status("VmHWM:")
}

/// A line of /proc/self/status, in KiB.
fn status(field: &str) -> fresh::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).ok_or("the system tells no memory")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
