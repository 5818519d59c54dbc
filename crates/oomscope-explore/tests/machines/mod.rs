//! Machines to hold checkers against each other on: small ones, made from a seed that is the
//! test's name for them.

use oomscope_model::kernel::Kernel;
use oomscope_model::kernel::mmu_notifier::{End, Start, User};
use oomscope_model::machine::{
    Actor, Backing, CompletionId, Gfp, KillerWindow, Kind, KmemFail, Line, Lock, LockClass, LockId,
    Lru, LruKind, Machine, MemcgId, MemcgInfo, MmId, MmInfo, Mode, Notifier, Op, Process,
    ProcessId, Rules, RwsemConfig, TaskId, Timing, VmaInfo, Wait, Zone,
};
use oomscope_model::patches::{PatchId, PatchSet, VERSIONS};

#[allow(dead_code, reason = "not every test wants odd ones")]
pub(crate) mod odd;

/// A small generator of pseudo-random numbers; the seed is the test's name for a machine.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// One or two processes with one or two threads, perhaps a kernel thread that adopted an
/// mm, one extra lock, any kernel version, programs of up to three system calls.
pub(crate) fn generate(dice: &mut Dice) -> Machine {
    let mut machine = Machine {
        zone: Zone {
            total_pages: 32,
            mb_per_page: 4,
            free_pages: 1 + dice.roll(4) as u16,
            min: 1,
            low: 2,
            high: 3,
        },
        tasks: Vec::new(),
        processes: Vec::new(),
        locks: vec![lock("oom_lock", LockClass::OomLock)],
        mms: Vec::new(),
        lrus: Vec::new(),
        memcgs: Vec::new(),
        oom_notifiers: Vec::new(),
        sysctl: Default::default(),
        completions: vec!["done".into()],
        patches: PatchSet(0),
        kernel: Kernel::of(PatchSet(0)),
        rules: Rules {
            timing: Timing::SleepsAreLong,
            ..Rules::DEFAULT
        },
        cpus: None,
        rwsem: RwsemConfig::Xadd,
    };
    if dice.roll(2) == 0 {
        machine.rules.timing = Timing::Adversarial;
    }
    if dice.roll(4) == 0 {
        machine.rules.killer_window = KillerWindow::Split;
    }
    let processes = 1 + dice.roll(2) as u8;
    let extra = LockId(1 + processes);
    for index in 0..processes {
        add_process(&mut machine, dice, index, extra);
    }
    let class = [
        LockClass::Mutex,
        LockClass::InodeMutex,
        LockClass::Rwsem,
        LockClass::PageLock,
    ];
    machine
        .locks
        .push(lock("extra", class[dice.roll(4) as usize]));
    if dice.roll(2) == 0 {
        let mm = (dice.roll(2) == 0).then_some(MmId(0));
        let program = program(dice, mm, extra);
        add_task(&mut machine, "kthread", Kind::Kthread, mm, program);
    }
    if dice.roll(3) == 0 {
        let reclaimable = lrus(dice, extra);
        machine.lrus = reclaimable;
        if dice.roll(2) == 0 {
            add_task(&mut machine, "kswapd0", Kind::Kswapd, None, Vec::new());
        }
    }
    add_task(&mut machine, "kworker", Kind::Kworker, None, Vec::new());
    add_task(
        &mut machine,
        "oom_reaper",
        Kind::OomReaper,
        None,
        Vec::new(),
    );
    if dice.roll(3) == 0 {
        add_notifiers(&mut machine, dice, extra);
    }
    machine.patches = PatchSet::of_version(VERSIONS[dice.roll(VERSIONS.len() as u64) as usize]);
    for patch in PatchId::all() {
        if dice.roll(6) == 0 {
            let moves = machine.patches.switch(patch, !machine.patches.has(patch));
            for (patch, on) in moves {
                machine.patches = machine.patches.with(patch, on);
            }
        }
    }
    assert_eq!(machine.patches.check(), Ok(()));
    hard_exits(&mut machine, dice, extra);
    if dice.roll(3) == 0 {
        add_memcg(&mut machine, dice);
    }
    machine.kernel = Kernel::of(machine.patches);
    machine
}

