//! Every table and key a scenario file may have. The parser refuses what is not here, and
//! the language reference is made from it.

/// One kind of table.
#[derive(Debug)]
pub(crate) struct Section {
    /// As it stands in the file: `[zone]`, `[[process]]`.
    pub(crate) name: &'static str,
    /// What it is for, one sentence.
    pub(crate) doc: &'static str,
    pub(crate) keys: &'static [Key],
}

/// One key of a table.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) word: &'static str,
    /// What may stand there.
    pub(crate) form: &'static str,
    /// What it means, one sentence.
    pub(crate) doc: &'static str,
}

const fn key(word: &'static str, form: &'static str, doc: &'static str) -> Key {
    Key { word, form, doc }
}

pub(crate) static TOP: Section = Section {
    name: "the head of the file",
    doc: "What the scenario is about and which kernel it starts with.",
    keys: &[
        key("format", "`1`", "Version of this language."),
        key(
            "id",
            "`\"writer-in-queue\"`",
            "Stable name, in links and on the command line: small letters, digits and hyphens.",
        ),
        key("title", "text", "What people call it."),
        key(
            "topic",
            "`\"locks\"`, `\"killer\"`, `\"reaper\"`, `\"exit\"`, `\"memory\"`, `\"file-systems\"` or `\"notifiers\"`",
            "Under which heading the gallery shows it.",
        ),
        key(
            "story",
            "text, several lines",
            "What happens and why anybody cares.",
        ),
        key(
            "hypothetical",
            "`true` or `false`, the default",
            "Nobody has reported this from the field: it is derived from the code, or invented.",
        ),
        key(
            "kernel",
            "`\"4.6\"`",
            "Every patch merged up to this release is on at the start.",
        ),
        key(
            "patches",
            "`\"clear-mark,-oom-reaper\"`",
            "Changes to that; a minus switches a patch off.",
        ),
        key(
            "offers",
            "list of patch ids",
            "Switches of the scenario, at most ten.",
        ),
        key(
            "seed",
            "0 to 4294967295, default 1",
            "Which of the possible runs the player shows.",
        ),
        key(
            "bound",
            "1000 to 4000000",
            "Too large to be searched to the end: the tests look at this many states, and it says so.",
        ),
        key(
            "sibling",
            "id of a scenario",
            "With `bound`: the smaller machine of the same kind that is searched to the end.",
        ),
        key("source", "`[[source]]`", "Where the story comes from."),
        key(
            "config",
            "`[config]`",
            "How the kernel is configured, where that matters.",
        ),
        key("zone", "`[zone]`", "Memory."),
        key(
            "cpu",
            "`[cpu]`",
            "How many CPUs, where the story is that they are too few.",
        ),
        key("sysctl", "`[sysctl]`", "What the administrator set."),
        key("lock", "`[[lock]]`", "Locks of the scenario's own."),
        key(
            "lru",
            "`[[lru]]`",
            "What reclaim can find; without it, nothing.",
        ),
        key("kswapd", "`[kswapd]`", "There is a kswapd in this story."),
        key(
            "process",
            "`[[process]]`",
            "Processes, in the order in which the OOM killer scans them.",
        ),
        key("kthread", "`[[kthread]]`", "Kernel threads."),
        key(
            "oom_notifier",
            "`[[oom_notifier]]`",
            "Callbacks of `oom_notify_list`, in the order in which the killer calls them.",
        ),
        key("memcg", "`[[memcg]]`", "Memory cgroups with a limit."),
        key("lead", "`[lead]`", "How the run begins."),
        key("marker", "`[[marker]]`", "Moments of the run."),
        key("expect", "`[[expect]]`", "What must come out."),
    ],
};

pub(crate) static SOURCE: Section = Section {
    name: "[[source]]",
    doc: "A mail, commit or document that tells the story.",
    keys: &[
        key("label", "text", "What to show."),
        key("ref", "text", "Address, message id or commit."),
    ],
};

pub(crate) static CONFIG: Section = Section {
    name: "[config]",
    doc: "What no patch decides but the kernel's configuration.",
    keys: &[key(
        "rwsem",
        "`\"xadd\"`, the default, or `\"generic-spinlock\"`",
        "Which of its two rwsems a kernel before 5.3 uses; small architectures had the second.",
    )],
};

