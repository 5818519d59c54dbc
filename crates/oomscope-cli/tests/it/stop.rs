//! Ctrl-C, and readers that go away.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::program::{command, json};

/// Starts a search that takes long, and interrupts it when the line that begins so is out,
/// or a while after the start.
#[cfg(unix)]
fn interrupted(arguments: &[&str], after: Option<&str>) -> (i32, String) {
    let mut child = command()
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program is built");
    let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
    let mut out = String::new();
    // Long enough to have begun, far too short to be done.
    let pause = match after {
        None => 1500,
        Some(begin) => {
            while !out.lines().any(|line| line.starts_with(begin)) {
                let read = stdout.read_line(&mut out).expect("text");
                assert_ne!(read, 0, "{out}");
            }
            100
        }
    };
    std::thread::sleep(Duration::from_millis(pause));
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status();
    assert!(sent.expect("kill runs").success());
    stdout.read_to_string(&mut out).expect("text");
    let status = child.wait().expect("it ends");
    (status.code().unwrap_or(-1), out)
}

#[cfg(unix)]
#[test]
fn ctrl_c_says_what_was_found_so_far() {
    let (code, out) = interrupted(&["explore", "fault-storm-16"], None);
    assert_eq!(code, 130, "{out}");
    assert!(
        out.contains("unknown what lies behind: it was stopped"),
        "{out}"
    );
    let (code, out) = interrupted(&["matrix", "fault-storm-16", "--json"], None);
    assert_eq!(code, 130);
    let answer: serde_json::Value = serde_json::from_str(&out).expect("whole JSON");
    assert_eq!(answer["mixes"][0]["bound"], "it was stopped");
    let clears = &answer["clears"][0];
    assert_eq!((&clears["unknown"], &clears["of"]), (&2.into(), &2.into()));
    let (code, out) = interrupted(&["run", "fault-storm-16", "--witness", "hang"], None);
    assert_eq!((code, out.as_str()), (130, ""));
    let (code, out) = interrupted(
        &["explain", "fault-storm-16", "--allow", "extra-kill"],
        None,
    );
    assert_eq!(code, 130, "{out}");
    assert!(out.starts_with("fault-storm-16  "), "{out}");
    assert!(out.contains("it was stopped"), "{out}");
}

#[cfg(unix)]
#[test]
fn mixes_that_ctrl_c_left_out_are_not_bad() {
    // The first rows are bad, and the fourth takes long.
    let line = ["matrix", "writer-in-queue-pinned"];
    let (code, out) = interrupted(&line, Some("  . + . . ."));
    assert_eq!(code, 130, "{out}");
    assert!(out.contains("\nno mix is known to be clear\n"), "{out}");
    assert!(!out.contains("no mix of these patches"), "{out}");
    assert!(out.contains(" of 16 mixes, not searched"), "{out}");
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
