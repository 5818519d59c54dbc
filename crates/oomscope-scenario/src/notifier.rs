//! `[[process.notifier]]`: who has page tables of their own over an address space.

use core::fmt::Write;

use oomscope_model::kernel::mmu_notifier::{End, Start, User};
use oomscope_model::machine::{Lock, LockClass, LockId, Machine, NOTIFIERS_MAX, Notifier};

use crate::diagnostic::{Notes, did_you_mean};
use crate::envelope::{Reader, Word};
use crate::keys::NOTIFIER;

/// The users that are rows of the table, by the names the file gives them.
pub(crate) const KINDS: [(&str, User); 8] = [
    ("kvm", User::Kvm),
    ("i915", User::I915),
    ("amdgpu", User::Amdgpu),
    ("radeon", User::Radeon),
    ("xen_gntdev", User::XenGntdev),
    ("odp", User::Odp),
    ("hmm", User::Hmm),
    (
        "out_of_tree",
        User::OutOfTree {
            start: Start::NoLock,
            end: End::None,
        },
    ),
];

const STARTS: [(&str, Start); 3] = [
    ("none", Start::NoLock),
    ("trylock", Start::Tries),
    ("block", Start::Waits),
];

const ENDS: [(&str, End); 2] = [("none", End::None), ("block", End::Waits)];

/// A notifier whose lock has yet to be found.
pub(crate) struct Pending<'a> {
    user: User,
    lock: Option<Word<'a>>,
    vmas: u8,
    at: usize,
}

/// The notifiers of a process with this many VMAs.
pub(crate) fn read<'a>(
    process: &Reader<'a>,
    vmas: usize,
    notes: &mut Notes<'_>,
) -> Vec<Pending<'a>> {
    let readers = process.tables("notifier", &NOTIFIER, notes);
    if let Some(reader) = readers.get(NOTIFIERS_MAX) {
        let sentence = format!("a process has at most {NOTIFIERS_MAX} mmu notifiers");
        notes.error(reader.at, sentence, None);
    }
    let readers = readers.iter().take(NOTIFIERS_MAX);
    readers
        .filter_map(|reader| one(reader, vmas, notes))
        .collect()
}

fn one<'a>(reader: &Reader<'a>, vmas: usize, notes: &mut Notes<'_>) -> Option<Pending<'a>> {
    let kind = reader.needed("kind", notes);
    let user = kind.and_then(|word| word.one_of("kind of notifier", &KINDS, notes));
    let lock = reader.text("lock", notes);
    let start = reader.text("start", notes);
    let end = reader.text("end", notes);
    let overlaps = reader.flag_or("overlaps", true, notes);
    let vma = reader.number("vma", 1..=vmas.max(1) as i64, notes);
    let all = (1u8 << vmas) - 1;
    let range = vma.map_or(all, |vma| 1 << (vma - 1));
    let user = match user? {
        User::OutOfTree { .. } => {
            let start = start.and_then(|word| word.one_of("range_start", &STARTS, notes));
            let end = end.and_then(|word| word.one_of("range_end", &ENDS, notes));
            User::OutOfTree {
                start: start.unwrap_or(Start::NoLock),
                end: end.unwrap_or(End::None),
            }
        }
        named => {
            for word in [start, end].into_iter().flatten() {
                let hint = Some("write it only with kind = \"out_of_tree\"".into());
                notes.error(word.at(), "what this kind does is known", hint);
            }
            named
        }
    };
    let wants = match user {
        User::Kvm => Some(false),
        User::I915 | User::Radeon | User::XenGntdev => None,
        User::Amdgpu | User::Odp | User::Hmm => Some(true),
        User::OutOfTree { start, end } => Some(start != Start::NoLock || end != End::None),
    };
    match (&lock, wants) {
        (None, Some(true)) => {
            let hint = Some("add lock = \"…\", an rwsem or a mutex".into());
            notes.error(reader.at, "this notifier needs its lock", hint);
        }
        (Some(word), Some(false)) => {
            notes.error(word.at(), "this notifier sleeps for no lock", None);
        }
        _ => {}
    }
    Some(Pending {
        user,
        lock,
        vmas: if overlaps { range } else { 0 },
        at: reader.at,
    })
}

/// Finds the lock among those of the file, and makes the count of those who keep one.
pub(crate) fn resolve(
    pending: &Pending<'_>,
    locks: &mut Vec<Lock>,
    mm: (oomscope_model::machine::MmId, &str),
    notes: &mut Notes<'_>,
) -> Notifier {
    let fits = |lock: &Lock| {
        matches!(
            lock.class,
            LockClass::Rwsem | LockClass::Mutex | LockClass::InodeMutex
        )
    };
    let lock = pending.lock.as_ref().and_then(|word| {
        let found = locks.iter().position(|lock| lock.name == word.text);
        let found = found.filter(|&index| fits(&locks[index]));
        if found.is_none() {
            let fitting = locks.iter().filter(|lock| fits(lock));
            let hint = did_you_mean(word.text, fitting.map(|lock| lock.name.as_str()))
                .unwrap_or_else(|| "declare an rwsem or a mutex with [[lock]]".into());
            notes.error(
                word.at(),
                format!("no lock {:?} for a notifier", word.text),
                Some(hint),
            );
        }
        found.map(|index| LockId(index as u8))
    });
    let counts = matches!(pending.user, User::Kvm | User::Odp);
    let count = counts.then(|| {
        let name = format!("{}.{}_count", mm.1, word(pending.user));
        if locks.iter().any(|lock| lock.name == name) {
            let sentence = format!("there are two locks {name:?}");
            notes.error(pending.at, sentence, None);
        }
        locks.push(Lock {
            name,
            class: LockClass::NotifierCount(mm.0),
        });
        LockId(locks.len() as u8 - 1)
    });
    Notifier {
        user: pending.user,
        lock,
        count,
        vmas: pending.vmas,
    }
}

/// The `kind` of a user.
pub fn word(user: User) -> &'static str {
    let same = |other: User| core::mem::discriminant(&other) == core::mem::discriminant(&user);
    KINDS
        .iter()
        .find(|(_, other)| same(*other))
        .map_or("", |(word, _)| *word)
}

/// The tables of an address space with this many VMAs.
pub(crate) fn print(
    machine: &Machine,
    notifiers: &[Notifier],
    vmas: usize,
    out: &mut String,
) -> core::fmt::Result {
    for notifier in notifiers {
        writeln!(
            out,
            "\n[[process.notifier]]\nkind = \"{}\"",
            word(notifier.user)
        )?;
        if let User::OutOfTree { start, end } = notifier.user {
            let starts = STARTS.iter().find(|(_, known)| *known == start);
            let ends = ENDS.iter().find(|(_, known)| *known == end);
            if let (Some((start, _)), Some((end, _))) = (starts, ends) {
                writeln!(out, "start = \"{start}\"\nend = \"{end}\"")?;
            }
        }
        if let Some(lock) = notifier.lock {
            writeln!(out, "lock = {:?}", machine.locks[lock.0 as usize].name)?;
        }
        match notifier.vmas {
            0 => writeln!(out, "overlaps = false")?,
            all if all == (1 << vmas) - 1 => {}
            one => writeln!(out, "vma = {}", one.trailing_zeros() + 1)?,
        }
    }
    Ok(())
}
