//! Reads tables of a scenario file and says what is wrong with them: unknown keys, wrong
//! types, missing values.

use core::ops::Range;

use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Notes, did_you_mean, list_words};
use crate::keys::Section;

/// How many characters the name of a task or of a memory cgroup can have: `TASK_COMM_LEN` without
/// its NUL.
pub(crate) const COMM_MAX: usize = 15;
/// How many characters any other name can have.
pub(crate) const NAME_MAX: usize = 2 * COMM_MAX;

/// A piece of text from the file and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Word<'a> {
    pub(crate) text: &'a str,
    /// Bytes of the file, quotes included.
    pub(crate) span: Range<usize>,
}

impl Word<'_> {
    pub(crate) fn at(&self) -> usize {
        self.span.start
    }

    /// The known value with this name.
    pub(crate) fn one_of<T: Copy>(
        &self,
        what: &str,
        known: &[(&str, T)],
        notes: &mut Notes<'_>,
    ) -> Option<T> {
        let found = known
            .iter()
            .find(|(name, _)| *name == self.text)
            .map(|(_, value)| *value);
        if found.is_none() {
            let names = known.iter().map(|(name, _)| *name);
            let hint = did_you_mean(self.text, names.clone())
                .unwrap_or_else(|| format!("there is {}", list_words(names)));
            notes.error(
                self.at(),
                format!("unknown {what} {:?}", self.text),
                Some(hint),
            );
        }
        found
    }

    /// Names stand in programs, runs and links, between spaces and signs.
    pub(crate) fn check_name(&self, most: usize, notes: &mut Notes<'_>) {
        let name = self.text;
        let fits = name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c));
        if !fits || !name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
            let hint =
                "letters, digits and _ - . / are allowed, and a letter, digit or _ comes first";
            notes.error(
                self.at(),
                format!("{name:?} cannot be a name"),
                Some(hint.into()),
            );
        } else if name.len() > most {
            let sentence = format!("{name:?} is longer than {most} characters");
            notes.error(self.at(), sentence, None);
        }
    }
}

/// One table of the file.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    table: &'a DeTable<'a>,
    section: &'static Section,
    /// Where the table begins, for what is missing in it.
    pub(crate) at: usize,
}

impl<'a> Reader<'a> {
    /// Starts to read a table and notes every key its section does not know.
    pub(crate) fn new(
        table: &'a DeTable<'a>,
        at: usize,
        section: &'static Section,
        notes: &mut Notes<'_>,
    ) -> Self {
        for key in table.keys() {
            let word = key.get_ref().as_ref();
            if !section.keys.iter().any(|known| known.word == word) {
                let known = section.keys.iter().map(|key| key.word);
                let hint = did_you_mean(word, known.clone())
                    .unwrap_or_else(|| format!("known here: {}", list_words(known)));
                notes.error(
                    key.span().start,
                    format!("unknown key {word:?} in {}", section.name),
                    Some(hint),
                );
            }
        }
        Reader { table, section, at }
    }

    fn value(&self, key: &str) -> Option<(&'a DeValue<'a>, Range<usize>)> {
        debug_assert!(
            self.section.keys.iter().any(|known| known.word == key),
            "{key}"
        );
        let value = self.table.get(key)?;
        Some((value.get_ref(), value.span()))
    }

    fn wrong(
        &self,
        key: &str,
        wanted: &str,
        value: &DeValue<'_>,
        at: usize,
        notes: &mut Notes<'_>,
    ) {
        let found = value.type_str();
        notes.error(
            at,
            format!("{key} must be {wanted}, not {} {found}", article(found)),
            None,
        );
    }

    /// A string, if the key is there.
    pub(crate) fn text(&self, key: &str, notes: &mut Notes<'_>) -> Option<Word<'a>> {
        let (value, span) = self.value(key)?;
        match value.as_str() {
            Some(text) => Some(Word { text, span }),
            None => {
                self.wrong(key, "text in quotes", value, span.start, notes);
                None
            }
        }
    }

    /// Whether the key is there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.value(key).is_some()
    }

