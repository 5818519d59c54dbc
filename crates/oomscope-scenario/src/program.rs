//! Program text to statements: words, comments, `repeat N { … }`. What the words mean is
//! the business of `compile`.

use oomscope_model::machine::LINES_MAX;

use crate::diagnostic::Notes;
use crate::envelope::{Word, content_start};

/// The deepest nesting of `repeat`.
const DEPTH_MAX: u8 = 4;

/// One statement of a program, after `repeat` was unrolled.
#[derive(Clone, Debug)]
pub(crate) struct Statement<'a> {
    /// Its words and where they stand in the file. Never empty.
    pub(crate) words: Vec<(usize, &'a str)>,
    /// Line of the program text, from 1.
    pub(crate) line: u16,
}

enum Token<'a> {
    Word(usize, &'a str),
    Open,
    Close(usize),
    LineEnd,
}

/// Reads a program. At most [`LINES_MAX`] statements come back.
pub(crate) fn statements<'a>(program: &Word<'a>, notes: &mut Notes<'_>) -> Vec<Statement<'a>> {
    let tokens = tokens(program, notes.text());
    let mut reader = Blocks {
        tokens: &tokens,
        next: 0,
        line: 1,
    };
    let mut statements = reader.block(0, notes);
    if statements.len() > LINES_MAX {
        let sentence = format!("this program has more than {LINES_MAX} lines once unrolled");
        notes.error(program.at(), sentence, None);
        statements.truncate(LINES_MAX);
    }
    statements
}

fn tokens<'a>(program: &Word<'a>, file: &str) -> Vec<Token<'a>> {
    let mut tokens = Vec::new();
    // Offsets in the value and in the file run in step, because programs need no escapes.
    let mut at = content_start(file, &program.span);
    for line in program.text.split('\n') {
        let code = line.split('#').next().unwrap_or_default();
        let mut start = None;
        for (offset, c) in code.char_indices().chain([(code.len(), ' ')]) {
            let breaks = c.is_whitespace() || matches!(c, '{' | '}');
            match (breaks, start) {
                (false, None) => start = Some(offset),
                (true, Some(from)) => {
                    tokens.push(Token::Word(at + from, &code[from..offset]));
                    start = None;
                }
                _ => {}
            }
            match c {
                '{' => tokens.push(Token::Open),
                '}' => tokens.push(Token::Close(at + offset)),
                _ => {}
            }
        }
        tokens.push(Token::LineEnd);
        at += line.len() + 1;
    }
    tokens
}

struct Blocks<'t, 'a> {
    tokens: &'t [Token<'a>],
    next: usize,
    line: u16,
}

impl<'a> Blocks<'_, 'a> {
    fn advance(&mut self) {
        if matches!(self.tokens.get(self.next), Some(Token::LineEnd)) {
            self.line = self.line.saturating_add(1);
        }
        self.next += 1;
    }

    /// Statements up to the closing brace, or to the end at depth 0.
    fn block(&mut self, depth: u8, notes: &mut Notes<'_>) -> Vec<Statement<'a>> {
        let mut all: Vec<Statement<'a>> = Vec::new();
        while let Some(token) = self.tokens.get(self.next) {
            match token {
                Token::LineEnd | Token::Open => self.advance(),
                Token::Close(at) => {
                    self.advance();
                    if depth > 0 {
                        return all;
                    }
                    notes.error(*at, "this } closes nothing", None);
                }
                Token::Word(..) => {
                    let statement = self.statement();
                    if matches!(self.tokens.get(self.next), Some(Token::Open)) {
                        self.repeat(&statement, depth, &mut all, notes);
                    } else {
                        all.push(statement);
                    }
                    // One more than allowed is enough to know that it is too long.
                    all.truncate(LINES_MAX + 1);
                }
            }
        }
        if depth > 0 {
            notes.error(
                notes_end(self.tokens),
                "a repeat is not closed",
                Some("add }".into()),
            );
        }
        all
    }

    fn statement(&mut self) -> Statement<'a> {
        let line = self.line;
        let mut words = Vec::new();
        while let Some(Token::Word(at, text)) = self.tokens.get(self.next) {
            words.push((*at, *text));
            self.advance();
        }
        Statement { words, line }
    }

    fn repeat(
        &mut self,
        head: &Statement<'a>,
        depth: u8,
        all: &mut Vec<Statement<'a>>,
        notes: &mut Notes<'_>,
    ) {
        self.advance();
        let at = head.words.first().map_or(0, |(at, _)| *at);
        let times = match head.words.as_slice() {
            [(_, "repeat"), (_, times)] => {
                times.parse().ok().filter(|n| (1..=LINES_MAX).contains(n))
            }
            _ => None,
        };
        if times.is_none() {
            let sentence = format!("before {{ stands repeat and a number from 1 to {LINES_MAX}");
            notes.error(at, sentence, Some("write repeat 3 { … }".into()));
        }
        if depth >= DEPTH_MAX {
            notes.error(
                at,
                format!("more than {DEPTH_MAX} repeats inside one another"),
                None,
            );
            // Leave the braces to be skipped: what is inside was complained about as one.
            self.skip_block();
            return;
        }
        let body = self.block(depth + 1, notes);
        if body.is_empty() {
            return;
        }
        for _ in 0..times.unwrap_or(1) {
            if all.len() > LINES_MAX {
                break;
            }
            all.extend(body.iter().cloned());
        }
    }

    fn skip_block(&mut self) {
        let mut open = 1_u32;
        while open > 0 && self.next < self.tokens.len() {
            match self.tokens[self.next] {
                Token::Open => open += 1,
                Token::Close(_) => open -= 1,
                Token::Word(..) | Token::LineEnd => {}
            }
            self.advance();
        }
    }
}

fn notes_end(tokens: &[Token<'_>]) -> usize {
    let last = tokens.iter().rev().find_map(|token| match token {
        Token::Word(at, _) | Token::Close(at) => Some(*at),
        Token::Open | Token::LineEnd => None,
    });
    last.unwrap_or(0)
}
