//! Spin: from Promela to a checker in C, and what that checker says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::measure::{self, Sample};
use crate::twins::Twin;

/// In which order Spin searches. Ours is breadth first too; depth first is what Spin is best at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// `-DBFS`.
    Breadth,
    /// The default.
    Depth,
}

/// Large enough for every twin, so that no time goes into growing the table.
const HASH_BITS: &str = "-w22";

/// Whether Spin is installed.
pub fn is_there() -> bool {
    Command::new("spin").arg("-V").output().is_ok()
}

/// Where the checker of a twin is.
pub fn pan(twin: &Twin, copies: u8, order: Order, folder: &Path) -> PathBuf {
    let name = format!("{}-{copies}-{order:?}", twin.name);
    folder.join(name).join("pan")
}

/// Builds the checker of a twin.
pub fn build(twin: &Twin, copies: u8, order: Order, folder: &Path) -> Result<(), String> {
    let pan = pan(twin, copies, order, folder);
    let folder = pan.parent().unwrap_or(folder);
    let failed = |error| format!("{}: {error}", folder.display());
    fs::create_dir_all(folder).map_err(failed)?;
    fs::write(folder.join("twin.pml"), twin.promela).map_err(failed)?;
    let mut spin = Command::new("spin");
    spin.current_dir(folder);
    spin.args([&format!("-DN={copies}"), "-a", "twin.pml"]);
    measure::run(&mut spin)?;
    let mut gcc = Command::new("gcc");
    gcc.current_dir(folder);
    gcc.args(["-w", "-O2", "-DNOREDUCE", "-DSAFETY"]);
    if order == Order::Breadth {
        gcc.arg("-DBFS");
    }
    measure::run(gcc.args(["-o", "pan", "pan.c"]))?;
    Ok(())
}

/// Runs it once.
pub fn search(pan: &Path) -> Result<Sample, String> {
    let (said, user) = measure::run(Command::new(pan).args(["-m10000000", HASH_BITS]))?;
    if !said.contains("errors: 0") {
        return Err(format!("Spin found an error:\n{said}"));
    }
    let number = |what: &str| {
        let line = said.lines().find(|line| line.contains(what));
        let word = line.and_then(|line| line.split_whitespace().next());
        let number = word.and_then(|word| word.parse::<f64>().ok());
        number.ok_or_else(|| format!("Spin did not say {what:?}:\n{said}"))
    };
    let megabytes =
        number("actual memory usage for states")? + number("memory used for hash table")?;
    Ok(Sample {
        states: number("states, stored")? as u64,
        // It counts the initial state as if a transition had led there.
        transitions: number("transitions (= stored+matched)")? as u64 - 1,
        bytes: (megabytes * 1024.0 * 1024.0) as u64,
        user,
    })
}
