//! Starting the program and looking at what it says.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a run of the program left behind.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs `oomscope` with these arguments, outside the repository.
pub(crate) fn oomscope<I: AsRef<OsStr>>(arguments: impl IntoIterator<Item = I>) -> Said {
    oomscope_with(arguments, "")
}

/// The same, with something on standard input.
pub(crate) fn oomscope_with<I: AsRef<OsStr>>(
    arguments: impl IntoIterator<Item = I>,
    input: &str,
) -> Said {
    let mut child = command()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program is built");
    let mut stdin = child.stdin.take().expect("piped");
    // A program that does not read its input may be gone already.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The program, in a folder of its own.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oomscope"));
    for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS"] {
        command.env_remove(variable);
    }
    command.current_dir(folder());
    command
}

/// A folder outside the repository.
pub(crate) fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("elsewhere");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}

/// Runs the program with the words of a line as arguments.
pub(crate) fn say(line: &str) -> Said {
    oomscope(line.split_whitespace())
}

/// The answer for machines, which must be one.
pub(crate) fn json(line: &str) -> (i32, serde_json::Value) {
    let said = oomscope(line.split_whitespace().chain(["--json"]));
    let parsed = serde_json::from_str(&said.out);
    let value = parsed.unwrap_or_else(|error| panic!("{line}: {error}\n{}{}", said.out, said.err));
    (said.code, value)
}

#[test]
fn help_tells_exit_status_environment_and_examples() {
    let said = say("--help");
    assert_eq!(said.code, 0);
    for heading in ["Exit status:", "Environment:", "Examples:", "Usage:"] {
        assert!(said.out.contains(heading), "{heading}\n{}", said.out);
    }
}

#[test]
fn what_means_nothing_is_a_usage_error() {
    let cases = [
        ("dance", "unrecognized subcommand 'dance'"),
        (
            "explore writer-in-que",
            "there is no scenario \"writer-in-que\" and no such file; did you mean \"writer-in-queue\"?",
        ),
        (
            "explore writer-in-queue --patches reap-twic",
            "unknown patch \"reap-twic\"; did you mean \"reap-twice\"?",
        ),
        (
            "explore writer-in-queue --patches -clear-mark,reap-twice",
            "reap-twice needs clear-mark, which is off; write --patches clear-mark,reap-twice",
        ),
        (
            "explore writer-in-queue --kernel 4.66",
            "unknown kernel \"4.66\"; known are 3.19,",
        ),
        (
            "explore writer-in-queue --kernel 4.11",
            "unknown kernel \"4.11\"; the nearest in the table are 4.9 and 4.12",
        ),
        (
            "explore writer-in-queue --kernel 5.10.3",
            "unknown kernel \"5.10.3\"; the nearest in the table are 5.4 and 5.12",
        ),
        (
            "explore writer-in-queue --kernel 4.18",
            "unknown kernel \"4.18\"; 4.17 has the same patches in the table",
        ),
        (
            "explore writer-in-queue --rules adversaria",
            "unknown rules \"adversaria\"; did you mean \"adversarial\"?",
        ),
        (
            "run writer-in-queue --to stuk",
            "writer-in-queue has no marker \"stuk\"; did you mean \"stuck\"?",
        ),
        (
            "run writer-in-queue --witness lokup",
            "unknown outcome \"lokup\"; did you mean \"lockup\"?",
        ),
        (
            "run writer-in-queue --witness corrupt",
            "corrupt cannot be reached here; reachable: ok and lockup",
        ),
        (
            "run writer-in-queue --run cc2",
            "--run:1:1: unknown task \"cc2\"; did you mean \"cc1\"?",
        ),
        (
            "run writer-in-queue --run postgres",
            "step 0: postgres cannot move here; there qemu-2, cc1 and vhost-1187 can move",
        ),
        ("run ./nowhere.toml", "./nowhere.toml: No such file"),
        (
            "explore writer-in-queue --max-states many",
            "not a number of states",
        ),
        (
            "explore writer-in-queue --max-memory 3X",
            "write it as 500M or 2G",
        ),
        (
            "run #c1.99.0",
            "this link is cut: 7 of 99 characters arrived",
        ),
    ];
    for (line, sentence) in cases {
        let said = say(line);
        assert_eq!(said.code, 2, "{line}: {}", said.err);
        assert!(said.err.contains(sentence), "{line}: {}", said.err);
        assert_eq!(said.out, "", "{line}");
    }
}

