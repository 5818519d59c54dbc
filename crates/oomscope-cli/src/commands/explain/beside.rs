//! Two schedules beside each other: their common end once, then what differs, in two columns
//! if there is room, else line by line with `-` and `+`.

use anstyle::Style;
use oomscope_picture::Told;

use crate::screen::{BAD, GOOD, SOFT, count, paint};

/// So many of the steps that both have are told before those that differ.
pub(super) const CONTEXT: usize = 3;

/// So many steps of each schedule are told; the rest is counted, but for the last bad step.
const TOLD: usize = 12;

/// What is told of a list of steps.
struct Excerpt<'a> {
    head: &'a [Told],
    /// What is only counted.
    left_out: usize,
    last: Option<&'a Told>,
}

impl<'a> Excerpt<'a> {
    /// The beginning of what goes well.
    fn good(steps: &'a [Told]) -> Excerpt<'a> {
        Excerpt {
            head: &steps[..steps.len().min(TOLD)],
            left_out: steps.len().saturating_sub(TOLD),
            last: None,
        }
    }

    /// What goes wrong does so in the last step.
    fn bad(steps: &'a [Told]) -> Excerpt<'a> {
        let mut excerpt = Excerpt::good(steps);
        if excerpt.left_out > 0 {
            excerpt.left_out -= 1;
            excerpt.last = steps.last();
        }
        excerpt
    }

    /// What is not told.
    fn more(&self) -> Option<String> {
        let left_out = self.left_out as u64;
        (left_out > 0).then(|| format!("… {}", count(left_out, "more step")))
    }
}

/// Two columns need so many characters.
const COLUMNS_FROM: usize = 100;

/// Between the columns, the sign of `diff -y` in its middle.
const GUTTER: usize = 3;

/// What is to be compared.
pub(super) struct Beside {
    /// The last steps that both have.
    pub(super) same: Vec<Told>,
    /// What follows in the bad one.
    pub(super) bad: Vec<Told>,
    /// What follows in the good one, if there is one.
    pub(super) good: Option<Vec<Told>>,
}

impl Beside {
    /// All lines, for a screen of this width.
    pub(super) fn lines(&self, width: usize) -> Vec<String> {
        let mut lines: Vec<String> = self.same.iter().map(|told| one(' ', told)).collect();
        let bad = Excerpt::bad(&self.bad);
        match &self.good {
            Some(good) if width >= COLUMNS_FROM => {
                lines.extend(columns(&bad, &Excerpt::good(good), width));
            }
            Some(good) => {
                lines.extend(list('-', BAD, &bad));
                lines.extend(list('+', GOOD, &Excerpt::good(good)));
            }
            None => lines.extend(list('-', BAD, &bad)),
        }
        lines
    }
}

fn one(sign: char, told: &Told) -> String {
    format!("{sign} {:4}  {}", told.step, told.caption)
}

/// One below the other.
fn list(sign: char, style: Style, steps: &Excerpt<'_>) -> Vec<String> {
    let told = steps.head.iter().map(|told| one(sign, told));
    let more = steps.more().map(|more| format!("{sign}       {more}"));
    let last = steps.last.map(|told| one(sign, told));
    let lines = told.chain(more).chain(last);
    lines.map(|line| paint(style, line)).collect()
}

/// Side by side, as `diff -y` has it.
fn columns(bad: &Excerpt<'_>, good: &Excerpt<'_>, width: usize) -> Vec<String> {
    let width = (width - GUTTER) / 2;
    let (left, right) = (cells(bad, width), cells(good, width));
    let head = |word: &str, style| paint(style, format!("{word:<width$}"));
    let mut lines = vec![format!("{}   {}", head("bad", BAD), paint(GOOD, "good"))];
    for row in 0..left.len().max(right.len()) {
        let (left, right) = (left.get(row), right.get(row));
        let sign = match (left, right) {
            (Some(_), Some(_)) => '|',
            (Some(_), None) => '<',
            _ => '>',
        };
        let high = left.map_or(0, Vec::len).max(right.map_or(0, Vec::len));
        for line in 0..high {
            let part = |cell: Option<&Vec<String>>| {
                let line = cell.and_then(|cell| cell.get(line));
                line.cloned().unwrap_or_default()
            };
            let sign = if line == 0 { sign } else { ' ' };
            lines.push(pair(&part(left), sign, &part(right), width));
        }
    }
    lines
}

fn pair(left: &str, sign: char, right: &str, width: usize) -> String {
    if sign == ' ' && right.is_empty() {
        return paint(BAD, left);
    }
    let left = paint(BAD, format!("{left:<width$}"));
    format!("{left} {} {}", paint(SOFT, sign), paint(GOOD, right))
}

/// The steps of one column, each as the lines that it takes.
fn cells(steps: &Excerpt<'_>, width: usize) -> Vec<Vec<String>> {
    let cell = |told: &Told| wrapped(&format!("{:4}", told.step), &told.caption, width);
    let told = steps.head.iter().map(cell);
    let more = steps.more().map(|more| vec![format!("      {more}")]);
    told.chain(more).chain(steps.last.map(cell)).collect()
}

/// A text beside its number, broken between words.
fn wrapped(number: &str, text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = format!("{number} ");
    let mut words = 0;
    for word in text.split(' ') {
        if words > 0 && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::replace(&mut line, " ".repeat(number.len() + 1)));
            words = 0;
        }
        line.push(' ');
        line.push_str(word);
        words += 1;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn words_stay_whole_and_lines_stay_within_the_column() {
        let lines = wrapped("   7", "tar notices SIGKILL and begins to exit.", 20);
        assert_eq!(
            lines,
            [
                "   7  tar notices",
                "      SIGKILL and",
                "      begins to",
                "      exit."
            ]
        );
    }
}
