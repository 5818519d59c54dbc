//! A machine and its run as plain numbers, for the way to the worker.
//!
//! The worker could read the scenario's text instead, but then it would carry a parser
//! that is larger than everything it is for. Names stay behind: nothing that the machine
//! does depends on them. Both ends are of one build, so the numbers need no version.

use oomscope_model::kernel::Kernel;
use oomscope_model::machine::{
    Actor, Backing, CompletionId, Gfp, KillerWindow, Kind, Line, Lock, LockClass, LockId, Machine,
    MmId, MmInfo, Mode, Op, Parking, Process, ProcessId, Rules, TaskId, Timing, VmaInfo, Wait,
    Zone,
};
use oomscope_model::patches::{PatchId, PatchSet};
use oomscope_model::transition::{Act, Move, Transition};

/// Writes a machine.
pub fn from_machine(machine: &Machine) -> Vec<u32> {
    let zone = &machine.zone;
    let PatchSet(patches) = machine.patches;
    let mut out = vec![
        u32::from(zone.total_pages),
        u32::from(zone.mb_per_page),
        u32::from(zone.free_pages),
        u32::from(zone.min),
        u32::from(zone.low),
        u32::from(zone.high),
        patches as u32,
        (patches >> 32) as u32,
        u32::from(machine.rules.timing == Timing::Adversarial),
        u32::from(machine.rules.killer_window == KillerWindow::Split),
        u32::from(machine.rules.parking == Parking::Off),
        machine.completions.len() as u32,
    ];
    list(&mut out, &machine.tasks, actor);
    list(&mut out, &machine.processes, |out, process| {
        let adj = (i32::from(process.oom_score_adj) + 1000) as u32;
        out.extend([u32::from(process.leader.0), u32::from(process.threads), adj]);
    });
    list(&mut out, &machine.locks, |out, lock| {
        out.extend(match lock.class {
            LockClass::OomLock => [0, 0],
            LockClass::MmapSem(mm) => [1, u32::from(mm.0)],
            LockClass::InodeMutex => [2, 0],
            LockClass::Mutex => [3, 0],
            LockClass::Rwsem => [4, 0],
            LockClass::PageLock => [5, 0],
        });
    });
    list(&mut out, &machine.mms, |out, mm| {
        out.push(u32::from(mm.mmap_sem.0));
        list(out, &mm.vmas, |out, vma| {
            let shared = u32::from(vma.backing == Backing::Shared);
            let page_lock = vma.page_lock.map_or(0, |lock| u32::from(lock.0) + 1);
            out.extend([
                u32::from(vma.pages),
                shared,
                u32::from(vma.locked),
                page_lock,
            ]);
        });
    });
    out
}

fn list<T>(out: &mut Vec<u32>, all: &[T], one: impl Fn(&mut Vec<u32>, &T)) {
    out.push(all.len() as u32);
    all.iter().for_each(|it| one(out, it));
}

fn actor(out: &mut Vec<u32>, actor: &Actor) {
    out.extend(match actor.kind {
        Kind::User(process) => [0, u32::from(process.0)],
        Kind::Kthread => [1, 0],
        Kind::Kworker => [2, 0],
        Kind::OomReaper => [3, 0],
    });
    out.push(actor.mm.map_or(0, |mm| u32::from(mm.0) + 1));
    list(out, &actor.program, |out, line| {
        let (tag, a, b) = match line.op {
            Op::Lock { lock, mode, wait } => {
                let write = u32::from(mode == Mode::Write);
                let killable = u32::from(wait == Wait::Killable);
                (0, lock.0, write | killable << 1)
            }
            Op::Unlock { lock } => (1, lock.0, 0),
            Op::Alloc { gfp, pages } => (2, pages, u32::from(gfp == Gfp::Nofs)),
            Op::Free { pages } => (3, pages, 0),
            Op::Fault { mm, pages } => (4, mm.0, u32::from(pages)),
            Op::Mmap { mm } => (5, mm.0, 0),
            Op::WaitFor { completion } => (6, completion.0, 0),
            Op::Complete { completion } => (7, completion.0, 0),
        };
        out.extend([tag, u32::from(a), b, u32::from(line.resume)]);
    });
}