pub(crate) static ZONE: Section = Section {
    name: "[zone]",
    doc: "Memory: one zone. Sizes are `\"48 MB\"`, `\"1 GB\"` or `\"12 pages\"`, always whole model pages.",
    keys: &[
        key("total", "size", "All memory."),
        key(
            "page",
            "`\"4 MB\"`, the default",
            "How much one model page stands for.",
        ),
        key(
            "reclaimable",
            "size",
            "Short for one `[[lru]]` of clean page cache.",
        ),
        key(
            "free",
            "size",
            "Free memory at the start; what neither this nor a process has belongs to the kernel.",
        ),
        key(
            "min",
            "size",
            "`WMARK_MIN`: above this the slow path may allocate.",
        ),
        key(
            "low",
            "size",
            "`WMARK_LOW`: above this the fast path may allocate.",
        ),
        key(
            "high",
            "size",
            "`WMARK_HIGH`: above this the last attempt under `oom_lock` may allocate.",
        ),
    ],
};

pub(crate) static SYSCTL: Section = Section {
    name: "[sysctl]",
    doc: "Settings below `/proc/sys/vm`.",
    keys: &[
        key(
            "panic_on_oom",
            "`0`, the default, `1` or `2`",
            "1 and 2: the kernel panics instead of killing anybody.",
        ),
        key(
            "oom_kill_allocating_task",
            "`true` or `false`, the default",
            "The killer kills the process that called it, whatever it is worth.",
        ),
    ],
};

pub(crate) static OOM_NOTIFIER: Section = Section {
    name: "[[oom_notifier]]",
    doc: "A driver that can give memory back when the system is out of it. The killer calls it with `oom_lock` held; if one of them frees something, nobody is killed.",
    keys: &[
        key("name", "name", "What people call it."),
        key(
            "frees",
            "size",
            "How much of the kernel's own memory it frees, the first time.",
        ),
        key("lock", "name of a lock", "What it needs for that."),
        key(
            "wait",
            "`\"blocks\"`, the default, or `\"trylocks\"`",
            "Whether it waits for its lock or gives up.",
        ),
    ],
};

pub(crate) static MEMCG: Section = Section {
    name: "[[memcg]]",
    doc: "A memory cgroup below the root, at most four. What its processes map is charged to it, and kernel pages that they take with `__GFP_ACCOUNT`. At the limit the OOM killer looks for a victim in the cgroup, although the machine has memory left.",
    keys: &[
        key("name", "name", "As `memcg` of a process names it."),
        key("limit", "size", "`memory.max`."),
        key(
            "oom_group",
            "`true` or `false`, the default",
            "`memory.oom.group`: if one of its processes is killed, all others are too.",
        ),
    ],
};

pub(crate) static LOCK: Section = Section {
    name: "[[lock]]",
    doc: "A lock. `oom_lock` and the `mmap_sem` of every process are there without it.",
    keys: &[
        key("name", "name", "As program lines write it."),
        key(
            "kind",
            "`\"mutex\"`, `\"i_mutex\"`, `\"rwsem\"` or `\"page_lock\"`",
            "Its queue rules, and which patches make waits for it killable.",
        ),
    ],
};

pub(crate) static CPU: Section = Section {
    name: "[cpu]",
    doc: "Declares that CPU time is scarce: an allocator that holds `oom_lock`, the killer, runs only while fewer than `count` others retry in the allocator. What can then go on only through such a task is a stall.",
    keys: &[key("count", "1 to 8", "How many CPUs there are.")],
};

pub(crate) static LRU: Section = Section {
    name: "[[lru]]",
    doc: "Pages that reclaim can find, at most three lists.",
    keys: &[
        key("name", "name", "What to call them."),
        key(
            "kind",
            "`\"clean\"`, the default, `\"hot\"`, `\"dirty\"` or `\"slab\"`",
            "Clean pages are freed at once; hot ones are in use and faulted in again at once; dirty ones are written by kswapd alone, which isolates them before; slab is freed by a shrinker.",
        ),
        key("size", "size", "How much there is at the start."),
        key(
            "lock",
            "name of a lock",
            "For dirty pages the lock that writing takes, for slab that of the shrinker; allocators without `__GFP_FS` leave it alone.",
        ),
        key(
            "needs",
            "0 to 15, default 0",
            "For dirty pages: how many free pages must be there before one can be written.",
        ),
    ],
};

pub(crate) static KSWAPD: Section = Section {
    name: "[kswapd]",
    doc: "kswapd: woken by allocators below the low mark, it reclaims until free memory is above the high mark, and may block on the lock of a list. Without this table nobody reclaims but the allocators themselves.",
    keys: &[key("pid", "1 to 65535, default 38", "Process id.")],
};

