//! Ctrl-C, and readers that go away.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::program::{command, json};

/// Starts a search that takes long, and interrupts it.
#[cfg(unix)]
fn interrupted(arguments: &[&str]) -> (i32, String) {
    let mut child = command()
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program is built");
    // Long enough to have begun, far too short to be done.
    std::thread::sleep(Duration::from_millis(1500));
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status();
    assert!(sent.expect("kill runs").success());
    let mut out = String::new();
    let mut stdout = child.stdout.take().expect("piped");
    stdout.read_to_string(&mut out).expect("text");
    let status = child.wait().expect("it ends");
    (status.code().unwrap_or(-1), out)
}

#[cfg(unix)]
#[test]
fn ctrl_c_says_what_was_found_so_far() {
    let (code, out) = interrupted(&["explore", "fault-storm-16"]);
    assert_eq!(code, 130, "{out}");
    assert!(
        out.contains("unknown what lies behind: it was stopped"),
        "{out}"
    );
    let (code, out) = interrupted(&["matrix", "fault-storm-16", "--json"]);
    assert_eq!(code, 130);
    let answer: serde_json::Value = serde_json::from_str(&out).expect("whole JSON");
    assert_eq!(answer["mixes"][0]["bound"], "it was stopped");
}

#[test]
fn a_reader_that_goes_away_is_no_crash() {
    let mut child = command()
        .args([
            "run",
            "writer-in-queue",
            "--show",
            "words,events,dmesg,trace,chain",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program is built");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
    assert!([0, 141].contains(&output.status.code().unwrap_or(-1)));
}

#[test]
fn a_scenario_with_a_bound_is_unknown_before_it_is_clear() {
    let (code, answer) = json("explore fault-storm-16 --max-states 3000");
    assert_ne!(code, 0);
    assert_ne!(answer["verdict"], "clear");
}
