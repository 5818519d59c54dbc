//! Small machines, built by hand, and states that their kernels can really be in.

use oomscope_model::kernel::Kernel;
use oomscope_model::machine::*;
use oomscope_model::patches::{PatchSet, Version};
use oomscope_model::state::{Held, Nap, Pc, Reap, Run, State, TaskFlags};

pub(crate) fn line(op: Op, source: u16) -> Line {
    Line {
        op,
        resume: 0,
        source,
    }
}

pub(crate) fn actor(name: &str, pid: u16, kind: Kind, mm: Option<u8>, program: Vec<Line>) -> Actor {
    Actor {
        name: name.into(),
        pid,
        kind,
        mm: mm.map(MmId),
        robust_list: None,
        program,
    }
}

pub(crate) fn lock(name: &str, class: LockClass) -> Lock {
    Lock {
        name: name.into(),
        class,
    }
}

pub(crate) fn mm(name: &str, mmap_sem: u8, pages: u16) -> MmInfo {
    MmInfo {
        name: name.into(),
        mmap_sem: LockId(mmap_sem),
        vmas: vec![VmaInfo {
            pages,
            backing: Backing::Anon,
            locked: false,
            page_lock: None,
            i_mmap: None,
        }],
        aio: None,
        ksm: false,
        memcg: None,
        teardown: None,
        notifiers: Vec::new(),
    }
}

pub(crate) fn process(name: &str, leader: u8, threads: u8) -> Process {
    Process {
        name: name.into(),
        leader: TaskId(leader),
        threads,
        oom_score_adj: 0,
        parent: None,
        traits: Default::default(),
    }
}

/// vhost copies from qemu's memory under mmap_sem; qemu's second thread maps; its main
/// thread waits for vhost to flush; cc1 eats.
pub(crate) fn writer_in_queue(version: Version) -> Machine {
    let patches = PatchSet::of_version(version);
    let flush = CompletionId(0);
    Machine {
        zone: Zone {
            total_pages: 64,
            mb_per_page: 4,
            free_pages: 12,
            min: 3,
            low: 4,
            high: 5,
        },
        tasks: vec![
            actor(
                "vhost-1187",
                1187,
                Kind::Kthread,
                Some(0),
                vec![
                    line(
                        Op::Fault {
                            mm: MmId(0),
                            pages: 4,
                        },
                        1,
                    ),
                    line(Op::Complete { completion: flush }, 2),
                ],
            ),
            actor(
                "qemu",
                1041,
                Kind::User(ProcessId(0)),
                Some(0),
                vec![line(Op::WaitFor { completion: flush }, 3)],
            ),
            actor(
                "qemu-2",
                1042,
                Kind::User(ProcessId(0)),
                Some(0),
                vec![line(Op::Mmap { mm: MmId(0) }, 4)],
            ),
            actor(
                "cc1",
                2200,
                Kind::User(ProcessId(1)),
                Some(1),
                vec![line(
                    Op::Fault {
                        mm: MmId(1),
                        pages: 6,
                    },
                    5,
                )],
            ),
            actor("kworker", 44, Kind::Kworker, None, vec![]),
            actor("oom_reaper", 31, Kind::OomReaper, None, vec![]),
        ],
        processes: vec![process("qemu", 1, 2), process("cc1", 3, 1)],
        locks: vec![
            lock("oom_lock", LockClass::OomLock),
            lock("qemu.mmap_sem", LockClass::MmapSem(MmId(0))),
            lock("cc1.mmap_sem", LockClass::MmapSem(MmId(1))),
        ],
        mms: vec![mm("qemu", 1, 40), mm("cc1", 2, 8)],
        lrus: Vec::new(),
        memcgs: Vec::new(),
        oom_notifiers: Vec::new(),
        sysctl: Default::default(),
        completions: vec!["flush".into()],
        patches,
        kernel: Kernel::of(patches),
        rules: Rules::DEFAULT,
        cpus: None,
        rwsem: Default::default(),
    }
}

