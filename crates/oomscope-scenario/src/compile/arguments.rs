//! The words after a verb, as what they name.

use oomscope_model::machine::{
    CompletionId, Gfp, Kind, LockClass, LockId, MmId, ORDER_MAX, ProcessId, TaskId,
};

use super::Compiler;
use crate::diagnostic::{did_you_mean, list_words};
use crate::verb::{Argument, GFPS, MODIFIERS, PAGES, Sort, VERBS, Verb};

/// The arguments of a line, resolved.
#[derive(Default)]
pub(super) struct Arguments {
    pub(super) lock: Option<LockId>,
    pub(super) gfp: Option<Gfp>,
    pub(super) order: u8,
    pub(super) mm: Option<MmId>,
    pub(super) completion: Option<CompletionId>,
    pub(super) process: Option<ProcessId>,
    pub(super) thread: Option<TaskId>,
    pub(super) pages: u8,
    pub(super) pages_given: bool,
}

impl Compiler<'_, '_> {
    pub(super) fn arguments(
        &mut self,
        verb: &Verb,
        at: usize,
        words: &[(usize, &str)],
    ) -> Option<Arguments> {
        let mut found = Arguments {
            pages: 1,
            ..Arguments::default()
        };
        let mut words = words.iter();
        for argument in verb.arguments {
            let Some(&(at_word, word)) = words.next() else {
                if *argument == Argument::Pages {
                    continue;
                }
                let usage = format!("write {}", verb.usage());
                self.error(at, format!("{} needs more words", verb.word), Some(usage));
                return None;
            };
            match argument {
                Argument::Lock(sort) => found.lock = Some(self.lock(word, *sort, at_word, verb)?),
                Argument::Gfp => found.gfp = Some(self.gfp(word, at_word)?),
                Argument::Order => found.order = self.order(word, at_word)?,
                Argument::Pages => {
                    found.pages = self.pages(word, at_word)?;
                    found.pages_given = true;
                }
                Argument::Process => found.process = Some(self.process(word, at_word)?),
                Argument::Thread => found.thread = Some(self.thread(word, at_word)?),
                Argument::Mm => found.mm = Some(self.mm(word, at_word)?),
                Argument::Completion => {
                    found.completion = Some(self.completions.id(word, at_word, self.notes)?);
                }
            }
        }
        if let Some(&(at_word, word)) = words.next() {
            let usage = format!("write {}", verb.usage());
            self.error(at_word, format!("{word:?} is too much here"), Some(usage));
            return None;
        }
        Some(found)
    }

    pub(super) fn lock(
        &mut self,
        word: &str,
        sort: Sort,
        at: usize,
        verb: &Verb,
    ) -> Option<LockId> {
        let locks = &self.machine.locks;
        let Some(index) = locks.iter().position(|lock| lock.name == word) else {
            let fitting = locks
                .iter()
                .filter(|lock| Sort::of(lock.class) == Some(sort));
            let names = fitting.map(|lock| lock.name.as_str());
            let hint = did_you_mean(word, names.clone())
                .unwrap_or_else(|| known("there is", "declare it with [[lock]]", names));
            self.error(at, format!("unknown lock {word:?}"), Some(hint));
            return None;
        };
        let class = locks[index].class;
        match Sort::of(class) {
            Some(found) if found == sort => Some(LockId(index as u8)),
            Some(found) => {
                let words = VERBS.iter().filter(|verb| verb.sort() == Some(found));
                let hint = format!("its verbs are {}", list_words(words.map(|verb| verb.word)));
                let sentence = format!("{word} is {}, {} is not for it", found.phrase(), verb.word);
                self.error(at, sentence, Some(hint));
                None
            }
            None => {
                let who = if class == LockClass::OomLock {
                    "OOM killer"
                } else {
                    "kernel"
                };
                let sentence = format!("{word} is taken by the {who} itself, not by programs");
                self.error(at, sentence, None);
                None
            }
        }
    }

