//! What is printed, and how: text for people, with colour where that is wanted, or JSON.

use std::fmt::Display;
use std::io::{IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use serde::Serialize;

use crate::failure::{Failure, Outcome};

/// What is as it should be.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// What is not.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// What costs something, or is not known.
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
/// What can be passed over.
pub(crate) const SOFT: Style = Style::new().dimmed();
/// What should not.
pub(crate) const STRONG: Style = Style::new().bold();

/// When to colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Also into a pipe or file.
    Always,
    /// Not at all.
    Never,
}

/// Where answers go.
pub(crate) struct Screen {
    out: AutoStream<std::io::Stdout>,
    json: bool,
    quiet: bool,
    color: ColorChoice,
}

impl Screen {
    pub(crate) fn new(color: Color, json: bool, quiet: bool) -> Screen {
        let color = match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::AlwaysAnsi,
            Color::Never => ColorChoice::Never,
        };
        Screen {
            out: AutoStream::new(std::io::stdout(), color),
            json,
            quiet,
            color,
        }
    }

    /// Whether the answer is wanted as JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether somebody looks at the progress.
    pub(crate) fn shows_progress(&self) -> bool {
        !self.quiet && std::io::stderr().is_terminal()
    }

    /// How many characters fit beside each other: what COLUMNS says, or the terminal.
    pub(crate) fn width(&self) -> usize {
        const USUAL: usize = 80;
        let told = std::env::var("COLUMNS").ok();
        let told = told.and_then(|columns| columns.parse().ok());
        let terminal = || terminal_size::terminal_size_of(std::io::stdout());
        told.or_else(|| terminal().map(|(width, _)| usize::from(width.0)))
            .unwrap_or(USUAL)
    }

    /// Prints a line for people.
    pub(crate) fn line(&mut self, text: impl Display) -> Outcome<()> {
        writeln!(self.out, "{text}").map_err(Failure::from)
    }

    /// Prints bytes as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Outcome<()> {
        let mut out = std::io::stdout();
        out.write_all(bytes)?;
        out.flush().map_err(Failure::from)
    }

    /// Prints the whole answer for machines.
    pub(crate) fn json(&mut self, answer: &impl Serialize) -> Outcome<()> {
        let text = serde_json::to_string_pretty(answer);
        let text = text.map_err(|error| Failure::plain(format!("no JSON: {error}")))?;
        writeln!(self.out, "{text}").map_err(Failure::from)
    }

    /// Tells something beside the answer.
    pub(crate) fn note(&self, text: impl Display) {
        let mut err = AutoStream::new(std::io::stderr(), self.color);
        // If even that cannot be told, nobody is there to be told so.
        let _ = writeln!(err, "oomscope: {text}");
    }
}

/// Text in a style.
pub(crate) fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Breaks a text between words, so that it fits behind a column of `indent` characters.
pub(crate) fn folded(text: &str, indent: usize, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let length = |text: &str| text.chars().count();
        match lines.last_mut() {
            Some(line) if indent + length(line) + 1 + length(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.into()),
        }
    }
    lines.join(&format!("\n{:indent$}", ""))
}

/// `"1 state"`, `"2,314 states"`.
pub(crate) fn count(number: u64, what: &str) -> String {
    let digits = oomscope_scenario::diagnostic::thousands(number as usize);
    let plural = if number == 1 { "" } else { "s" };
    format!("{digits} {what}{plural}")
}

/// `"12.3 MB"`.
pub(crate) fn bytes(number: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)];
    let unit = UNITS.iter().find(|(_, size)| number >= *size);
    match unit {
        Some((name, size)) => {
            let tenths = number * 10 / size;
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
        None => format!("{number} B"),
    }
}