/// The stuck moment of [`writer_in_queue`] under the rules of 4.6.
pub(crate) fn stuck(machine: &Machine) -> State {
    let mut state = State::start(machine);
    state.free_pages = 1;
    state.mms[0].vmas[0].pages = 44;
    state.mms[1].vmas[0].pages = 11;
    state.tasks[0].run = Run::Parked(Pc::AllocTry);
    state.tasks[0].held = Held(1 << 2);
    state.tasks[1].run = Run::Waits {
        completion: CompletionId(0),
        pc: Pc::LineDone,
    };
    state.tasks[1].flags = TaskFlags(TaskFlags::SIGKILL | TaskFlags::MEMDIE);
    state.tasks[2].run = Run::Queued {
        on: LockId(1),
        mode: Mode::Write,
        rank: 1,
        awake: false,
        pc: Pc::Release,
    };
    state.tasks[2].flags = TaskFlags(TaskFlags::SIGKILL);
    state.tasks[3].run = Run::Parked(Pc::AllocTry);
    state.tasks[3].held = Held(1 << 4);
    state.tasks[5].run = Run::Asleep {
        nap: Nap::Hz10,
        pc: Pc::Reap(Reap::Attempt),
    };
    state.tasks[5].victim = Some(TaskId(1));
    state.tasks[5].tries = 6;
    state
}

/// `tasks` threads of one process and `locks` mutexes, every thread able to queue anywhere.
pub(crate) fn crowd(tasks: u8, locks: u8) -> Machine {
    let patches = PatchSet::of_version(Version(4, 19));
    let program: Vec<Line> = (0..locks)
        .map(|nth| Op::Lock {
            lock: LockId(2 + nth),
            mode: Mode::Write,
            wait: Wait::Killable,
        })
        .map(|op| line(op, 1))
        .collect();
    let mut cast: Vec<Actor> = (0..tasks)
        .map(|nth| {
            let name = format!("a-rather-long-thread-name-{nth}");
            actor(
                &name,
                100 + u16::from(nth),
                Kind::User(ProcessId(0)),
                Some(0),
                program.clone(),
            )
        })
        .collect();
    cast.push(actor("kworker", 44, Kind::Kworker, None, vec![]));
    cast.push(actor("oom_reaper", 31, Kind::OomReaper, None, vec![]));
    let mut all = vec![
        lock("oom_lock", LockClass::OomLock),
        lock("crowd.mmap_sem", LockClass::MmapSem(MmId(0))),
    ];
    all.extend(
        (0..locks).map(|nth| lock(&format!("mutex_with_a_long_name_{nth}"), LockClass::Mutex)),
    );
    Machine {
        zone: Zone {
            total_pages: 64,
            mb_per_page: 4,
            free_pages: 30,
            min: 3,
            low: 4,
            high: 5,
        },
        tasks: cast,
        processes: vec![process("crowd", 0, tasks)],
        locks: all,
        mms: vec![mm("crowd", 1, 20)],
        lrus: Vec::new(),
        memcgs: Vec::new(),
        oom_notifiers: Vec::new(),
        sysctl: Default::default(),
        completions: vec![],
        patches,
        kernel: Kernel::of(patches),
        rules: Rules::DEFAULT,
        cpus: None,
        rwsem: Default::default(),
    }
}

/// Every task but the first queues for the first mutex, which the first one holds.
pub(crate) fn crowded(machine: &Machine) -> State {
    let mut state = State::start(machine);
    state.tasks[0].held = Held(2 << 4);
    for nth in 1..machine.tasks.len() as u8 - 2 {
        state.tasks[nth as usize].run = Run::Queued {
            on: LockId(2),
            mode: Mode::Write,
            rank: nth,
            awake: false,
            pc: Pc::LineDone,
        };
    }
    state
}
