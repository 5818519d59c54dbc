//! The locks of a machine: `oom_lock`, one `mmap_sem` for each address space, every `[[lock]]`,
//! and which of them VMAs name.

use oomscope_model::machine::{Lock, LockClass, LockId, MmId, MmInfo};

use crate::compile::CLASSES;
use crate::diagnostic::{Notes, did_you_mean};
use crate::envelope::{NAME_MAX, Reader};
use crate::keys::LOCK;
use crate::memory::{VmaLock, WhichLock};
use crate::verb::Sort;

/// All locks but those that come with mmu notifiers. Tells address spaces which is theirs.
pub(crate) fn locks(top: &Reader<'_>, mms: &mut [MmInfo], notes: &mut Notes<'_>) -> Vec<Lock> {
    let mut locks = vec![Lock {
        name: "oom_lock".into(),
        class: LockClass::OomLock,
    }];
    for (index, mm) in mms.iter_mut().enumerate() {
        mm.mmap_sem = LockId(locks.len() as u8);
        locks.push(Lock {
            name: format!("{}.mmap_sem", mm.name),
            class: LockClass::MmapSem(MmId(index as u8)),
        });
    }
    for reader in top.tables("lock", &LOCK, notes) {
        let name = reader.needed("name", notes);
        let kind = reader.needed("kind", notes);
        let class = kind.and_then(|word| word.one_of("kind of lock", &CLASSES, notes));
        let Some(word) = name else { continue };
        word.check_name(NAME_MAX, notes);
        if locks.iter().any(|lock| lock.name == word.text) {
            notes.error(
                word.at(),
                format!("there are two locks {:?}", word.text),
                None,
            );
        }
        locks.push(Lock {
            name: word.text.into(),
            class: class.unwrap_or(LockClass::Mutex),
        });
    }
    locks
}

/// Finds the locks that VMAs name: of the address space with this number, each.
pub(crate) fn of_vmas(
    named: &[(usize, VmaLock<'_>)],
    locks: &[Lock],
    mms: &mut [MmInfo],
    notes: &mut Notes<'_>,
) {
    for (mm, VmaLock { vma, word, which }) in named {
        let (sort, noun, kind) = match which {
            WhichLock::Page => (Sort::Page, "page lock", "page_lock"),
            WhichLock::IMmap => (Sort::Rwsem, "rwsem", "rwsem"),
        };
        let fits = |lock: &Lock| {
            Sort::of(lock.class) == Some(sort) && !matches!(lock.class, LockClass::MmapSem(_))
        };
        let found = locks.iter().position(|lock| lock.name == word.text);
        let Some(index) = found.filter(|&index| fits(&locks[index])) else {
            let names = locks.iter().filter(|lock| fits(lock));
            let hint = did_you_mean(word.text, names.map(|lock| lock.name.as_str()))
                .unwrap_or_else(|| format!("declare it with [[lock]] and kind = {kind:?}"));
            let sentence = format!("no {noun} {:?}", word.text);
            notes.error(word.at(), sentence, Some(hint));
            continue;
        };
        let lock = Some(LockId(index as u8));
        let info = &mut mms[*mm].vmas[*vma];
        match which {
            WhichLock::Page => info.page_lock = lock,
            WhichLock::IMmap => info.i_mmap = lock,
        }
    }
}
