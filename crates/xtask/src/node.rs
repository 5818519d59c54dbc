//! Node and the packages that web/package.json names. The page can be built
//! without them, only larger; its tests cannot run without them.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::{Outcome, step, tree};

/// The oldest Node that the browser tests run on.
const OLDEST: u32 = 20;

/// Finds Node and installs the packages where they are missing or old.
pub(crate) fn ensure() -> Outcome {
    let said = step::output(Command::new("node").arg("--version"));
    let said =
        said.ok_or("Node was not found; install Node 20 or newer, for example from nodejs.org.")?;
    let major = said
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|text| text.parse().ok());
    if major.is_none_or(|major: u32| major < OLDEST) {
        return Err(format!(
            "Node {said} is too old; install Node {OLDEST} or newer, for example from nodejs.org."
        ));
    }
    let web = tree::root().join("web");
    let lock = fs::read(web.join("package-lock.json"))
        .map_err(|error| format!("web/package-lock.json cannot be read: {error}."))?;
    // A copy of the lock file that was installed last: nothing to do as long as it is the same.
    let stamp = web.join("node_modules").join(".oomscope-lock");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    let mut npm = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    npm.current_dir(&web)
        .args(["ci", "--no-audit", "--no-fund"]);
    step::quiet("packages for Node", "10 s", &mut npm)?;
    fs::write(&stamp, lock)
        .map_err(|error| format!("{} cannot be written: {error}.", stamp.display()))
}

/// The programs that those packages bring along.
pub(crate) fn programs() -> PathBuf {
    tree::root().join("web").join("node_modules").join(".bin")
}
