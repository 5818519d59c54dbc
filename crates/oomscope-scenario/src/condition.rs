//! Conditions of markers: `queued qemu-2 qemu.mmap_sem and killed cc1`.

use oomscope_model::machine::{Kind, LockId, Machine, MmId, ProcessId, TaskId};
use oomscope_model::state::{MmFlags, Run, State, StateFlags};

use crate::diagnostic::{did_you_mean, list_words};

/// Terms that must all hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Condition(pub Vec<Term>);

/// One thing that can be true of a state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Term {
    /// `holds TASK LOCK`.
    Holds(TaskId, LockId),
    /// `queued TASK LOCK`.
    Queued(TaskId, LockId),
    /// `killed PROCESS`.
    Killed(ProcessId),
    /// `parked TASK`.
    Parked(TaskId),
    /// `exited TASK`.
    Exited(TaskId),
    /// `idle TASK`.
    Idle(TaskId),
    /// `oops`.
    Oops,
    /// `corrupt`.
    Corrupt,
    /// `panic`.
    Panic,
    /// `tries N`.
    Tries(u8),
    /// `free N MB`, in pages.
    Free(u16),
    /// `skip PROCESS`.
    Skip(MmId),
    /// `gone PROCESS`.
    Gone(MmId),
    /// `finished`.
    Finished,
}

/// The words, what follows them and what they mean: for the parser's hints and for the
/// reference.
pub(crate) const WORDS: [(&str, &str, &str); 14] = [
    ("holds", "TASK LOCK", "The task holds the lock."),
    (
        "queued",
        "TASK LOCK",
        "The task stands in the queue of the lock.",
    ),
    ("killed", "PROCESS", "The process has been sent SIGKILL."),
    (
        "parked",
        "TASK",
        "The task's last round through the allocator changed nothing, or as kswapd it found `oom_lock` taken, and nothing has changed since.",
    ),
    ("exited", "TASK", "The task is gone."),
    ("idle", "TASK", "The task is at the end of its program."),
    ("oops", "", "A task died in an oops."),
    ("corrupt", "", "Memory was corrupted."),
    ("panic", "", "The kernel panicked."),
    (
        "tries",
        "N",
        "The reaper has failed at least so many times on its current victim.",
    ),
    ("free", "MB", "At least so much memory is free."),
    (
        "skip",
        "PROCESS",
        "The killer looks past the address space: `MMF_OOM_SKIP`, or its 4.7 name.",
    ),
    (
        "gone",
        "PROCESS",
        "`exit_mmap` is done with the address space.",
    ),
    ("finished", "", "Every program has ended."),
];

/// Whether a condition holds in a state of the machine it was read for.
pub fn holds(condition: &Condition, machine: &Machine, state: &State) -> bool {
    condition
        .0
        .iter()
        .all(|&term| term_holds(term, machine, state))
}

fn term_holds(term: Term, machine: &Machine, state: &State) -> bool {
    match term {
        Term::Holds(task, lock) => state.task(task).held.mode(lock).is_some(),
        Term::Queued(task, lock) => {
            matches!(state.task(task).run, Run::Queued { on, .. } if on == lock)
        }
        Term::Killed(process) => state.is_killed(machine, process),
        Term::Parked(task) => matches!(state.task(task).run, Run::Parked(_)),
        Term::Exited(task) => state.task(task).run == Run::Exited,
        Term::Idle(task) => state.task(task).run == Run::Idle,
        Term::Corrupt => state.flags.has(StateFlags::CORRUPT),
        Term::Oops => state.flags.has(StateFlags::OOPS),
        Term::Panic => state.flags.has(StateFlags::PANIC),
        Term::Tries(tries) => {
            let reaper = machine.kernel_task(Kind::OomReaper);
            reaper.is_some_and(|reaper| state.task(reaper).tries >= tries)
        }
        Term::Free(pages) => state.free_pages >= pages,
        Term::Skip(mm) => state.mm(mm).flags.has(MmFlags::OOM_SKIP),
        Term::Gone(mm) => state.mm(mm).flags.has(MmFlags::GONE),
        Term::Finished => state.is_finished(),
    }
}

/// Reads a condition.
///
/// # Errors
/// The byte offset in `text` of what is wrong, a sentence and perhaps a hint.
pub fn parse(machine: &Machine, text: &str) -> Result<Condition, (usize, String, Option<String>)> {
    let mut terms = Vec::new();
    let mut at = 0;
    for part in text.split(" and ") {
        let words: Vec<&str> = part.split_whitespace().collect();
        let term = term(machine, &words).map_err(|(sentence, hint)| (at, sentence, hint))?;
        terms.push(term);
        at += part.len() + " and ".len();
    }
    Ok(Condition(terms))
}

type Complaint = (String, Option<String>);

