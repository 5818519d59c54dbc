//! What is inside a copied link: bytes, bounded on the way in.
//!
//! The form is frozen: numbers in the lists below are in links that people keep. Only
//! append.

use oomscope_model::machine::TaskId;
use oomscope_model::patches::{PatchId, PatchSet, Version};
use oomscope_model::transition::{Act, Move, Transition};
use serde::{Deserialize, Serialize};

use crate::deflate;
use crate::run::{MOVES_MAX, Run};

/// First byte of the packed form.
const VERSION: u8 = 2;

/// First byte while the patch table began at 4.5: what had been merged before was in every
/// kernel and had no number.
const SINCE_4_5: u8 = 1;

/// How many patches had numbers then.
const NUMBERS_SINCE_4_5: u8 = 24;

/// The most bytes a payload may inflate to.
const BYTES_MAX: usize = 1 << 20;

/// Numbers of patches in links; a patch that is not here yet travels by name.
const NUMBERS: &[&str] = &[
    "exiting-is-scored",
    "oom-reaper",
    "killable-writers",
    "reaper-oom-lock",
    "mmput-async",
    "nofs-short-cut",
    "clear-mark",
    "reap-twice",
    "hide-kthread-mm",
    "oom-mm",
    "reap-kthread-mm",
    "kthread-sigbus",
    "unstable-sigbus",
    "group-reserve",
    "reap-without-mmget",
    "oom-victim-flag",
    "munlock-fix",
    "no-kill-nap",
    "reaper-no-oom-lock",
    "unstable-v1",
    "unstable-v2",
    "write-lock-2017",
    "write-lock-2018",
    "killable-inode-lock",
    "nofs-loops",
    "nofail-reserve",
    "nofail-obeys",
    "retry-mayfail",
    "exit-write-lock",
    "reap-mlocked",
    "delay-reaper",
    "exit-read-lock",
    "bounded-retry",
    "isolated-once",
    "oom-in-kswapd",
    "inode-rwsem",
    "generic-wakes-followers",
    "generic-wakes-readers",
    "munmap-downgrade",
    "rwsem-rewrite",
    "proc-readers-killable",
    "reader-steal",
    "interruptible-writers",
    "restart-writers",
    "i-mmap-killable",
    "rwsem-bug-b1",
    "kmem-nofail",
    "trans-reserve",
    "kmem-rollback",
    "process-mrelease",
    "mrelease-pins-users",
    "mrelease-under-lock",
    "clear-mm-mmap",
    "oom-lock-blocking",
    "notifier-skip-mm",
    "notifier-skip-blockable",
    "notifier-nonblock",
    "hmm-start-invalidates",
    "notifier-pairing",
    "hmm-start-eagain",
    "reaper-blocking-start",
    "single-slot-reaper",
    "current-needs-mm",
    "spare-init",
    "skip-vforked",
    "kill-all-sharers",
    "no-root-bonus",
    "core-dump-first",
    "memcg-oom-in-charge",
    "memcg-killed-kill-nobody",
    "memcg-nofs-kills",
    "memcg-margin",
    "memcg-no-overcharge",
    "unkillable-vfork",
    "favor-kthread-dying",
    "oom-group",
    "reap-queued-once",
    "no-child-sacrifice",
    "last-of-equals",
    "signed-badness",
    "sysrq-order",
    "memcg-out-of-memory",
    "sysrq-kills-anyway",
    "rwsem-wakes-next",
];

/// The packed form of a link.
#[derive(Serialize, Deserialize)]
pub(crate) struct Payload<'a> {
    #[serde(borrow)]
    pub(crate) origin: Origin<'a>,
    /// Bit n: patch number n is on at the start.
    patches: u128,
    /// Patches without a number that are on.
    #[serde(borrow)]
    named: Vec<&'a str>,
    /// Index into [`crate::rules::WORDS`].
    pub(crate) rules: u8,
    /// Steps: task in the low five bits, how often in a row, less one, in the others.
    steps: &'a [u8],
    #[serde(borrow)]
    acts: Vec<PackedAct<'a>>,
    pub(crate) cursor: u32,
    pub(crate) seen: u32,
}

