//! Memory: people write MB, the model counts pages.

use oomscope_model::machine::{Backing, MmId, VMAS_MAX, VmaInfo, Zone};

use crate::diagnostic::{Notes, did_you_mean, list_words};
use crate::envelope::{Reader, Word};
use crate::keys::VMA;

/// The most pages a zone can have.
const PAGES_MAX: u64 = 4096;

/// MB in one model page unless the file says otherwise.
const MB_PER_PAGE: u16 = 4;

enum Unit {
    Mb(u64),
    Pages(u64),
}

fn measure(word: &Word<'_>, notes: &mut Notes<'_>) -> Option<Unit> {
    let text = word.text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: Option<u64> = number.parse().ok().filter(|&number| number <= 1 << 24);
    match (number, unit.trim()) {
        (Some(number), "MB") => Some(Unit::Mb(number)),
        (Some(number), "GB") => Some(Unit::Mb(number * 1024)),
        (Some(number), "page" | "pages") => Some(Unit::Pages(number)),
        _ => {
            let hint = "write \"48 MB\", \"1 GB\" or \"12 pages\"".into();
            notes.error(
                word.at(),
                format!("{:?} is not a size", word.text),
                Some(hint),
            );
            None
        }
    }
}

/// A size in whole model pages.
pub(crate) fn pages(word: &Word<'_>, mb_per_page: u16, notes: &mut Notes<'_>) -> Option<u16> {
    let per_page = u64::from(mb_per_page);
    let pages = match measure(word, notes)? {
        Unit::Pages(pages) => pages,
        Unit::Mb(mb) if mb % per_page == 0 => mb / per_page,
        Unit::Mb(mb) => {
            let below = mb / per_page * per_page;
            let hint = format!("write \"{below} MB\" or \"{} MB\"", below + per_page);
            let sentence = format!(
                "{:?} is not a whole number of pages of {mb_per_page} MB",
                word.text
            );
            notes.error(word.at(), sentence, Some(hint));
            return None;
        }
    };
    if pages > PAGES_MAX {
        let sentence = format!("{:?} is {pages} pages, more than {PAGES_MAX}", word.text);
        notes.error(word.at(), sentence, Some("make the page larger".into()));
        return None;
    }
    Some(pages as u16)
}

/// The `[zone]` table.
pub(crate) fn zone(reader: &Reader<'_>, notes: &mut Notes<'_>) -> Option<Zone> {
    let mb_per_page = match reader.text("page", notes) {
        None => MB_PER_PAGE,
        Some(word) => match measure(&word, notes)? {
            Unit::Mb(mb @ 1..=1024) => mb as u16,
            Unit::Mb(_) | Unit::Pages(_) => {
                notes.error(word.at(), "a page is 1 MB to 1024 MB", None);
                return None;
            }
        },
    };
    let mut size = |key: &str| {
        let word = reader.needed(key, notes)?;
        pages(&word, mb_per_page, notes).map(|pages| (pages, word.at()))
    };
    // Ask for all of them before giving up, so that all complaints come at once.
    let sizes = ["total", "free", "min", "low", "high"].map(&mut size);
    let [Some(total), Some(free), Some(min), Some(low), Some(high)] = sizes else {
        return None;
    };
    let order = [
        ("min", min, "low", low, min.0 <= low.0, "at most"),
        ("low", low, "high", high, low.0 <= high.0, "at most"),
        ("high", high, "total", total, high.0 < total.0, "less than"),
        ("free", free, "total", total, free.0 <= total.0, "at most"),
    ];
    for (less, (_, at), more, _, holds, how) in order {
        if !holds {
            notes.error(at, format!("{less} must be {how} {more}"), None);
        }
    }
    Some(Zone {
        total_pages: total.0,
        mb_per_page,
        free_pages: free.0,
        min: min.0,
        low: low.0,
        high: high.0,
    })
}

/// A lock that a VMA names, before the locks are known.
pub(crate) struct VmaLock<'a> {
    /// Number of the VMA in its address space.
    pub(crate) vma: usize,
    pub(crate) word: Word<'a>,
    pub(crate) which: WhichLock,
}

/// What the lock of a VMA is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhichLock {
    /// `PG_locked` of one of its pages.
    Page,
    /// `i_mmap_rwsem` of its file.
    IMmap,
}