fn term(machine: &Machine, words: &[&str]) -> Result<Term, Complaint> {
    let Some((&word, arguments)) = words.split_first() else {
        return Err(("a condition is missing".into(), None));
    };
    match (word, arguments) {
        ("holds", [task, lock]) => Ok(Term::Holds(
            task_id(machine, task)?,
            lock_id(machine, lock)?,
        )),
        ("queued", [task, lock]) => Ok(Term::Queued(
            task_id(machine, task)?,
            lock_id(machine, lock)?,
        )),
        ("killed", [process]) => {
            let names = machine
                .processes
                .iter()
                .map(|process| process.name.as_str());
            Ok(Term::Killed(ProcessId(index("process", process, names)?)))
        }
        ("parked", [task]) => Ok(Term::Parked(task_id(machine, task)?)),
        ("exited", [task]) => Ok(Term::Exited(task_id(machine, task)?)),
        ("idle", [task]) => Ok(Term::Idle(task_id(machine, task)?)),
        ("oops", []) => Ok(Term::Oops),
        ("corrupt", []) => Ok(Term::Corrupt),
        ("panic", []) => Ok(Term::Panic),
        ("tries", [tries]) => match tries.parse().ok().filter(|tries| (1..=10).contains(tries)) {
            Some(tries) => Ok(Term::Tries(tries)),
            None => Err((
                format!("{tries:?} is not a number of tries from 1 to 10"),
                None,
            )),
        },
        ("free", [number] | [number, "MB"]) => free(machine, number),
        ("skip", [mm]) => Ok(Term::Skip(mm_id(machine, mm)?)),
        ("gone", [mm]) => Ok(Term::Gone(mm_id(machine, mm)?)),
        ("finished", []) => Ok(Term::Finished),
        _ => Err(match WORDS.iter().find(|(known, ..)| *known == word) {
            Some((word, form, _)) => (
                format!("{:?} cannot stand here", words.join(" ")),
                Some(format!("write {word} {form}")),
            ),
            None => {
                let known = WORDS.iter().map(|(word, ..)| *word);
                let hint = did_you_mean(word, known.clone())
                    .unwrap_or_else(|| format!("known are {}", list_words(known)));
                (format!("unknown condition {word:?}"), Some(hint))
            }
        }),
    }
}

fn free(machine: &Machine, number: &str) -> Result<Term, Complaint> {
    let per_page = u32::from(machine.zone.mb_per_page);
    match number.parse::<u32>() {
        Ok(mb) if mb % per_page == 0 && mb / per_page <= u32::from(machine.zone.total_pages) => {
            Ok(Term::Free((mb / per_page) as u16))
        }
        Ok(_) => {
            let total = u32::from(machine.zone.total_pages) * per_page;
            let hint = format!("a multiple of {per_page}, at most {total}");
            Err((
                format!("{number} MB is not a possible amount of free memory"),
                Some(hint),
            ))
        }
        Err(_) => Err((format!("{number:?} is not a number of MB"), None)),
    }
}

fn index<'a>(
    what: &str,
    name: &str,
    names: impl Iterator<Item = &'a str> + Clone,
) -> Result<u8, Complaint> {
    match names.clone().position(|known| known == name) {
        Some(index) => Ok(index as u8),
        None => Err((
            format!("unknown {what} {name:?}"),
            did_you_mean(name, names),
        )),
    }
}

fn task_id(machine: &Machine, name: &str) -> Result<TaskId, Complaint> {
    index(
        "task",
        name,
        machine.tasks.iter().map(|task| task.name.as_str()),
    )
    .map(TaskId)
}

fn lock_id(machine: &Machine, name: &str) -> Result<LockId, Complaint> {
    index(
        "lock",
        name,
        machine.locks.iter().map(|lock| lock.name.as_str()),
    )
    .map(LockId)
}

fn mm_id(machine: &Machine, name: &str) -> Result<MmId, Complaint> {
    index(
        "process",
        name,
        machine.mms.iter().map(|mm| mm.name.as_str()),
    )
    .map(MmId)
}

/// Writes a condition as [`parse`] reads it.
pub fn print(condition: &Condition, machine: &Machine) -> String {
    let task = |task: TaskId| machine.actor(task).name.as_str();
    let lock = |lock: LockId| machine.locks[lock.0 as usize].name.as_str();
    let mm = |mm: MmId| machine.mms[mm.0 as usize].name.as_str();
    let terms: Vec<String> = condition
        .0
        .iter()
        .map(|&term| match term {
            Term::Holds(t, l) => format!("holds {} {}", task(t), lock(l)),
            Term::Queued(t, l) => format!("queued {} {}", task(t), lock(l)),
            Term::Killed(process) => format!("killed {}", machine.process(process).name),
            Term::Parked(t) => format!("parked {}", task(t)),
            Term::Exited(t) => format!("exited {}", task(t)),
            Term::Idle(t) => format!("idle {}", task(t)),
            Term::Oops => "oops".into(),
            Term::Corrupt => "corrupt".into(),
            Term::Panic => "panic".into(),
            Term::Tries(tries) => format!("tries {tries}"),
            Term::Free(pages) => {
                format!(
                    "free {} MB",
                    u32::from(pages) * u32::from(machine.zone.mb_per_page)
                )
            }
            Term::Skip(m) => format!("skip {}", mm(m)),
            Term::Gone(m) => format!("gone {}", mm(m)),
            Term::Finished => "finished".into(),
        })
        .collect();
    terms.join(" and ")
}
