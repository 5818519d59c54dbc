//! Generated machines with what few casts have: shared memory, protected processes, sysctls,
//! callbacks, too few CPUs, signals, and the rarer system calls.

use oomscope_model::kernel::Kernel;
use oomscope_model::machine::{
    CompletionId, Gfp, Kind, Line, LockClass, LockId, Machine, MmId, Mode, NotifierWait,
    OomNotifier, Op, PanicOnOom, ProcessId, RwsemConfig, TaskId, Wait, WriteSite,
};
use oomscope_model::patches::PatchId;

use super::Dice;

/// A generated machine made odd. The dice are its own, so the plain machines stay what they are.
pub(crate) fn odd(mut machine: Machine, dice: &mut Dice) -> Machine {
    let extra = machine.locks.iter().position(|lock| lock.name == "extra");
    let extra = LockId(extra.expect("every machine has it") as u8);
    if machine.processes.len() == 2 && dice.roll(2) == 0 {
        share(&mut machine, dice);
    }
    for process in &mut machine.processes {
        process.oom_score_adj = [0, 0, 500, -1000][dice.roll(4) as usize];
        process.traits.cap_sys_admin = dice.roll(4) == 0;
    }
    machine.processes[0].traits.init = dice.roll(10) == 0;
    machine.sysctl.oom_kill_allocating_task = dice.roll(4) == 0;
    if dice.roll(8) == 0 {
        machine.sysctl.panic_on_oom = PanicOnOom::SystemWide;
    }
    if dice.roll(4) == 0 {
        let page_lock = machine.locks[extra.0 as usize].class == LockClass::PageLock;
        machine.oom_notifiers.push(OomNotifier {
            name: "driver".into(),
            pages: dice.roll(3) as u8,
            lock: (!page_lock && dice.roll(2) == 0).then_some(extra),
            wait: [NotifierWait::Blocks, NotifierWait::Trylocks][dice.roll(2) as usize],
        });
    }
    if dice.roll(2) == 0 {
        machine.cpus = Some(1);
    }
    if dice.roll(4) == 0 {
        machine.rwsem = RwsemConfig::GenericSpinlock;
    }
    one_more_call(&mut machine, dice, extra);
    switch_on(&mut machine, "single-slot-reaper", dice.roll(5) == 0);
    if dice.roll(4) == 0 {
        for_reclaim(&mut machine);
    }
    if dice.roll(4) == 0 {
        ask_for_a_kill(&mut machine);
    }
    machine.kernel = Kernel::of(machine.patches);
    machine
}

/// The first request of the machine is made with `PF_MEMALLOC`.
fn for_reclaim(machine: &mut Machine) {
    let is_request = |line: &Line| matches!(line.op, Op::Alloc { .. } | Op::KmemAlloc { .. });
    let programs = machine.tasks.iter_mut().map(|actor| &mut actor.program);
    for program in programs {
        let Some(at) = program.iter().position(is_request) else {
            continue;
        };
        for line in program.iter_mut() {
            if usize::from(line.resume) > at {
                line.resume += 2;
            }
        }
        let resume = program[at].resume;
        program.insert(at, line_of(Op::Memalloc { on: true }, resume));
        program.insert(at + 2, line_of(Op::Memalloc { on: false }, resume));
        return;
    }
}

/// Some task that has not begun inside a system call begins with sysrq-f.
fn ask_for_a_kill(machine: &mut Machine) {
    let inside = |op| matches!(op, Op::WaitFor { .. } | Op::Vfork { .. } | Op::Pause);
    let programs = machine.tasks.iter_mut().map(|actor| &mut actor.program);
    let mut programs = programs.filter(|program| !program.is_empty());
    if let Some(program) = programs.find(|program| !inside(program[0].op)) {
        for line in program.iter_mut() {
            line.resume += 1;
        }
        program.insert(0, line_of(Op::SysrqF, 1));
    }
}