/// Reads a machine; it has no names.
pub fn to_machine(numbers: &[u32]) -> Option<Machine> {
    let mut from = Numbers(numbers.iter());
    let zone = Zone {
        total_pages: from.number()?,
        mb_per_page: from.number()?,
        free_pages: from.number()?,
        min: from.number()?,
        low: from.number()?,
        high: from.number()?,
    };
    let (low, high): (u32, u32) = (from.number()?, from.number()?);
    let patches = PatchSet(u64::from(high) << 32 | u64::from(low));
    let rules = Rules {
        timing: if from.bit()? {
            Timing::Adversarial
        } else {
            Timing::SleepsAreLong
        },
        killer_window: if from.bit()? {
            KillerWindow::Split
        } else {
            KillerWindow::Closed
        },
        parking: if from.bit()? {
            Parking::Off
        } else {
            Parking::On
        },
    };
    let completions: u8 = from.number()?;
    Some(Machine {
        zone,
        tasks: from.list(Numbers::actor)?,
        processes: from.list(Numbers::process)?,
        locks: from.list(Numbers::lock)?,
        mms: from.list(Numbers::mm)?,
        completions: vec![String::new(); usize::from(completions)],
        patches,
        kernel: Kernel::of(patches),
        rules,
    })
}

struct Numbers<'a>(core::slice::Iter<'a, u32>);

impl Numbers<'_> {
    fn number<T: TryFrom<u32>>(&mut self) -> Option<T> {
        T::try_from(*self.0.next()?).ok()
    }

    fn bit(&mut self) -> Option<bool> {
        Some(self.number::<u32>()? != 0)
    }

    fn list<T>(&mut self, one: fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let len: u8 = self.number()?;
        (0..len).map(|_| one(self)).collect()
    }

    fn actor(&mut self) -> Option<Actor> {
        let (kind, process): (u32, u8) = (self.number()?, self.number()?);
        let mm: u8 = self.number()?;
        Some(Actor {
            name: String::new(),
            pid: 0,
            kind: match kind {
                0 => Kind::User(ProcessId(process)),
                1 => Kind::Kthread,
                2 => Kind::Kworker,
                _ => Kind::OomReaper,
            },
            mm: mm.checked_sub(1).map(MmId),
            program: self.list(Numbers::line)?,
        })
    }

    fn line(&mut self) -> Option<Line> {
        let (tag, a, b): (u32, u8, u8) = (self.number()?, self.number()?, self.number()?);
        let op = match tag {
            0 => Op::Lock {
                lock: LockId(a),
                mode: if b & 1 != 0 { Mode::Write } else { Mode::Read },
                wait: if b & 2 != 0 {
                    Wait::Killable
                } else {
                    Wait::Uninterruptible
                },
            },
            1 => Op::Unlock { lock: LockId(a) },
            2 => Op::Alloc {
                gfp: if b != 0 { Gfp::Nofs } else { Gfp::Kernel },
                pages: a,
            },
            3 => Op::Free { pages: a },
            4 => Op::Fault {
                mm: MmId(a),
                pages: b,
            },
            5 => Op::Mmap { mm: MmId(a) },
            6 => Op::WaitFor {
                completion: CompletionId(a),
            },
            _ => Op::Complete {
                completion: CompletionId(a),
            },
        };
        Some(Line {
            op,
            resume: self.number()?,
            source: 0,
        })
    }

    fn process(&mut self) -> Option<Process> {
        Some(Process {
            name: String::new(),
            leader: TaskId(self.number()?),
            threads: self.number()?,
            oom_score_adj: self.number::<i16>()? - 1000,
        })
    }

    fn lock(&mut self) -> Option<Lock> {
        let (class, mm): (u32, u8) = (self.number()?, self.number()?);
        let class = match class {
            0 => LockClass::OomLock,
            1 => LockClass::MmapSem(MmId(mm)),
            2 => LockClass::InodeMutex,
            3 => LockClass::Mutex,
            4 => LockClass::Rwsem,
            _ => LockClass::PageLock,
        };
        Some(Lock {
            name: String::new(),
            class,
        })
    }

    fn mm(&mut self) -> Option<MmInfo> {
        Some(MmInfo {
            name: String::new(),
            mmap_sem: LockId(self.number()?),
            vmas: self.list(|from| {
                let (pages, shared, locked) = (from.number()?, from.bit()?, from.bit()?);
                let page_lock: u8 = from.number()?;
                Some(VmaInfo {
                    pages,
                    backing: if shared {
                        Backing::Shared
                    } else {
                        Backing::Anon
                    },
                    locked,
                    page_lock: page_lock.checked_sub(1).map(LockId),
                })
            })?,
        })
    }
}

