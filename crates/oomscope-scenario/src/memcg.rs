//! `[[memcg]]`: memory cgroups, and who is in which.

use oomscope_model::machine::{MEMCGS_MAX, MemcgId, MemcgInfo, MmInfo};

use crate::diagnostic::{Notes, did_you_mean, list_words};
use crate::envelope::{COMM_MAX, Reader, Word};
use crate::keys::MEMCG;
use crate::memory;

/// All of them.
pub(crate) fn memcgs(top: &Reader<'_>, mb_per_page: u16, notes: &mut Notes<'_>) -> Vec<MemcgInfo> {
    let readers = top.tables("memcg", &MEMCG, notes);
    if let Some(reader) = readers.get(MEMCGS_MAX) {
        notes.error(
            reader.at,
            format!("more than {MEMCGS_MAX} memory cgroups"),
            None,
        );
    }
    let mut found: Vec<MemcgInfo> = Vec::new();
    for reader in readers.iter().take(MEMCGS_MAX) {
        let name = reader.needed("name", notes);
        let limit = reader.needed("limit", notes);
        let limit = limit.and_then(|word| memory::pages(&word, mb_per_page, notes));
        let Some(word) = name else { continue };
        word.check_name(COMM_MAX, notes);
        if found.iter().any(|other| other.name == word.text) {
            let sentence = format!("there are two memory cgroups {:?}", word.text);
            notes.error(word.at(), sentence, None);
        }
        found.push(MemcgInfo {
            name: word.text.into(),
            limit: limit.unwrap_or_default(),
            oom_group: reader.flag("oom_group", notes),
        });
    }
    found
}

/// `memcg = "…"` of a process.
pub(crate) fn named(
    word: &Word<'_>,
    memcgs: &[MemcgInfo],
    notes: &mut Notes<'_>,
) -> Option<MemcgId> {
    let found = memcgs.iter().position(|memcg| memcg.name == word.text);
    if found.is_none() {
        let names = memcgs.iter().map(|memcg| memcg.name.as_str());
        let hint = match memcgs {
            [] => "declare it with [[memcg]]".into(),
            _ => did_you_mean(word.text, names.clone())
                .unwrap_or_else(|| format!("there is {}", list_words(names))),
        };
        let sentence = format!("unknown memory cgroup {:?}", word.text);
        notes.error(word.at(), sentence, Some(hint));
    }
    found.map(|index| MemcgId(index as u8))
}

/// A story does not begin over a limit.
pub(crate) fn check(memcgs: &[MemcgInfo], mms: &[MmInfo], top: &Reader<'_>, notes: &mut Notes<'_>) {
    let readers = top.tables("memcg", &MEMCG, notes);
    for ((index, memcg), reader) in memcgs.iter().enumerate().zip(&readers) {
        let id = Some(MemcgId(index as u8));
        let members = mms.iter().filter(|mm| mm.memcg == id);
        let charged: u32 = members
            .flat_map(|mm| &mm.vmas)
            .filter(|vma| vma.backing.is_counted())
            .map(|vma| u32::from(vma.pages))
            .sum();
        if charged > u32::from(memcg.limit) {
            let sentence = format!(
                "the processes in {:?} have {charged} pages, its limit is {}",
                memcg.name, memcg.limit
            );
            notes.error(reader.at, sentence, None);
        }
    }
}