pub(crate) static PROCESS: Section = Section {
    name: "[[process]]",
    doc: "A thread group with an address space of its own name. Without `[[process.thread]]` it has one thread of the same name, which runs `program`.",
    keys: &[
        key(
            "name",
            "name",
            "Name of the process, of its address space and, unless said otherwise, of its first thread.",
        ),
        key(
            "pid",
            "1 to 65535",
            "Process id; by default ten more than the one before.",
        ),
        key(
            "oom_score_adj",
            "-1000 to 1000, default 0",
            "-1000 is never killed.",
        ),
        key(
            "mm",
            "name of another process",
            "It runs in that one's address space (`CLONE_VM` without `CLONE_THREAD`) and has no memory of its own.",
        ),
        key(
            "parent",
            "name of a process above",
            "Who forked it: up to 5.0 a child with memory of its own dies in its parent's place.",
        ),
        key(
            "init",
            "`true` or `false`, the default",
            "It is the global init: never selected, and its death is a panic.",
        ),
        key(
            "in_vfork",
            "`true` or `false`, the default",
            "It came from `vfork` and has not called `exec`: with `mm`. Its parent may wait for it with the verb `vfork`.",
        ),
        key(
            "cap_sys_admin",
            "`true` or `false`, the default",
            "Up to 4.16 three percent of its memory do not count.",
        ),
        key("rss", "size", "Short for one anonymous VMA of this size."),
        key(
            "memcg",
            "name of a memory cgroup",
            "The cgroup that it belongs to, which pays for its memory and what is faulted in later; by default the root, which has no limit.",
        ),
        key(
            "aio",
            "name",
            "I/O in flight: whoever drops the last reference on the address space waits in `exit_aio` until somebody runs `complete` for this name.",
        ),
        key(
            "ksm",
            "`true` or `false`, the default",
            "ksmd or khugepaged has work on it: whoever drops the last reference takes its `mmap_sem` for writing once.",
        ),
        key(
            "teardown",
            "`\"1 s\"`, `\"2 s\"` or `\"3 s\"`",
            "How long `exit_mmap` works before this address space is unmapped; otherwise no time.",
        ),
        key(
            "robust_list",
            "name",
            "A futex that its one thread holds, on its robust list in the first VMA: exit completes this name, unless the reaper has taken that memory.",
        ),
        key(
            "program",
            "program",
            "Short for one thread; leave it out for a process that only uses memory.",
        ),
        key(
            "vma",
            "`[[process.vma]]`",
            "VMAs, instead of `rss`; faults add pages to the first.",
        ),
        key(
            "notifier",
            "`[[process.notifier]]`",
            "Its mmu notifiers, in the order in which they are called.",
        ),
        key(
            "thread",
            "`[[process.thread]]`",
            "Threads, the first is the leader.",
        ),
    ],
};

pub(crate) static VMA: Section = Section {
    name: "[[process.vma]]",
    doc: "A VMA of the process above, at most three.",
    keys: &[
        key("size", "size", "What is mapped at the start."),
        key(
            "kind",
            "`\"anon\"`, the default, `\"file\"`, `\"shared\"`, `\"hugetlb\"` or `\"pfnmap\"`",
            "The reaper takes anonymous memory and private file mappings; hugetlb and device memory is in no rss and frees nothing.",
        ),
        key(
            "mlocked",
            "`true` or `false`, the default",
            "`VM_LOCKED`: the reaper passes over it.",
        ),
        key(
            "page_lock",
            "name of a lock",
            "One of its pages has this page lock, which munlock takes.",
        ),
        key(
            "i_mmap",
            "name of an rwsem",
            "`i_mmap_rwsem` of the file that it maps, which `exit_mmap` takes for writing.",
        ),
    ],
};

