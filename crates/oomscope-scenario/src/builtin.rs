//! The scenarios that come with oomscope, embedded at build time: as they are in programs for
//! people and tests; for the page packed, and without what only tests read.

use std::sync::OnceLock;

use crate::deflate::inflate;
use crate::digest::{cast_digest, crc32};
use crate::parse::parse;
use crate::scenario::Scenario;

/// A scenario file that is part of the program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Builtin {
    /// Its id, the same as in the file.
    pub id: &'static str,
    /// The file.
    #[cfg(not(target_arch = "wasm32"))]
    pub text: &'static str,
}

/// All files one after the other, and where each begins and ends.
const PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/scenarios.deflate"));
const INDEX: &[(&str, usize, usize)] = include!(concat!(env!("OUT_DIR"), "/scenarios.index"));

macro_rules! builtins {
    ($($id:literal,)*) => {
        /// All of them, in the order of the gallery.
        pub const BUILTIN: &[Builtin] = &[
            $(Builtin {
                id: $id,
                #[cfg(not(target_arch = "wasm32"))]
                text: include_str!(concat!("../../../assets/scenarios/", $id, ".toml")),
            },)*
        ];
    };
}

builtins! {
    "writer-in-queue",
    "writer-in-queue-pinned",
    "imutex-livelock",
    "imutex-unreapable",
    "munlock-oops",
    "munlock-page-lock",
    "nofs-only",
    "nofs-kswapd-blocked",
    "nofs-dying",
    "nofail-kills",
    "too-many-isolated",
    "one-page-of-progress",
    "reserves-drained",
    "may-fail-under-lock",
    "writeback-chain",
    "wait-for-oom-lock",
    "write-lock-give-up",
    "nap-under-oom-lock",
    "dump-under-oom-lock",
    "premature-second-kill",
    "kill-the-caller",
    "memcg-charge-under-lock",
    "memcg-nofs-charge",
    "memcg-two-at-the-limit",
    "memcg-nap",
    "memcg-killed-thread",
    "memcg-nobody-to-kill",
    "panic-on-oom",
    "oom-group-victim-lost",
    "child-for-parent",
    "all-worth-nothing",
    "root-bonus",
    "oom-notifier-blocks",
    "oom-notifier-trylocks",
    "fault-storm-2",
    "fault-storm-4",
    "fault-storm-8",
    "fault-storm-16",
    "exit-aio",
    "reaper-hostage",
    "ksm-exit",
    "unlink-file-vma",
    "zeroes-to-disk",
    "vhost-reads-zeroes",
    "vhost-shares-mm",
    "robust-futex",
    "last-mmput-stranger",
    "hand-off-over-kill",
    "self-reap-over-kill",
    "second-victim-lost",
    "self-reap-mlocked",
    "interruptible-mmap",
    "leaked-bias",
    "generic-rwsem-reader",
    "xfs-ilock",
    "xfs-memdie-loop",
    "xfs-nofail-kills",
    "xfs-rollback",
    "imutex-reserve",
    "xfs-reserve-under",
    "xfs-reserve-over",
    "unkillable-writer",
    "remote-reader",
    "mapper-holds-mmap-sem",
    "unmapper-holds-mmap-sem",
    "proc-reader-killed",
    "notifier-eras",
    "guest-reaped",
    "hmm-range-end",
    "odp-range-end",
    "unpaired-start",
    "kvm-count-leak",
    "out-of-tree-notifier",
    "shared-lookup",
    "mrelease-dead-vmas",
    "own-writer-in-queue",
    "own-writer-nofail",
    "own-writer-group-reserve",
    "memalloc-nofail",
    "sysrq-f",
    "notified-sysrq-f",
    "exiting-aborts",
    "mark-without-mm",
    "shared-mm-protected",
    "shared-mm-init",
    "shared-mm-unseen",
    "nothing-killable",
    "core-dump-stuck",
    "core-dump-marked",
    "core-dump-mrelease",
    "vfork-launcher",
    "favored-kthread",
    "srcu-stranger",
}

impl Builtin {
    /// The one with this id.
    pub fn named(id: &str) -> Option<&'static Builtin> {
        BUILTIN.iter().find(|builtin| builtin.id == id)
    }

    /// The scenario. `None` only if the file is broken, which the tests do not allow.
    pub fn scenario(&self) -> Option<Scenario> {
        #[cfg(not(target_arch = "wasm32"))]
        let text = self.text;
        #[cfg(target_arch = "wasm32")]
        let text = self.packed()?;
        parse(text).scenario
    }

    /// The file without its expectations, as the page has it. `None` only if the build went
    /// wrong, which the tests do not allow.
    pub fn packed(&self) -> Option<&'static str> {
        static ALL: OnceLock<String> = OnceLock::new();
        let all = ALL.get_or_init(|| {
            let most = INDEX.last().map_or(0, |&(.., end)| end);
            let bytes = inflate(PACKED, most).unwrap_or_default();
            String::from_utf8(bytes).unwrap_or_default()
        });
        let &(_, from, to) = INDEX.iter().find(|(id, ..)| *id == self.id)?;
        all.get(from..to)
    }
}

/// Changes when steps of a run would mean something else: the [`cast_digest`] of the
/// machine, or the CRC-32 of a text that makes none. A better story, a comment or another
/// pid does not change it.
pub fn content_hash(text: &str) -> u32 {
    match parse(text).scenario {
        Some(scenario) => cast_digest(&scenario.machine),
        None => crc32(text.as_bytes()),
    }
}