#[test]
fn a_stable_release_is_that_which_it_updates() {
    let (code, answer) = json("run writer-in-queue --kernel 4.14.1");
    assert_eq!(code, 0);
    assert_eq!(answer["kernel"], "4.14");
}

#[test]
fn help_fits_on_a_screen() {
    for command in ["", "explore ", "link ", "check ", "merge "] {
        let said = say(&format!("{command}--help"));
        let widest = said.out.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(100), "{command}: {widest:?}");
    }
}

#[test]
fn complaints_about_a_file_say_how_bad_they_are() {
    let path = folder().join("twice.toml");
    fs::write(&path, two_markers()).expect("a file can be written");
    let path = path.display().to_string();
    let said = oomscope(["run", &path]);
    assert_eq!(said.code, 0, "{}", said.err);
    let begin = format!("oomscope: error: {path}:");
    assert!(said.err.starts_with(&begin), "{}", said.err);
    assert!(said.err.contains("there are two markers"), "{}", said.err);
}

#[test]
fn without_one_of_its_switches_nothing_is_searched() {
    let text = two_markers().replacen("offers = [", "offers = [\"oom-reper\", ", 1);
    let path = folder().join("reper.toml");
    fs::write(&path, text).expect("a file can be written");
    let said = oomscope(["matrix", &path.display().to_string()]);
    assert_eq!((said.code, said.out.as_str()), (2, ""), "{}", said.err);
    let sentence = "unknown patch \"oom-reper\"; did you mean";
    assert!(said.err.contains(sentence), "{}", said.err);
}

/// A scenario that has a marker twice.
pub(crate) fn two_markers() -> String {
    let text = include_str!("../../../../assets/scenarios/munlock-oops.toml");
    let at = text.find("[[marker]]").expect("a marker");
    let end = at + 2 + text[at + 2..].find("\n[[").map_or(text.len(), |end| end);
    format!("{}{}\n{}", &text[..at], &text[at..end], &text[at..])
}

#[test]
fn colour_only_where_it_is_wanted() {
    let plain = say("explore munlock-oops");
    assert!(!plain.out.contains('\u{1b}'));
    let coloured = say("explore munlock-oops --color always");
    assert!(coloured.out.contains('\u{1b}'));
    let never = command()
        .args(["explore", "munlock-oops"])
        .env("CLICOLOR_FORCE", "1")
        .env("NO_COLOR", "1")
        .output()
        .expect("it runs");
    assert!(!never.stdout.contains(&0x1b));
}

#[test]
fn every_shell_gets_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let said = say(&format!("completions {shell}"));
        assert_eq!(said.code, 0);
        assert!(said.out.contains("explore"), "{shell}");
    }
}

#[test]
fn every_command_gets_a_man_page() {
    let said = say("man");
    assert_eq!(said.code, 0);
    assert!(said.out.contains("\n.TH oomscope 1"), "{}", said.out);
    let dir = env!("CARGO_TARGET_TMPDIR");
    let said = say(&format!("man {dir}"));
    assert_eq!((said.code, said.out.as_str()), (0, ""));
    for name in ["oomscope", "oomscope-explore", "oomscope-merge"] {
        let page = std::fs::read_to_string(format!("{dir}/{name}.1")).expect("it is written");
        assert!(page.contains(&format!("\n.TH {name} 1")), "{page}");
    }
    let said = say(&format!("man {dir}/oomscope.1"));
    assert_eq!(said.code, 2);
    assert!(said.err.contains("oomscope.1: "), "{}", said.err);
    assert!(said.err.contains("must be a directory"), "{}", said.err);
}