pub(crate) static NOTIFIER: Section = Section {
    name: "[[process.notifier]]",
    doc: "An mmu notifier of the process above, at most three: somebody with page tables of their own over its memory, who must be told before memory is unmapped. With the first one come the lock `srcu`, in whose read side callbacks run, and, for `kvm` and `odp`, a count such as `qemu.kvm_count`, held while an invalidation is under way.",
    keys: &[
        key(
            "kind",
            "`\"kvm\"`, `\"i915\"`, `\"amdgpu\"`, `\"radeon\"`, `\"xen_gntdev\"`, `\"odp\"`, `\"hmm\"` or `\"out_of_tree\"`",
            "Who registered it, and so what its callbacks do in the chosen kernel.",
        ),
        key(
            "lock",
            "name of an rwsem or a mutex",
            "The driver's own lock (`struct_mutex`, `amn->lock`, `umem_rwsem`, `mirrors_sem`).",
        ),
        key(
            "overlaps",
            "`true`, the default, or `false`",
            "Whether memory that it maps lies in the VMA; for a GPU that makes a non-blocking start fail.",
        ),
        key("vma", "1 to 3", "In which VMA only; by default in all."),
        key(
            "start",
            "`\"none\"`, the default, `\"trylock\"` or `\"block\"`",
            "For `out_of_tree`: what its range_start does with the lock when it may not block.",
        ),
        key(
            "end",
            "`\"none\"`, the default, or `\"block\"`",
            "For `out_of_tree`: whether it has a range_end that waits for the lock.",
        ),
    ],
};

pub(crate) static THREAD: Section = Section {
    name: "[[process.thread]]",
    doc: "A thread of the process above.",
    keys: &[
        key(
            "name",
            "name",
            "Unique among all tasks; by default the process's name, and `name-2`, `name-3` for the others.",
        ),
        key(
            "pid",
            "1 to 65535",
            "By default the process's pid plus the place of the thread.",
        ),
        key(
            "robust_list",
            "name",
            "A futex that the thread holds, on its robust list in the first VMA: exit completes this name, unless the reaper has taken that memory.",
        ),
        key("program", "program", "What it does."),
    ],
};

pub(crate) static KTHREAD: Section = Section {
    name: "[[kthread]]",
    doc: "A kernel thread: no signals, never killed.",
    keys: &[
        key("name", "name", "Unique among all tasks."),
        key(
            "pid",
            "1 to 65535",
            "By default ten more than the one before.",
        ),
        key(
            "use_mm",
            "name of a process",
            "The address space it has adopted and pins until its program ends.",
        ),
        key("program", "program", "What it does."),
    ],
};

pub(crate) static LEAD: Section = Section {
    name: "[lead]",
    doc: "How the run on the page begins, before the seed decides.",
    keys: &[key(
        "schedule",
        "`\"vhost-1187*3 qemu-2 cc1*9\"`",
        "Tasks in the order in which they step; `*3` is three steps.",
    )],
};

pub(crate) static MARKER: Section = Section {
    name: "[[marker]]",
    doc: "A moment worth stopping at: the first step of a run at which the condition holds.",
    keys: &[
        key("title", "text", "What to show."),
        key("id", "id", "Name in links; by default made from the title."),
        key("when", "condition", "See *Conditions*."),
        key("say", "text", "One sentence to say there."),
    ],
};

pub(crate) static EXPECT: Section = Section {
    name: "[[expect]]",
    doc: "What must be reachable for some mixes of the offered patches. For each `rules` the file names, every valid mix must match exactly one block.",
    keys: &[
        key(
            "when",
            "`\"oom-reaper,-killable-writers\"`",
            "Offered patches that must be on or, with a minus, off; those not named may be either.",
        ),
        key(
            "rules",
            "`\"long\"` (default) or `\"adversarial\"`, and `+split`",
            "Which declared rules the expectation is for.",
        ),
        key(
            "outcomes",
            "list of outcomes",
            "Everything that must be reachable, and nothing else may be.",
        ),
        key(
            "kind",
            "`\"livelock\"`, `\"deadlock\"` or `\"hang\"`",
            "What the lockup looks like.",
        ),
        key(
            "kills_max",
            "0 to 255",
            "No run may kill more processes; those that share memory count once.",
        ),
        key("why", "text", "One line that says why."),
        key(
            "known_gap",
            "text",
            "What the model gets wrong here, until somebody mends it.",
        ),
    ],
};

/// All tables, in the order of the reference.
pub(crate) static SECTIONS: &[&Section] = &[
    &TOP,
    &SOURCE,
    &CONFIG,
    &ZONE,
    &CPU,
    &SYSCTL,
    &LOCK,
    &LRU,
    &KSWAPD,
    &PROCESS,
    &VMA,
    &NOTIFIER,
    &THREAD,
    &KTHREAD,
    &MEMCG,
    &OOM_NOTIFIER,
    &LEAD,
    &MARKER,
    &EXPECT,
];
