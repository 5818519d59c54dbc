//! A run as text: `vhost-1187*3 qemu-2 cc1*9 +killable-writers kill:cc1 pages:4`.

use core::fmt::Write;

use oomscope_model::machine::{Machine, TaskId};
use oomscope_model::patches::PatchId;
use oomscope_model::transition::{Act, Move, Transition};

use crate::diagnostic::{Diagnostic, did_you_mean, in_line};

/// The longest run that is replayed, linked or read.
pub const MOVES_MAX: usize = 100_000;

/// What a machine did and what people did to it, in order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Run {
    /// One entry per step or act.
    pub moves: Vec<Move>,
}

impl Run {
    /// Reads a run. Line breaks count as spaces.
    ///
    /// # Errors
    /// The first word that means nothing to this machine.
    pub fn parse(machine: &Machine, text: &str) -> Result<Run, Diagnostic> {
        let mut moves = Vec::new();
        let base = text.as_ptr() as usize;
        for word in text.split_whitespace() {
            let at = word.as_ptr() as usize - base;
            let wrong = |(sentence, hint)| in_line(text, at, sentence, hint);
            let (entry, times) = entry(machine, word).map_err(wrong)?;
            if moves.len() + times > MOVES_MAX {
                let sentence = format!("a run has at most {MOVES_MAX} steps");
                return Err(in_line(text, at, sentence, None));
            }
            moves.extend(core::iter::repeat_n(entry, times));
        }
        Ok(Run { moves })
    }

    /// Writes the run as [`Run::parse`] reads it, on one line.
    pub fn print(&self, machine: &Machine) -> String {
        let mut text = String::new();
        for same in self
            .moves
            .chunk_by(|a, b| matches!(a, Move::Step(_)) && a == b)
        {
            let Some(entry) = same.first() else { continue };
            if !text.is_empty() {
                text.push(' ');
            }
            // Writing to a string cannot fail.
            let _ = match *entry {
                Move::Step(Transition(task)) => write!(text, "{}", machine.actor(task).name),
                Move::Act(Act::Switch { patch, on }) => {
                    write!(text, "{}{}", if on { '+' } else { '-' }, patch.get().id)
                }
                Move::Act(Act::Kill { task }) => write!(text, "kill:{}", machine.actor(task).name),
                Move::Act(Act::AddPages { pages }) => write!(text, "pages:{pages}"),
            };
            if same.len() > 1 {
                let _ = write!(text, "*{}", same.len());
            }
        }
        text
    }
}

type Complaint = (String, Option<String>);

fn entry(machine: &Machine, word: &str) -> Result<(Move, usize), Complaint> {
    if let Some(id) = word.strip_prefix('+') {
        return Ok((
            Move::Act(Act::Switch {
                patch: patch(id)?,
                on: true,
            }),
            1,
        ));
    }
    if let Some(id) = word.strip_prefix('-') {
        return Ok((
            Move::Act(Act::Switch {
                patch: patch(id)?,
                on: false,
            }),
            1,
        ));
    }
    if let Some(name) = word.strip_prefix("kill:") {
        let task = task(machine, name)?;
        if machine.process_of(task).is_none() {
            return Err((
                format!("{name} is a kernel thread and cannot be killed"),
                None,
            ));
        }
        return Ok((Move::Act(Act::Kill { task }), 1));
    }
    if let Some(number) = word.strip_prefix("pages:") {
        let pages = number.parse().ok().filter(|&pages: &u8| pages > 0);
        let pages = pages.ok_or_else(|| {
            (
                format!("{number:?} is not a number of pages from 1 to 255"),
                None,
            )
        })?;
        return Ok((Move::Act(Act::AddPages { pages }), 1));
    }
    let (name, times) = match word.split_once('*') {
        None => (word, 1),
        Some((name, times)) => {
            let number = times
                .parse()
                .ok()
                .filter(|times| (1..=MOVES_MAX).contains(times));
            let number = number.ok_or_else(|| {
                (
                    format!("{times:?} is not a number of steps from 1 to {MOVES_MAX}"),
                    None,
                )
            })?;
            (name, number)
        }
    };
    Ok((Move::Step(Transition(task(machine, name)?)), times))
}

fn task(machine: &Machine, name: &str) -> Result<TaskId, Complaint> {
    machine.task_named(name).ok_or_else(|| {
        let names = machine.tasks.iter().map(|task| task.name.as_str());
        (format!("unknown task {name:?}"), did_you_mean(name, names))
    })
}

fn patch(id: &str) -> Result<PatchId, Complaint> {
    PatchId::named(id).ok_or_else(|| {
        let known = PatchId::all().map(|patch| patch.get().id);
        (format!("unknown patch {id:?}"), did_you_mean(id, known))
    })
}
