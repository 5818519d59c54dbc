//! What is wrong with somebody's text, and where: a sentence and, if we have one, a hint.

use core::fmt;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// The text means something, but probably not what was wanted.
    Warning,
    /// This part of the text means nothing and was left out.
    Error,
}

/// One complaint about a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// Whether the part was left out.
    pub severity: Severity,
    /// Line of the text, counted from 1.
    pub line: u32,
    /// Column in characters, counted from 1.
    pub column: u32,
    /// What is wrong, without a full stop.
    pub sentence: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.sentence)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

/// Collects diagnostics while a text is read.
pub(crate) struct Notes<'t> {
    text: &'t str,
    list: Vec<Diagnostic>,
    machine_errors: usize,
    in_machine: bool,
}

impl<'t> Notes<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Notes {
            text,
            list: Vec::new(),
            machine_errors: 0,
            in_machine: false,
        }
    }

    pub(crate) fn text(&self) -> &'t str {
        self.text
    }

    /// From here on an error means that there is no machine to run, or no longer does.
    pub(crate) fn reading_machine(&mut self, yes: bool) {
        self.in_machine = yes;
    }

    pub(crate) fn machine_is_sound(&self) -> bool {
        self.machine_errors == 0
    }

    /// Notes an error at a byte offset of the text.
    pub(crate) fn error(&mut self, at: usize, sentence: impl Into<String>, hint: Option<String>) {
        self.machine_errors += usize::from(self.in_machine);
        self.push(Severity::Error, at, sentence.into(), hint);
    }

    /// Notes a warning at a byte offset of the text.
    pub(crate) fn warning(&mut self, at: usize, sentence: impl Into<String>, hint: Option<String>) {
        self.push(Severity::Warning, at, sentence.into(), hint);
    }

    fn push(&mut self, severity: Severity, at: usize, sentence: String, hint: Option<String>) {
        let (line, column) = position(self.text, at);
        let note = Diagnostic {
            severity,
            line,
            column,
            sentence,
            hint,
        };
        // A `repeat` makes the same mistake several times; one complaint is enough.
        if !self.list.contains(&note) {
            self.list.push(note);
        }
    }

    /// The line, from 1, of a byte offset.
    pub(crate) fn line(&self, at: usize) -> u32 {
        position(self.text, at).0
    }

    /// Where a line, counted from 1, begins.
    pub(crate) fn offset_of_line(&self, line: u32) -> usize {
        let before = self
            .text
            .split_inclusive('\n')
            .take(line.saturating_sub(1) as usize);
        before.map(str::len).sum()
    }

    /// Everything noted, in the order of the text.
    pub(crate) fn into_list(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|note| (note.line, note.column));
        self.list
    }
}

/// Line and column, from 1, of a byte offset.
fn position(text: &str, at: usize) -> (u32, u32) {
    let mut line = 1;
    let mut column = 1;
    for (offset, c) in text.char_indices() {
        if offset >= at {
            break;
        }
        if c == '\n' {
            line += 1;
            column = 1;
        } else {
            column += 1;
        }
    }
    (line, column)
}

/// A diagnostic for a text of one line, at a byte offset of it.
pub(crate) fn in_line(text: &str, at: usize, sentence: String, hint: Option<String>) -> Diagnostic {
    let (line, column) = position(text, at);
    Diagnostic {
        severity: Severity::Error,
        line,
        column,
        sentence,
        hint,
    }
}

/// `did you mean "x"?` if one of the known words is close to what was written.
pub fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let nearest = nearest(written, &mut known.into_iter())?;
    Some(format!("did you mean {nearest:?}?"))
}

/// Not generic, so that it is in the program once.
fn nearest<'a>(written: &str, known: &mut dyn Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = ((written.chars().count() + 1) / 3).min(3);
    known
        .map(|word| (distance(written, word), word))
        .filter(|&(distance, _)| distance <= limit)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, word)| word)
}

/// Edit distance, a swap of neighbours counting as one.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) =
        (a.chars().take(64).collect(), b.chars().take(64).collect());
    let width = b.len() + 1;
    let mut cells = vec![0; (a.len() + 1) * width];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            cells[i * width + j] = if i == 0 || j == 0 {
                i + j
            } else {
                let change = usize::from(a[i - 1] != b[j - 1]);
                let mut best = (cells[(i - 1) * width + j] + 1)
                    .min(cells[i * width + j - 1] + 1)
                    .min(cells[(i - 1) * width + j - 1] + change);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(cells[(i - 2) * width + j - 2] + 1);
                }
                best
            };
        }
    }
    cells[a.len() * width + b.len()]
}

/// `a, b and c`.
pub fn list_words<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    join_words(&mut words.into_iter())
}

/// Not generic, so that it is in the program once.
fn join_words(words: &mut dyn Iterator<Item = &str>) -> String {
    let words: Vec<&str> = words.collect();
    match words.split_last() {
        None => String::new(),
        Some((last, [])) => String::from(*last),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// `1,204`.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_words_are_suggested_and_far_ones_are_not() {
        let known = ["drv_lock", "i_mutex"];
        assert_eq!(
            did_you_mean("drv_lok", known),
            Some("did you mean \"drv_lock\"?".into())
        );
        assert_eq!(
            did_you_mean("drv_lokc", known),
            Some("did you mean \"drv_lock\"?".into())
        );
        assert_eq!(did_you_mean("page", known), None);
    }

    #[test]
    fn words_are_listed_as_people_do() {
        assert_eq!(list_words(["a", "b", "c"]), "a, b and c");
        assert_eq!(list_words(["a"]), "a");
    }
}