/// Names of the processes that have memory of their own, in order.
pub(crate) fn owners<'a>(processes: &[Reader<'a>], notes: &mut Notes<'_>) -> Vec<&'a str> {
    let own = processes
        .iter()
        .filter(|reader| !reader.has("mm"))
        .filter(|reader| reader.has("name"));
    own.filter_map(|reader| reader.text("name", notes))
        .map(|word| word.text)
        .collect()
}

/// `mm = "…"`: the address space of another process.
pub(crate) fn shared(
    reader: &Reader<'_>,
    other: &Word<'_>,
    owners: &[&str],
    notes: &mut Notes<'_>,
) -> Option<MmId> {
    let own = ["rss", "vma", "memcg", "notifier", "aio", "ksm", "teardown"];
    if let Some(key) = own.into_iter().find(|key| reader.has(key)) {
        let hint = format!("leave out {key}: the memory is that of {:?}", other.text);
        let sentence = "a process with mm has no memory of its own";
        notes.error(reader.at, sentence, Some(hint));
    }
    let found = owners.iter().position(|owner| *owner == other.text);
    if found.is_none() {
        let names = owners.iter().copied();
        let hint = did_you_mean(other.text, names.clone())
            .unwrap_or_else(|| format!("there is {}", list_words(names)));
        let sentence = format!("no process {:?} with memory of its own", other.text);
        notes.error(other.at(), sentence, Some(hint));
    }
    found.map(|index| MmId(index as u8))
}

/// The VMAs of a process, and the locks that they name.
pub(crate) fn vmas<'a>(
    reader: &Reader<'a>,
    mb_per_page: u16,
    notes: &mut Notes<'_>,
) -> (Vec<VmaInfo>, Vec<VmaLock<'a>>) {
    let mut locks = Vec::new();
    let rss = reader.text("rss", notes);
    let readers = reader.tables("vma", &VMA, notes);
    if readers.is_empty() {
        let found = match &rss {
            Some(word) => pages(word, mb_per_page, notes),
            None => {
                let hint = Some("write rss = \"40 MB\" or [[process.vma]]".into());
                notes.error(reader.at, "this process has no memory", hint);
                None
            }
        };
        let pages = found.unwrap_or_default();
        let info = VmaInfo {
            pages,
            backing: Backing::Anon,
            locked: false,
            page_lock: None,
            i_mmap: None,
        };
        return (vec![info], locks);
    }
    if let Some(rss) = rss {
        notes.error(
            rss.at(),
            "rss and [[process.vma]] say the same thing twice",
            None,
        );
    }
    if let Some(reader) = readers.get(VMAS_MAX) {
        notes.error(
            reader.at,
            format!("a process has at most {VMAS_MAX} VMAs"),
            None,
        );
    }
    let mut vmas = Vec::new();
    for reader in readers.iter().take(VMAS_MAX) {
        let size = reader.needed("size", notes);
        let pages = size.and_then(|word| pages(&word, mb_per_page, notes));
        let kind = reader.text("kind", notes);
        let backing = kind
            .as_ref()
            .and_then(|word| word.one_of("kind of VMA", &BACKINGS, notes))
            .unwrap_or(Backing::Anon);
        if let Some(kind) = kind.filter(|_| vmas.is_empty() && !backing.is_counted()) {
            let sentence = format!(
                "the first VMA takes the page faults, {} does not",
                kind.text
            );
            notes.error(kind.at(), sentence, Some("put another VMA first".into()));
        }
        let vma = vmas.len();
        let mut names = |key, which| {
            if let Some(word) = reader.text(key, notes) {
                if which == WhichLock::IMmap && backing == Backing::Anon {
                    let hint = Some("say kind = \"file\" or kind = \"shared\"".into());
                    notes.error(word.at(), "anonymous memory maps no file", hint);
                }
                locks.push(VmaLock { vma, word, which });
            }
        };
        names("page_lock", WhichLock::Page);
        names("i_mmap", WhichLock::IMmap);
        vmas.push(VmaInfo {
            pages: pages.unwrap_or_default(),
            backing,
            locked: reader.flag("mlocked", notes),
            page_lock: None,
            i_mmap: None,
        });
    }
    (vmas, locks)
}

/// The backing a `kind = "…"` names.
pub(crate) const BACKINGS: [(&str, Backing); 5] = [
    ("anon", Backing::Anon),
    ("file", Backing::File),
    ("shared", Backing::Shared),
    ("hugetlb", Backing::Hugetlb),
    ("pfnmap", Backing::Pfnmap),
];