fn add_process(machine: &mut Machine, dice: &mut Dice, index: u8, extra: LockId) {
    let mm = MmId(index);
    let name = format!("p{index}");
    let mut vmas = vec![VmaInfo {
        pages: 2 + dice.roll(4) as u16,
        backing: Backing::Anon,
        locked: dice.roll(4) == 0,
        page_lock: None,
        i_mmap: None,
    }];
    if dice.roll(3) == 0 {
        vmas.push(VmaInfo {
            pages: 2,
            backing: Backing::Anon,
            locked: true,
            page_lock: Some(extra),
            i_mmap: None,
        });
    }
    machine
        .locks
        .push(lock(&format!("{name}.mmap_sem"), LockClass::MmapSem(mm)));
    machine.mms.push(MmInfo {
        name: name.clone(),
        mmap_sem: LockId(1 + index),
        vmas,
        aio: None,
        ksm: false,
        memcg: None,
        teardown: None,
        notifiers: Vec::new(),
    });
    let leader = TaskId(machine.tasks.len() as u8);
    let threads = 1 + (dice.roll(3) == 0) as u8;
    for thread in 0..threads {
        let program = program(dice, Some(mm), extra);
        let kind = Kind::User(ProcessId(index));
        add_task(
            machine,
            &format!("{name}-{thread}"),
            kind,
            Some(mm),
            program,
        );
    }
    machine.processes.push(Process {
        name,
        leader,
        threads,
        oom_score_adj: 0,
        parent: None,
        traits: Default::default(),
    });
}

/// Something for reclaim to find, perhaps behind the extra lock.
fn lrus(dice: &mut Dice, extra: LockId) -> Vec<Lru> {
    const KINDS: [LruKind; 4] = [LruKind::Clean, LruKind::Hot, LruKind::Dirty, LruKind::Slab];
    let mut lrus: Vec<Lru> = (0..1 + dice.roll(2))
        .map(|_| {
            let kind = KINDS[dice.roll(4) as usize];
            let locked = matches!(kind, LruKind::Dirty | LruKind::Slab) && dice.roll(3) != 0;
            Lru {
                name: "list".into(),
                kind,
                pages: 1 + dice.roll(2) as u16,
                lock: locked.then_some(extra),
                needs: dice.roll(2) as u8,
            }
        })
        .collect();
    lrus.sort_by_key(|lru| lru.kind == LruKind::Slab);
    lrus
}

/// Some address spaces are harder to leave: I/O in flight, ksmd, a file's list of mappers.
fn hard_exits(machine: &mut Machine, dice: &mut Dice, extra: LockId) {
    for task in &mut machine.tasks {
        if matches!(task.kind, Kind::User(_)) {
            task.robust_list = (dice.roll(8) == 0).then_some(CompletionId(0));
        }
    }
    let rwsem = machine.locks[extra.0 as usize].class == LockClass::Rwsem;
    for mm in &mut machine.mms {
        mm.aio = (dice.roll(5) == 0).then_some(CompletionId(0));
        mm.ksm = dice.roll(5) == 0;
        if rwsem && dice.roll(2) == 0 {
            mm.vmas[0].backing = Backing::File;
            mm.vmas[0].i_mmap = Some(extra);
        }
    }
}

/// A memory cgroup with little room for the first process or for all, whose kernel pages it
/// pays for too.
fn add_memcg(machine: &mut Machine, dice: &mut Dice) {
    let members = if dice.roll(2) == 0 {
        1
    } else {
        machine.mms.len()
    };
    let members = &mut machine.mms[..members];
    let mut limit = dice.roll(3) as u16;
    for mm in members {
        mm.memcg = Some(MemcgId(0));
        let counted = mm.vmas.iter().filter(|vma| vma.backing.is_counted());
        limit += counted.map(|vma| vma.pages).sum::<u16>();
    }
    machine.memcgs.push(MemcgInfo {
        name: "box".into(),
        limit,
        oom_group: dice.roll(2) == 0,
    });
    for line in machine.tasks.iter_mut().flat_map(|task| &mut task.program) {
        if let Op::Alloc { gfp, .. } = &mut line.op {
            *gfp = gfp.with(Gfp::ACCOUNT);
        }
    }
}

/// One or two mmu notifiers for the first process, their locks, and perhaps a device and a vcpu
/// that use its memory.
fn add_notifiers(machine: &mut Machine, dice: &mut Dice, extra: LockId) {
    let users = [
        User::Kvm,
        User::I915,
        User::Amdgpu,
        User::Odp,
        User::Hmm,
        User::OutOfTree {
            start: Start::Waits,
            end: End::Waits,
        },
    ];
    let fits = !matches!(machine.locks[extra.0 as usize].class, LockClass::PageLock);
    for _ in 0..1 + dice.roll(2) {
        let user = users[dice.roll(users.len() as u64) as usize];
        let count = matches!(user, User::Kvm | User::Odp).then(|| {
            let class = LockClass::NotifierCount(MmId(0));
            machine.locks.push(lock("count", class));
            LockId(machine.locks.len() as u8 - 1)
        });
        machine.mms[0].notifiers.push(Notifier {
            user,
            lock: (fits && dice.roll(4) != 0).then_some(extra),
            count,
            vmas: dice.roll(4) as u8,
        });
    }
    machine.locks.push(lock("srcu", LockClass::Srcu));
    let first = |kind: Kind| machine.tasks.iter().position(|task| task.kind == kind);
    let device = first(Kind::Kthread);
    let vcpu = first(Kind::User(ProcessId(0))).filter(|_| dice.roll(2) == 0);
    for task in device.into_iter().chain(vcpu) {
        let program = &mut machine.tasks[task].program;
        let resume = program.len() as u8 + 1;
        program.push(Line {
            op: Op::GuestAccess { mm: MmId(0) },
            resume,
            source: 1,
        });
    }
}