/// Writes a run.
pub fn from_moves(moves: &[Move]) -> Vec<u32> {
    let one = |entry: &Move| match *entry {
        Move::Step(Transition(task)) => u32::from(task.0),
        Move::Act(Act::Switch { patch, on }) => 1 << 16 | u32::from(patch.0) << 1 | u32::from(on),
        Move::Act(Act::Kill { task }) => 2 << 16 | u32::from(task.0),
        Move::Act(Act::AddPages { pages }) => 3 << 16 | u32::from(pages),
    };
    moves.iter().map(one).collect()
}

/// Reads a run; whether the machine can make it is for the replay to say.
pub fn to_moves(numbers: &[u32]) -> Vec<Move> {
    let one = |&number: &u32| {
        let low = number as u8;
        match number >> 16 {
            0 => Move::Step(Transition(TaskId(low))),
            1 => Move::Act(Act::Switch {
                patch: PatchId(low >> 1),
                on: low & 1 != 0,
            }),
            2 => Move::Act(Act::Kill { task: TaskId(low) }),
            _ => Move::Act(Act::AddPages { pages: low }),
        }
    };
    numbers.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use oomscope_scenario::builtin::BUILTIN;

    use super::*;

    /// The machine as it arrives: without names and line numbers.
    fn nameless(machine: &Machine) -> Machine {
        let mut machine = machine.clone();
        for task in &mut machine.tasks {
            task.name.clear();
            task.pid = 0;
            task.program.iter_mut().for_each(|line| line.source = 0);
        }
        machine.processes.iter_mut().for_each(|it| it.name.clear());
        machine.locks.iter_mut().for_each(|it| it.name.clear());
        machine.mms.iter_mut().for_each(|it| it.name.clear());
        machine.completions.iter_mut().for_each(String::clear);
        machine
    }

    #[test]
    fn every_machine_arrives_as_it_was() {
        for builtin in BUILTIN {
            let mut machine = builtin.scenario().expect("readable").machine;
            machine.rules.timing = Timing::Adversarial;
            let numbers = from_machine(&machine);
            assert_eq!(
                to_machine(&numbers),
                Some(nameless(&machine)),
                "{}",
                builtin.id
            );
            assert_eq!(to_machine(&numbers[..numbers.len() - 1]), None);
        }
    }

    #[test]
    fn every_move_arrives_as_it_was() {
        let moves = [
            Move::Step(Transition(TaskId(31))),
            Move::Act(Act::Switch {
                patch: PatchId(63),
                on: true,
            }),
            Move::Act(Act::Switch {
                patch: PatchId(0),
                on: false,
            }),
            Move::Act(Act::Kill { task: TaskId(4) }),
            Move::Act(Act::AddPages { pages: 255 }),
        ];
        assert_eq!(to_moves(&from_moves(&moves)), moves);
    }
}
