//! Virtual time, which belongs to whoever plays a run and decides nothing.

use oomscope_model::event::Event;

/// When every run begins: some time after boot, as a log would show it.
pub const START_USEC: u64 = 41_000_000;

/// How long one atomic step takes when nobody sleeps.
pub const STEP_USEC: u64 = 40;

/// The time after a step that began at `t_usec` and caused these events. A sleep that
/// ended has taken its whole length.
pub fn after(t_usec: u64, events: &[Event]) -> u64 {
    let slept = events.iter().map(|event| match event {
        Event::Woke { nap, .. } => u64::from(nap.millis()) * 1000,
        _ => 0,
    });
    t_usec + STEP_USEC + slept.max().unwrap_or(0)
}

/// `41.8 s`.
pub fn seconds(t_usec: u64) -> String {
    format!("{}.{} s", t_usec / 1_000_000, t_usec / 100_000 % 10)
}

/// `[   41.203911] `.
pub fn stamp(t_usec: u64) -> String {
    format!("[{:>5}.{:06}] ", t_usec / 1_000_000, t_usec % 1_000_000)
}
