//! `cargo xtask binary`: `oomscope` as one file that can be copied to another machine.
//!
//! On Linux and with MSVC the C library is linked in, so that the file asks for nothing there;
//! elsewhere a program always uses the system's.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::{Outcome, step, tree};

/// Builds the program, looks whether it is what it should be, and says where it is.
pub(crate) fn binary() -> Outcome {
    let host = host()?;
    let static_libc = format!("target.{host}.rustflags=[\"-Ctarget-feature=+crt-static\"]");
    let program = ["--package", "oomscope-cli", "--bin", "oomscope"];
    // With a target named, the flags are not for what runs during the build.
    let how = ["--target", &host, "--config", &static_libc];
    crate::cargo(
        &[&["build", "--release", "--locked"], &program[..], &how].concat(),
        &[],
    )?;
    let name = format!("oomscope{}", std::env::consts::EXE_SUFFIX);
    let file = tree::target().join(host).join("release").join(name);
    let bytes = fs::read(&file).map_err(|error| format!("{}: {error}.", file.display()))?;
    if asks_for_interpreter(&bytes) {
        return Err(format!(
            "{} asks for a loader and the libraries that it finds; is there a static C library (on Debian in libc6-dev)?",
            file.display()
        ));
    }
    says_version(&file)?;
    println!("{}: {:.1} MB", file.display(), bytes.len() as f64 / 1e6);
    Ok(())
}

/// What this machine is called by rustc.
fn host() -> Result<String, String> {
    let told = step::output(Command::new("rustc").arg("-vV")).unwrap_or_default();
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    let missing = || "rustc -vV names no host; is rustup set up?".to_string();
    host.map(str::to_owned).ok_or_else(missing)
}

/// It starts where there is nothing else.
fn says_version(file: &Path) -> Outcome {
    let said = step::output(Command::new(file).arg("--version").env_clear());
    match said.is_some_and(|said| said.starts_with("oomscope ")) {
        true => Ok(()),
        false => Err(format!("{} does not start.", file.display())),
    }
}

/// Whether an ELF file of 64 bits, little-endian, has a program header `PT_INTERP`, as every
/// program has that is linked when it starts.
fn asks_for_interpreter(file: &[u8]) -> bool {
    const INTERPRETER: u64 = 3;
    let number = |at: usize, bytes: usize| {
        let bytes = file.get(at..at + bytes).unwrap_or_default();
        let digits = bytes.iter().rev();
        digits.fold(0, |number, &byte| number << 8 | u64::from(byte))
    };
    if !file.starts_with(b"\x7fELF\x02\x01") {
        return false;
    }
    let (first, size, count) = (number(0x20, 8), number(0x36, 2), number(0x38, 2));
    let headers = (0..count).map(|header| (first + header * size) as usize);
    headers.into_iter().any(|at| number(at, 4) == INTERPRETER)
}

#[cfg(all(test, target_os = "linux", target_pointer_width = "64"))]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn a_program_that_is_linked_when_it_starts_is_told_from_a_file_that_is_not_one() {
        let own: PathBuf = std::env::current_exe().expect("it is a file");
        assert!(asks_for_interpreter(&fs::read(own).expect("it is there")));
        assert!(!asks_for_interpreter(b"\x7fELF\x02\x01"));
        assert!(!asks_for_interpreter(b"#!/bin/sh"));
    }
}