/// Which scenario.
#[derive(Serialize, Deserialize)]
pub(crate) enum Origin<'a> {
    Builtin(&'a str, u32),
    Text(&'a str),
}

/// An act and how many steps are between it and the act before.
#[derive(Serialize, Deserialize)]
struct PackedAct<'a>(u32, #[serde(borrow)] What<'a>);

#[derive(Serialize, Deserialize)]
enum What<'a> {
    On(u8),
    Off(u8),
    Kill(u8),
    Pages(u8),
    OnNamed(&'a str),
    OffNamed(&'a str),
}

/// What a link says, before the scenario is looked at.
pub(crate) struct Contents<'a> {
    pub(crate) origin: Origin<'a>,
    pub(crate) patches: PatchSet,
    pub(crate) rules: u8,
    pub(crate) run: &'a Run,
    pub(crate) cursor: u32,
    pub(crate) seen: u32,
}

/// Packs and compresses. `None` never happens for what this program made.
pub(crate) fn pack(contents: Contents<'_>) -> Option<Vec<u8>> {
    let (mut steps, mut acts) = (Vec::new(), Vec::new());
    let mut since = 0;
    for same in contents
        .run
        .moves
        .chunk_by(|a, b| matches!(a, Move::Step(_)) && a == b)
    {
        match same {
            [Move::Act(act), ..] => {
                acts.push(PackedAct(since, pack_act(*act)));
                since = 0;
            }
            [Move::Step(Transition(TaskId(task))), ..] => {
                since += same.len() as u32;
                let mut left = same.len();
                while left > 0 {
                    let times = left.min(8);
                    steps.push(task & 31 | (times as u8 - 1) << 5);
                    left -= times;
                }
            }
            [] => {}
        }
    }
    let mut payload = Payload {
        origin: contents.origin,
        patches: 0,
        named: Vec::new(),
        rules: contents.rules,
        steps: &steps,
        acts,
        cursor: contents.cursor,
        seen: contents.seen,
    };
    for patch in contents.patches.iter() {
        match number(patch) {
            Some(number) => payload.patches |= 1 << number,
            None => payload.named.push(patch.get().id),
        }
    }
    let mut bytes = vec![VERSION];
    bytes.extend(deflate::deflate(&postcard::to_allocvec(&payload).ok()?)?);
    Some(bytes)
}

fn number(patch: PatchId) -> Option<u8> {
    NUMBERS
        .iter()
        .position(|id| *id == patch.get().id)
        .map(|number| number as u8)
}

fn pack_act(act: Act) -> What<'static> {
    match act {
        Act::Switch { patch, on } => match (number(patch), on) {
            (Some(number), true) => What::On(number),
            (Some(number), false) => What::Off(number),
            (None, true) => What::OnNamed(patch.get().id),
            (None, false) => What::OffNamed(patch.get().id),
        },
        Act::Kill { task } => What::Kill(task.0),
        Act::AddPages { pages } => What::Pages(pages),
    }
}

/// Undoes the compression.
///
/// # Errors
/// A sentence; with it whatever came out before the damage.
pub(crate) fn inflate(bytes: &[u8]) -> Result<Vec<u8>, (&'static str, Vec<u8>)> {
    match bytes.split_first() {
        Some((&(VERSION | SINCE_4_5), packed)) => deflate::inflate(packed, BYTES_MAX)
            .map_err(|so_far| ("this link is damaged: it does not unpack", so_far)),
        Some(_) => Err(("this link was made by a newer oomscope", Vec::new())),
        None => Err(("this link is empty", Vec::new())),
    }
}