    /// A string that must be there.
    pub(crate) fn needed(&self, key: &str, notes: &mut Notes<'_>) -> Option<Word<'a>> {
        if self.value(key).is_none() {
            notes.error(self.at, format!("{} has no {key}", self.section.name), None);
        }
        self.text(key, notes)
    }

    /// A whole number in a range, if the key is there.
    pub(crate) fn number(
        &self,
        key: &str,
        range: core::ops::RangeInclusive<i64>,
        notes: &mut Notes<'_>,
    ) -> Option<i64> {
        let (value, span) = self.value(key)?;
        let Some(digits) = value.as_integer() else {
            self.wrong(key, "a whole number", value, span.start, notes);
            return None;
        };
        match i64::from_str_radix(digits.as_str(), digits.radix()) {
            Ok(number) if range.contains(&number) => Some(number),
            _ => {
                let sentence = format!(
                    "{key} must be between {} and {}",
                    range.start(),
                    range.end()
                );
                notes.error(span.start, sentence, None);
                None
            }
        }
    }

    /// `true` or `false`; `false` if the key is not there.
    pub(crate) fn flag(&self, key: &str, notes: &mut Notes<'_>) -> bool {
        self.flag_or(key, false, notes)
    }

    /// A boolean with a default of its own.
    pub(crate) fn flag_or(&self, key: &str, default: bool, notes: &mut Notes<'_>) -> bool {
        let Some((value, span)) = self.value(key) else {
            return default;
        };
        value.as_bool().unwrap_or_else(|| {
            self.wrong(key, "true or false", value, span.start, notes);
            default
        })
    }

    /// A list of strings; empty if the key is not there.
    pub(crate) fn list(&self, key: &str, notes: &mut Notes<'_>) -> Vec<Word<'a>> {
        let Some((value, span)) = self.value(key) else {
            return Vec::new();
        };
        let Some(array) = value.as_array() else {
            self.wrong(key, "a list of texts", value, span.start, notes);
            return Vec::new();
        };
        let mut words = Vec::new();
        for item in array.iter() {
            match item.get_ref().as_str() {
                Some(text) => words.push(Word {
                    text,
                    span: item.span(),
                }),
                None => self.wrong(
                    key,
                    "a list of texts",
                    item.get_ref(),
                    item.span().start,
                    notes,
                ),
            }
        }
        words
    }

    /// The tables written as `[[key]]`.
    pub(crate) fn tables(
        &self,
        key: &str,
        section: &'static Section,
        notes: &mut Notes<'_>,
    ) -> Vec<Reader<'a>> {
        let Some((value, span)) = self.value(key) else {
            return Vec::new();
        };
        let Some(array) = value.as_array() else {
            let hint = Some(format!("write {} with two brackets", section.name));
            notes.error(
                span.start,
                format!("{key} can be there several times"),
                hint,
            );
            return Vec::new();
        };
        let mut readers = Vec::new();
        for item in array.iter() {
            match item.get_ref().as_table() {
                Some(table) => readers.push(Reader::new(table, item.span().start, section, notes)),
                None => self.wrong(key, "a table", item.get_ref(), item.span().start, notes),
            }
        }
        readers
    }

    /// The table written as `[key]`.
    pub(crate) fn table(
        &self,
        key: &str,
        section: &'static Section,
        notes: &mut Notes<'_>,
    ) -> Option<Reader<'a>> {
        let (value, span) = self.value(key)?;
        match value.as_table() {
            Some(table) => Some(Reader::new(table, span.start, section, notes)),
            None => {
                self.wrong(key, "a table", value, span.start, notes);
                None
            }
        }
    }
}

fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    }
}

/// Where the content of a quoted value begins in the file: behind its quotes, and behind
/// the line break that TOML drops after three of them.
pub(crate) fn content_start(file: &str, span: &Range<usize>) -> usize {
    let raw = file.get(span.clone()).unwrap_or_default();
    let after = ["\"\"\"", "'''", "\"", "'"]
        .iter()
        .find_map(|quote| raw.strip_prefix(quote).map(|rest| (quote.len(), rest)));
    match after {
        Some((3, rest)) if rest.starts_with("\r\n") => span.start + 5,
        Some((3, rest)) if rest.starts_with('\n') => span.start + 4,
        Some((quotes, _)) => span.start + quotes,
        None => span.start,
    }
}
