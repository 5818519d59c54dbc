//! What reclaim can find: `reclaimable` of the zone, and `[[lru]]`.

use oomscope_model::machine::{LRUS_MAX, Lock, LockId, Lru, LruKind};

use crate::compile::CLASSES;
use crate::diagnostic::{Notes, did_you_mean};
use crate::envelope::{Reader, Word};
use crate::keys::{LRU, ZONE};
use crate::memory;

/// What `reclaimable = "…"` is called.
const PAGE_CACHE: &str = "page cache";

/// Kinds of reclaimable pages.
pub(crate) const KINDS: [(&str, LruKind); 4] = [
    ("clean", LruKind::Clean),
    ("hot", LruKind::Hot),
    ("dirty", LruKind::Dirty),
    ("slab", LruKind::Slab),
];

/// All lists, slabs last.
pub(crate) fn lrus(
    top: &Reader<'_>,
    locks: &[Lock],
    mb_per_page: u16,
    notes: &mut Notes<'_>,
) -> Vec<Lru> {
    let mut lrus = Vec::new();
    let zone = top.table("zone", &ZONE, notes);
    let word = zone.and_then(|zone| zone.text("reclaimable", notes));
    if let Some(pages) = word.and_then(|word| memory::pages(&word, mb_per_page, notes)) {
        lrus.push(Lru {
            name: PAGE_CACHE.into(),
            kind: LruKind::Clean,
            pages,
            lock: None,
            needs: 0,
        });
    }
    for reader in &top.tables("lru", &LRU, notes) {
        if lrus.len() == LRUS_MAX {
            let sentence = format!("there are at most {LRUS_MAX} lists to reclaim from");
            notes.error(reader.at, sentence, None);
            break;
        }
        lrus.extend(lru(reader, locks, mb_per_page, notes));
    }
    lrus.sort_by_key(|lru| lru.kind == LruKind::Slab);
    lrus
}

fn lru(
    reader: &Reader<'_>,
    locks: &[Lock],
    mb_per_page: u16,
    notes: &mut Notes<'_>,
) -> Option<Lru> {
    let name = reader.needed("name", notes);
    let size = reader.needed("size", notes);
    let kind = match reader.text("kind", notes) {
        Some(word) => word.one_of("kind of list", &KINDS, notes)?,
        None => LruKind::Clean,
    };
    let lock = reader.text("lock", notes);
    let needs = reader.number("needs", 0..=15, notes).unwrap_or_default() as u8;
    if let Some(word) = &lock
        && matches!(kind, LruKind::Clean | LruKind::Hot)
    {
        let hint = Some("say kind = \"dirty\" or kind = \"slab\"".into());
        notes.error(word.at(), "clean pages need no lock", hint);
    }
    if needs > 0 && kind != LruKind::Dirty {
        let hint = Some("say kind = \"dirty\"".into());
        notes.error(reader.at, "only dirty pages are written", hint);
    }
    let lock = lock.and_then(|word| own_lock(&word, locks, notes));
    Some(Lru {
        name: name?.text.into(),
        kind,
        pages: memory::pages(&size?, mb_per_page, notes)?,
        lock,
        needs,
    })
}

/// A lock of the scenario's own: reclaim takes no `mmap_sem`.
fn own_lock(word: &Word<'_>, locks: &[Lock], notes: &mut Notes<'_>) -> Option<LockId> {
    let fits = |lock: &Lock| CLASSES.iter().any(|(_, class)| *class == lock.class);
    let found = locks.iter().position(|lock| lock.name == word.text);
    let found = found.filter(|&index| fits(&locks[index]));
    if found.is_none() {
        let names = locks.iter().filter(|lock| fits(lock));
        let hint = did_you_mean(word.text, names.map(|lock| lock.name.as_str()))
            .unwrap_or_else(|| "declare it with [[lock]]".into());
        notes.error(word.at(), format!("no lock {:?}", word.text), Some(hint));
    }
    found.map(|index| LockId(index as u8))
}