/// The patches that a link of this form has without saying so.
pub(crate) fn implied(bytes: &[u8]) -> PatchSet {
    let mut set = PatchSet::default();
    if bytes.first() != Some(&SINCE_4_5) {
        return set;
    }
    for patch in PatchSet::of_version(Version(4, 5)).iter() {
        if number(patch).is_none_or(|number| number >= NUMBERS_SINCE_4_5) {
            set = set.with(patch, true);
        }
    }
    set
}

/// The id of the built-in scenario, from a payload that may be cut.
pub(crate) fn builtin_id(unpacked: &[u8]) -> Option<&str> {
    match postcard::take_from_bytes::<Origin<'_>>(unpacked) {
        Ok((Origin::Builtin(id, _), _)) => Some(id),
        Ok((Origin::Text(_), _)) | Err(_) => None,
    }
}

/// Reads what [`inflate`] gave.
///
/// # Errors
/// A sentence.
pub(crate) fn unpack(unpacked: &[u8]) -> Result<Payload<'_>, String> {
    match postcard::take_from_bytes::<Payload<'_>>(unpacked) {
        Ok((payload, [])) => Ok(payload),
        Ok(_) | Err(_) => Err("this link is damaged: its content makes no sense".into()),
    }
}

impl Payload<'_> {
    /// The patches that are on at the start, those of [`implied`] included.
    ///
    /// # Errors
    /// A sentence if this version does not know one of them.
    pub(crate) fn patch_set(&self, implied: PatchSet) -> Result<PatchSet, String> {
        let mut set = implied;
        for number in (0..128).filter(|number| self.patches >> number & 1 != 0) {
            set = set.with(numbered(number)?, true);
        }
        for id in &self.named {
            set = set.with(named(id)?, true);
        }
        Ok(set)
    }

    /// The run.
    ///
    /// # Errors
    /// A sentence if it is too long or names patches this version does not know.
    pub(crate) fn run(&self) -> Result<Run, String> {
        let too_long = || format!("this link has more than {MOVES_MAX} steps");
        let each = self.steps.iter().map(|&byte| (byte >> 5) as usize + 1);
        if each.sum::<usize>() + self.acts.len() > MOVES_MAX {
            return Err(too_long());
        }
        let mut steps = self.steps.iter().flat_map(|&byte| {
            let step = Move::Step(Transition(TaskId(byte & 31)));
            core::iter::repeat_n(step, (byte >> 5) as usize + 1)
        });
        let mut moves = Vec::new();
        for PackedAct(since, what) in &self.acts {
            moves.extend(steps.by_ref().take(*since as usize));
            moves.push(Move::Act(match what {
                What::On(number) => Act::Switch {
                    patch: numbered(*number)?,
                    on: true,
                },
                What::Off(number) => Act::Switch {
                    patch: numbered(*number)?,
                    on: false,
                },
                What::OnNamed(id) => Act::Switch {
                    patch: named(id)?,
                    on: true,
                },
                What::OffNamed(id) => Act::Switch {
                    patch: named(id)?,
                    on: false,
                },
                What::Kill(task) => Act::Kill {
                    task: TaskId(*task),
                },
                What::Pages(pages) => Act::AddPages { pages: *pages },
            }));
        }
        moves.extend(steps);
        Ok(Run { moves })
    }
}

fn numbered(number: u8) -> Result<PatchId, String> {
    match NUMBERS.get(number as usize) {
        Some(id) => named(id),
        None => Err(format!(
            "this link needs patch number {number}, which this oomscope does not know"
        )),
    }
}

fn named(id: &str) -> Result<PatchId, String> {
    PatchId::named(id).ok_or_else(|| {
        format!("this link needs the patch {id:?}, which this oomscope does not know")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_patch_has_a_number_and_no_number_was_lost() {
        for patch in PatchId::all() {
            assert!(
                number(patch).is_some(),
                "append {:?} to NUMBERS",
                patch.get().id
            );
        }
        for id in NUMBERS {
            assert!(PatchId::named(id).is_some(), "old links need {id:?}");
        }
    }
}