fn lock(name: &str, class: LockClass) -> Lock {
    Lock {
        name: name.into(),
        class,
    }
}

fn add_task(machine: &mut Machine, name: &str, kind: Kind, mm: Option<MmId>, program: Vec<Line>) {
    machine.tasks.push(Actor {
        name: name.into(),
        pid: 1,
        kind,
        mm,
        robust_list: None,
        program,
    });
}

fn program(dice: &mut Dice, mm: Option<MmId>, extra: LockId) -> Vec<Line> {
    let mut ops: Vec<Vec<Op>> = Vec::new();
    for _ in 0..dice.roll(3) {
        let pages = 1 + dice.roll(2) as u8;
        let gfp = if dice.roll(3) == 0 {
            const BASES: [Gfp; 4] = [Gfp::KERNEL, Gfp::NOFS, Gfp::NOIO, Gfp::ATOMIC];
            const MODIFIERS: [u16; 5] = [
                0,
                Gfp::NOFAIL,
                Gfp::NORETRY,
                Gfp::RETRY_MAYFAIL,
                Gfp::MEMALLOC,
            ];
            BASES[dice.roll(4) as usize].with(MODIFIERS[dice.roll(5) as usize])
        } else {
            Gfp::KERNEL
        };
        let order = u8::from(dice.roll(8) == 0);
        let wait = if dice.roll(3) == 0 {
            Wait::Killable
        } else {
            Wait::Uninterruptible
        };
        let take = Op::Lock {
            lock: extra,
            mode: Mode::Write,
            wait,
        };
        ops.push(match (dice.roll(6), mm) {
            (0, Some(mm)) => vec![Op::Mmap { mm }],
            (0, None) => vec![Op::Mrelease { mm: MmId(0) }],
            (1 | 2, Some(mm)) => vec![Op::Fault { mm, pages }],
            (3, _) => vec![Op::WaitFor {
                completion: CompletionId(0),
            }],
            (4, _) => vec![Op::Complete {
                completion: CompletionId(0),
            }],
            _ if dice.roll(3) == 0 => {
                let fail = if dice.roll(4) == 0 {
                    KmemFail::May
                } else {
                    KmemFail::Never
                };
                let reserved = 1 + dice.roll(3) as u8;
                vec![
                    Op::TransStart { pages: reserved },
                    take,
                    Op::KmemAlloc { gfp, pages, fail },
                    Op::TransCommit,
                    Op::Unlock { lock: extra },
                ]
            }
            _ => vec![
                take,
                Op::Alloc { gfp, order, pages },
                Op::Unlock { lock: extra },
            ],
        });
    }
    let mut lines = Vec::new();
    for call in ops {
        let resume = (lines.len() + call.len()) as u8;
        lines.extend(call.into_iter().map(|op| Line {
            op,
            resume,
            source: 1,
        }));
    }
    lines
}

/// The same machine with equal tasks in it: every process has two more threads that do what
/// its last one does, and so has the kernel thread a twin.
#[allow(dead_code, reason = "only the tests of reductions need them")]
pub(crate) fn alike(mut machine: Machine) -> Machine {
    let tasks = core::mem::take(&mut machine.tasks);
    for (at, actor) in tasks.iter().enumerate() {
        machine.tasks.push(actor.clone());
        let copies = match actor.kind {
            Kind::User(process) => {
                let info = &mut machine.processes[process.0 as usize];
                let last = usize::from(info.leader.0 + info.threads) - 1;
                if at == last { 2 } else { 0 }
            }
            Kind::Kthread => 1,
            Kind::Kworker | Kind::OomReaper | Kind::Kswapd => 0,
        };
        for _ in 0..copies {
            machine.tasks.push(actor.clone());
        }
    }
    for index in 0..machine.processes.len() {
        let of_process = |actor: &Actor| actor.kind == Kind::User(ProcessId(index as u8));
        let leader = machine.tasks.iter().position(of_process);
        let threads = machine
            .tasks
            .iter()
            .filter(|actor| of_process(actor))
            .count();
        machine.processes[index].leader = TaskId(leader.unwrap_or_default() as u8);
        machine.processes[index].threads = threads as u8;
    }
    machine
}
