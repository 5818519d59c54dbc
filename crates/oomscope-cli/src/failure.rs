//! What a person has to be told instead of an answer.

use std::fmt::Display;
use std::io;

use oomscope_judge::{Bound, Good};
use oomscope_scenario::diagnostic::{Diagnostic, Severity};

use crate::screen::{BAD, WARN, paint};

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something is wrong with what was asked: sentences with a place and a hint.
    Input(Vec<String>),
    /// It is not known: the search ended too early.
    Unknown(Exit, String),
    /// Nobody reads any more.
    Pipe,
}

/// An answer, or why there is none.
pub(crate) type Outcome<T> = Result<T, Failure>;

impl Failure {
    /// One sentence, without a full stop, and what to do about it.
    pub(crate) fn new(sentence: impl Display, hint: Option<impl Display>) -> Failure {
        Failure::Input(vec![match hint {
            Some(hint) => format!("{sentence}; {hint}"),
            None => sentence.to_string(),
        }])
    }

    /// One sentence that says it all.
    pub(crate) fn plain(sentence: impl Display) -> Failure {
        Failure::Input(vec![sentence.to_string()])
    }

    /// One sentence about what was not found before this bound.
    pub(crate) fn unknown(bound: Bound, sentence: String) -> Failure {
        let exit = match bound {
            Bound::Stopped => Exit::Interrupted,
            Bound::States | Bound::Bytes | Bound::Size => Exit::Unknown,
        };
        Failure::Unknown(exit, sentence)
    }

    /// What makes a text that came from `place` mean nothing.
    pub(crate) fn diagnostics(place: &str, notes: &[Diagnostic]) -> Failure {
        let errors = notes.iter().filter(|it| it.severity == Severity::Error);
        Failure::Input(errors.map(|note| at(place, note)).collect())
    }
}

impl From<io::Error> for Failure {
    /// For what is written to the terminal; files name themselves in their own sentences.
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Pipe,
            _ => Failure::plain(format!("cannot write the answer: {error}")),
        }
    }
}

/// A complaint with its place, as compilers print it: `file:line:column: sentence; hint`.
pub(crate) fn at(place: &str, note: &Diagnostic) -> String {
    let hint = match &note.hint {
        Some(hint) => format!("; {hint}"),
        None => String::new(),
    };
    let (line, column) = (note.line, note.column);
    format!("{place}:{line}:{column}: {}{hint}", note.sentence)
}

/// The same behind the word for how bad it is.
pub(crate) fn told(place: &str, note: &Diagnostic) -> String {
    let word = match note.severity {
        Severity::Error => paint(BAD, "error"),
        Severity::Warning => paint(WARN, "warning"),
    };
    format!("{word}: {}", at(place, note))
}

/// What the process says to whoever started it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exit {
    /// Nothing bad can happen, or the task is done.
    Clean = 0,
    /// Something bad can happen, or an expectation is not met.
    Bad = 1,
    /// The question means nothing.
    Usage = 2,
    /// A bound was reached before anything bad was found.
    Unknown = 3,
    /// Ctrl-C.
    Interrupted = 130,
    /// Nobody reads the answer.
    Pipe = 141,
}

impl Exit {
    /// What to say about something that is good, bad or unknown.
    pub(crate) fn of(good: Good) -> Exit {
        match good {
            Good::Yes => Exit::Clean,
            Good::No => Exit::Bad,
            Good::Unknown => Exit::Unknown,
        }
    }
}
