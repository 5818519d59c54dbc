//! Running other programs: either visibly, or as one line of progress.

use std::fs::{self, File};
use std::io::{IsTerminal, Write};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::{Outcome, tree};

/// Runs a command whose output people want to read.
pub(crate) fn visible(command: &mut Command) -> Outcome {
    let status = command.stdin(Stdio::null()).status();
    let status = status.map_err(|error| format!("{} did not start: {error}.", name(command)))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{}` failed ({status}).", line(command)))
    }
}

/// What a command prints on its standard output, if it runs and succeeds.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(text)
}

/// Runs a command as one line of progress that ticks; shows the end of its output only if it fails.
pub(crate) fn quiet(title: &str, expected: &str, command: &mut Command) -> Outcome {
    let began = now();
    let folder = tree::target().join("xtask");
    let log = folder.join(format!("{}.log", title.replace([' ', '/'], "-")));
    let opened = fs::create_dir_all(&folder).and_then(|()| File::create(&log));
    let opened = opened.and_then(|file| Ok((file.try_clone()?, file)));
    let (out, err) =
        opened.map_err(|error| format!("{} cannot be written: {error}.", log.display()))?;
    command.stdin(Stdio::null()).stdout(out).stderr(err);

    let mut ticker = Ticker::start(title, expected);
    let child = command.spawn();
    let mut child = child.map_err(|error| format!("{} did not start: {error}.", name(command)))?;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) => {
                pause(&mut child);
                ticker.tick(began, || last_line(&log));
            }
            Err(error) => return Err(format!("{} was lost: {error}.", name(command))),
        }
    };
    ticker.end(began, status.success());
    if status.success() {
        return Ok(());
    }
    let text = fs::read(&log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    for line in &lines[lines.len().saturating_sub(40)..] {
        eprintln!("    {line}");
    }
    Err(format!(
        "`{}` failed ({status}); all it said is in {}.",
        line(command),
        log.display()
    ))
}

/// How long something took, for people.
pub(crate) fn duration(time: Duration) -> String {
    match time.as_secs() {
        0..10 => format!("{:.1} s", time.as_secs_f32()),
        seconds @ 10..120 => format!("{seconds} s"),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// The clock, which only xtask may read: it tells people how long a step takes.
#[allow(clippy::disallowed_methods)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Waits a moment, but hardly longer than the child runs.
fn pause(child: &mut Child) {
    for _ in 0..10 {
        sleep(Duration::from_millis(20));
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
    }
}

/// One line of progress. On a terminal it is rewritten, elsewhere it is repeated now and then.
struct Ticker<'a> {
    title: &'a str,
    expected: &'a str,
    terminal: bool,
    shown_s: u64,
}

impl<'a> Ticker<'a> {
    fn start(title: &'a str, expected: &'a str) -> Self {
        let terminal = std::io::stdout().is_terminal();
        print!("  {title} (about {expected}) …");
        if !terminal {
            println!();
        }
        flush();
        Self {
            title,
            expected,
            terminal,
            shown_s: 0,
        }
    }

    fn tick(&mut self, began: Instant, doing: impl Fn() -> String) {
        let elapsed = began.elapsed().as_secs();
        let every = if self.terminal { 1 } else { 10 };
        if elapsed < self.shown_s + every {
            return;
        }
        self.shown_s = elapsed;
        let elapsed = duration(began.elapsed());
        let doing: String = doing().chars().take(40).collect();
        if self.terminal {
            let (title, expected) = (self.title, self.expected);
            print!("\r\x1b[2K  {title} (about {expected}) … {elapsed}  {doing}");
        } else {
            println!("    … {elapsed}  {doing}");
        }
        flush();
    }

    fn end(&self, began: Instant, well: bool) {
        let start = if self.terminal { "\r\x1b[2K" } else { "" };
        let word = if well { "done" } else { "FAILED" };
        println!(
            "{start}  {}: {word} after {}",
            self.title,
            duration(began.elapsed())
        );
    }
}

fn flush() {
    // Progress that cannot be shown is no reason to stop.
    let _ = std::io::stdout().flush();
}

fn last_line(log: &std::path::Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.lines()
        .rev()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default()
        .to_owned()
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

/// The command as one would type it, without the folder of its program.
fn line(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let program = program.file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