    pub(super) fn gfp(&mut self, word: &str, at: usize) -> Option<Gfp> {
        let mut parts = word.split('|');
        let base = parts.next().unwrap_or_default();
        let mut gfp = self.gfp_named(base, at, &GFPS)?;
        for part in parts {
            gfp = gfp.with(self.gfp_named(part, at, &MODIFIERS)?);
        }
        // What the kernel warns about or what says two things at once.
        let contradictions = [
            (Gfp::NORETRY, "__GFP_NORETRY"),
            (Gfp::RETRY_MAYFAIL, "__GFP_RETRY_MAYFAIL"),
        ];
        for (bit, name) in contradictions {
            if gfp.has(Gfp::NOFAIL) && gfp.has(bit) {
                let sentence = format!("__GFP_NOFAIL and {name} contradict each other");
                self.error(at, sentence, None);
                return None;
            }
        }
        if gfp.has(Gfp::NOFAIL) && !gfp.has(Gfp::DIRECT_RECLAIM) {
            let hint = Some("use GFP_NOIO or GFP_NOFS".into());
            self.error(at, format!("{base} cannot sleep, so it can fail"), hint);
            return None;
        }
        Some(gfp)
    }

    fn gfp_named<T: Copy>(&mut self, word: &str, at: usize, table: &[(&str, T)]) -> Option<T> {
        if let Some((_, flags)) = table.iter().find(|(name, _)| *name == word) {
            return Some(*flags);
        }
        let names = table.iter().map(|(name, _)| *name);
        let hint =
            did_you_mean(word, names.clone()).unwrap_or_else(|| known("there is", "", names));
        self.error(at, format!("unknown allocation flags {word:?}"), Some(hint));
        None
    }

    pub(super) fn order(&mut self, word: &str, at: usize) -> Option<u8> {
        if let Some(order) = word.parse().ok().filter(|&order| order <= ORDER_MAX) {
            return Some(order);
        }
        let sentence = format!("{word:?} is not an order from 0 to {ORDER_MAX}");
        self.error(at, sentence, None);
        None
    }

    pub(super) fn pages(&mut self, word: &str, at: usize) -> Option<u8> {
        if let Some(pages) = word.parse().ok().filter(|pages| PAGES.contains(pages)) {
            return Some(pages);
        }
        let hint = "for more, write several lines or a repeat".into();
        self.error(
            at,
            format!("{word:?} is not a number of pages from 1 to 15"),
            Some(hint),
        );
        None
    }

    pub(super) fn mm(&mut self, word: &str, at: usize) -> Option<MmId> {
        let mms = &self.machine.mms;
        if let Some(index) = mms.iter().position(|mm| mm.name == word) {
            return Some(MmId(index as u8));
        }
        let names = mms.iter().map(|mm| mm.name.as_str());
        let hint = did_you_mean(word, names.clone())
            .unwrap_or_else(|| known("there is", "declare it with [[process]]", names));
        self.error(at, format!("unknown process {word:?}"), Some(hint));
        None
    }

    pub(super) fn process(&mut self, word: &str, at: usize) -> Option<ProcessId> {
        let processes = &self.machine.processes;
        if let Some(index) = processes.iter().position(|process| process.name == word) {
            return Some(ProcessId(index as u8));
        }
        let names = processes.iter().map(|process| process.name.as_str());
        let hint = did_you_mean(word, names.clone())
            .unwrap_or_else(|| known("there is", "declare it with [[process]]", names));
        self.error(at, format!("unknown process {word:?}"), Some(hint));
        None
    }

    pub(super) fn thread(&mut self, word: &str, at: usize) -> Option<TaskId> {
        let found = self.machine.task_named(word);
        if found.is_some_and(|task| self.machine.process_of(task).is_some()) {
            return found;
        }
        let users = self.machine.tasks.iter();
        let users = users.filter(|actor| matches!(actor.kind, Kind::User(_)));
        let names = users.map(|actor| actor.name.as_str());
        let sentence = match found {
            Some(_) => format!("{word} is a kernel thread and gets no signals"),
            None => format!("unknown task {word:?}"),
        };
        let hint =
            did_you_mean(word, names.clone()).unwrap_or_else(|| known("there is", "", names));
        self.error(at, sentence, Some(hint));
        None
    }
}

fn known<'a>(
    there_is: &str,
    otherwise: &str,
    names: impl Iterator<Item = &'a str> + Clone,
) -> String {
    if names.clone().next().is_none() || names.clone().count() > 8 {
        return String::from(otherwise);
    }
    format!("{there_is} {}", list_words(names))
}
