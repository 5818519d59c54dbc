//! What a child process used, by the kernel's own account. User time, because other work on
//! the machine changes it least.

use std::process::Command;
use std::time::Duration;

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// What one search found, and what it cost.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Distinct states.
    pub states: u64,
    /// Transitions taken.
    pub transitions: u64,
    /// Bytes for states, tables, edges: what the checker itself says, or else the most that
    /// its process had in memory.
    pub bytes: u64,
    /// User time.
    pub user: Duration,
}

fn usage(who: UsageWho) -> Result<Usage, String> {
    getrusage(who).map_err(|error| format!("getrusage: {error}"))
}

fn user(usage: &Usage) -> Duration {
    Duration::from_micros(usage.user_time().num_microseconds().unsigned_abs())
}

/// The user time of this process so far.
pub fn own_user() -> Result<Duration, String> {
    Ok(user(&usage(UsageWho::RUSAGE_SELF)?))
}

/// The most memory that this process has had, in bytes.
pub fn own_peak() -> Result<u64, String> {
    let kilobytes = usage(UsageWho::RUSAGE_SELF)?.max_rss();
    Ok(kilobytes.unsigned_abs() * 1024)
}

/// Runs a program to its end: what it printed, and its user time.
pub fn run(command: &mut Command) -> Result<(String, Duration), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let before = user(&usage(UsageWho::RUSAGE_CHILDREN)?);
    let output = command.output();
    let output = output.map_err(|error| format!("{name} did not start: {error}"))?;
    let after = user(&usage(UsageWho::RUSAGE_CHILDREN)?);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{name} failed ({}):\n{said}{error}", output.status));
    }
    Ok((said, after - before))
}