fn switch_on(machine: &mut Machine, id: &str, on: bool) {
    let patch = PatchId::named(id).expect("in the table");
    if on {
        for (moved, to) in machine.patches.switch(patch, true) {
            machine.patches = machine.patches.with(moved, to);
        }
    }
}

/// The second process runs in the memory of the first, perhaps between vfork and exec, with
/// its parent waiting for it.
fn share(machine: &mut Machine, dice: &mut Dice) {
    machine.mms[1].vmas.iter_mut().for_each(|vma| vma.pages = 0);
    for actor in &mut machine.tasks {
        if actor.kind == Kind::User(ProcessId(1)) {
            actor.mm = Some(MmId(0));
        }
        for line in &mut actor.program {
            if let Op::Fault { mm, .. } | Op::Mmap { mm } = &mut line.op {
                *mm = MmId(0);
            }
        }
    }
    if dice.roll(2) == 0 {
        machine.processes[1].traits.in_vfork = true;
        if dice.roll(2) == 0 {
            let completion = CompletionId(machine.completions.len() as u8);
            machine.completions.push("vfork".into());
            let process = ProcessId(1);
            let parent = &mut machine.tasks[0].program;
            let vfork = Op::Vfork {
                process,
                completion,
            };
            for line in parent.iter_mut() {
                line.resume += 1;
            }
            parent.insert(0, line_of(vfork, 1));
        }
    }
}

fn line_of(op: Op, resume: u8) -> Line {
    Line {
        op,
        resume,
        source: 1,
    }
}

/// One of the tasks has one more system call to make.
fn one_more_call(machine: &mut Machine, dice: &mut Dice, extra: LockId) {
    let task = TaskId(dice.roll(machine.tasks.len() as u64) as u8);
    let Kind::User(process) = machine.actor(task).kind else {
        return;
    };
    let Some(mm) = machine.actor(task).mm else {
        return;
    };
    let rwsem = machine.locks[extra.0 as usize].class == LockClass::Rwsem;
    let other = ProcessId(machine.processes.len() as u8 - 1);
    let alloc = Op::Alloc {
        gfp: Gfp::KERNEL,
        order: 0,
        pages: 1,
    };
    let take = Op::Lock {
        lock: extra,
        mode: Mode::Write,
        wait: [Wait::Uninterruptible, Wait::Interruptible][dice.roll(2) as usize],
    };
    let give = Op::Unlock { lock: extra };
    let calls: Vec<Vec<Op>> = match dice.roll(11) {
        0 => vec![vec![Op::Kill { process: other }]],
        1 => vec![vec![Op::Signal { task: TaskId(0) }]],
        2 => vec![vec![Op::Munmap { mm, pages: 1 }]],
        3 if rwsem => vec![vec![Op::MapFile {
            mm,
            i_mmap: extra,
            unmap: dice.roll(2) == 0,
        }]],
        4 => vec![vec![Op::WriteSite {
            mm,
            site: WriteSite::UffdRegister,
        }]],
        5 => vec![vec![Op::RemoteRead {
            mm: MmId(dice.roll(machine.mms.len() as u64) as u8),
            pages: 1,
        }]],
        6 if rwsem => vec![vec![take, Op::Downgrade { lock: extra }, alloc, give]],
        7 => vec![vec![Op::Copy { mm }]],
        8 => vec![vec![Op::Pause]],
        9 => vec![vec![Op::Exit], vec![alloc]],
        _ => vec![vec![core_dump(machine, process)], vec![take, alloc, give]],
    };
    let program = &mut machine.tasks[usize::from(task.0)].program;
    for call in calls {
        let resume = (program.len() + call.len()) as u8;
        program.extend(call.into_iter().map(|op| line_of(op, resume)));
    }
}

fn core_dump(machine: &mut Machine, process: ProcessId) -> Op {
    let startup = CompletionId(machine.completions.len() as u8);
    let name = machine.process(process).name.clone();
    machine.completions.push(format!("{name}.startup"));
    machine.completions.push(format!("{name}.core"));
    Op::CoreDump {
        startup,
        finish: CompletionId(startup.0 + 1),
    }
}
