//! What the killer finds set up: `[sysctl]` and `[[oom_notifier]]`.

use oomscope_model::machine::{
    Lock, LockClass, LockId, NotifierWait, OOM_NOTIFIERS_MAX, OomNotifier, PanicOnOom, Sysctl,
};

use crate::diagnostic::{Notes, did_you_mean};
use crate::envelope::Reader;
use crate::keys::{OOM_NOTIFIER, SYSCTL};
use crate::memory;

/// The waits a `wait = "…"` names.
pub(crate) const WAITS: [(&str, NotifierWait); 2] = [
    ("blocks", NotifierWait::Blocks),
    ("trylocks", NotifierWait::Trylocks),
];

/// The `[sysctl]` table.
pub(crate) fn sysctl(top: &Reader<'_>, notes: &mut Notes<'_>) -> Sysctl {
    let Some(reader) = top.table("sysctl", &SYSCTL, notes) else {
        return Sysctl::default();
    };
    Sysctl {
        panic_on_oom: match reader.number("panic_on_oom", 0..=2, notes) {
            Some(1) => PanicOnOom::SystemWide,
            Some(2) => PanicOnOom::Always,
            _ => PanicOnOom::Never,
        },
        oom_kill_allocating_task: reader.flag("oom_kill_allocating_task", notes),
    }
}

/// Every `[[oom_notifier]]`.
pub(crate) fn oom_notifiers(
    top: &Reader<'_>,
    locks: &[Lock],
    mb_per_page: u16,
    notes: &mut Notes<'_>,
) -> Vec<OomNotifier> {
    let readers = top.tables("oom_notifier", &OOM_NOTIFIER, notes);
    if let Some(reader) = readers.get(OOM_NOTIFIERS_MAX) {
        let sentence = format!("more than {OOM_NOTIFIERS_MAX} callbacks");
        notes.error(reader.at, sentence, None);
    }
    let mut all = Vec::new();
    for reader in readers.iter().take(OOM_NOTIFIERS_MAX) {
        all.extend(oom_notifier(reader, locks, mb_per_page, notes));
    }
    all
}

fn oom_notifier(
    reader: &Reader<'_>,
    locks: &[Lock],
    mb_per_page: u16,
    notes: &mut Notes<'_>,
) -> Option<OomNotifier> {
    let name = reader.needed("name", notes);
    let frees = reader.needed("frees", notes);
    let pages = frees.as_ref().and_then(|word| {
        let pages = memory::pages(word, mb_per_page, notes)?;
        let fits = u8::try_from(pages).ok().filter(|&pages| pages > 0);
        if fits.is_none() {
            notes.error(word.at(), "a callback frees 1 to 255 pages", None);
        }
        fits
    });
    let wait = reader
        .text("wait", notes)
        .map_or(Some(NotifierWait::Blocks), |word| {
            word.one_of("way to wait", &WAITS, notes)
        });
    let lock = reader.text("lock", notes).and_then(|word| {
        let own = |lock: &&Lock| {
            matches!(
                lock.class,
                LockClass::Mutex | LockClass::InodeMutex | LockClass::Rwsem
            )
        };
        let found = locks
            .iter()
            .position(|lock| own(&lock) && lock.name == word.text);
        if found.is_none() {
            let names = locks.iter().filter(own).map(|lock| lock.name.as_str());
            let hint = did_you_mean(word.text, names)
                .unwrap_or_else(|| "declare a mutex or an rwsem with [[lock]]".into());
            let sentence = format!("no lock {:?} for a callback", word.text);
            notes.error(word.at(), sentence, Some(hint));
        }
        found.map(|index| LockId(index as u8))
    });
    Some(OomNotifier {
        name: name?.text.into(),
        pages: pages?,
        lock,
        wait: wait?,
    })
}
