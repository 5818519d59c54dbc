//! What a program cannot do at this line, with the locks that it holds and the life that it has
//! led.

use oomscope_model::kernel::xfs::DIRTY_MAX;
use oomscope_model::machine::{Gfp, Kind, LockClass, LockId, MmId, Mode, Op, ProcessId, WriteSite};

use super::Compiler;
use crate::verb::{Make, Sort, VERBS, Verb};

impl Compiler<'_, '_> {
    /// The address space of another process; its `mmap_sem` is taken.
    pub(super) fn other_mm(&mut self, mm: MmId, verb: &Verb, at: usize) -> Option<MmId> {
        if self.machine.actor(self.task).mm == Some(mm) {
            let sentence = format!("{} is for another process", verb.word);
            self.error(at, sentence, None);
            return None;
        }
        if self.is_in_kernel() {
            let sentence = format!("{} is called from user mode, with no lock held", verb.word);
            self.error(at, sentence, None);
            return None;
        }
        Some(mm)
    }

    /// A parent begins inside `vfork`; the child is a process that runs in its memory.
    pub(super) fn vfork(&mut self, child: ProcessId, at: usize) -> Option<Op> {
        let info = self.machine.process(child);
        let parent = self.machine.actor(self.task);
        let mm = self.machine.actor(info.leader).mm;
        let complaint = if !self.first {
            Some(format!("{} is not at its beginning here", parent.name))
        } else if !info.traits.in_vfork || parent.mm != mm || parent.kind == Kind::User(child) {
            Some(format!(
                "{} is no vforked child of {}",
                info.name, parent.name
            ))
        } else {
            None
        };
        if let Some(sentence) = complaint {
            let hint = "vfork is the first line, its child has in_vfork and mm";
            self.error(at, sentence, Some(hint.into()));
            return None;
        }
        let name = format!("{}.vfork", info.name);
        let completion = self.completions.ends(&name, at, self.notes)?;
        Some(Op::Vfork {
            process: child,
            completion,
        })
    }

    /// A thread of a process dumps core once, from user mode, and does not go back there.
    pub(super) fn core_dump(&mut self, at: usize) -> Option<Op> {
        let process = self.machine.process_of(self.task);
        let complaint = match process {
            Some(_) if self.dumped => "dumps core twice",
            Some(_) if self.exited => "has exited here",
            Some(_) if self.is_in_kernel() => "is in the kernel here, where no signal reaches it",
            Some(process) => {
                self.dumped = true;
                let name = &self.machine.process(process).name;
                let [startup, finish] = [".startup", ".core"].map(|end| format!("{name}{end}"));
                let startup = self.completions.ends(&startup, at, self.notes)?;
                let finish = self.completions.ends(&finish, at, self.notes)?;
                return Some(Op::CoreDump { startup, finish });
            }
            None => "is a kernel thread and dumps no core",
        };
        let sentence = format!("{} {complaint}", self.name());
        self.error(at, sentence, None);
        None
    }

    /// A thread that is left alone in user mode.
    pub(super) fn pause(&mut self, at: usize) -> Option<Op> {
        let user = matches!(self.machine.actor(self.task).kind, Kind::User(_));
        let away = self.exited || self.dumped;
        if !user || away || self.is_in_kernel() {
            let sentence = format!("{} is not in user mode here", self.name());
            self.error(at, sentence, None);
            return None;
        }
        self.paused = true;
        Some(Op::Pause)
    }

    /// A thread leaves once, from user mode.
    pub(super) fn exit(&mut self, at: usize) -> Option<Op> {
        let complaint = match self.machine.actor(self.task).kind {
            Kind::User(_) if self.exited => "exits twice",
            Kind::User(_) if self.held.iter().any(Option::is_some) => "still holds a lock here",
            Kind::User(_) if self.is_in_kernel() => "is not in user mode here",
            Kind::User(_) => {
                self.exited = true;
                self.paused = false;
                return Some(Op::Exit);
            }
            _ => "is a kernel thread and has no exit",
        };
        let sentence = format!("{} {complaint}", self.name());
        self.error(at, sentence, None);
        None
    }

    /// Faults and mappings happen in the address space the task lives in, and take its
    /// `mmap_sem`.
    pub(super) fn own_mm(&mut self, mm: MmId, verb: &Verb, at: usize) -> Option<MmId> {
        let info = &self.machine.mms[mm.0 as usize];
        if self.machine.actor(self.task).mm != Some(mm) {
            let sentence = format!(
                "{} does not run in the address space of {}",
                self.name(),
                info.name
            );
            let hint = format!("a kernel thread adopts one with use_mm = {:?}", info.name);
            self.error(at, sentence, Some(hint));
            return None;
        }
        if self.exited {
            let sentence = format!("{} has no address space after exit", self.name());
            self.error(at, sentence, None);
            return None;
        }
        self.free_mmap_sem(mm, verb, at)
    }

    /// Nobody takes a lock twice.
    pub(super) fn free_mmap_sem(&mut self, mm: MmId, verb: &Verb, at: usize) -> Option<MmId> {
        let info = &self.machine.mms[mm.0 as usize];
        if self.held[info.mmap_sem.0 as usize].is_some() {
            let lock = &self.machine.locks[info.mmap_sem.0 as usize].name;
            let sentence = format!(
                "{} takes {lock}, which {} already holds here",
                verb.word,
                self.name()
            );
            self.error(at, sentence, None);
            return None;
        }
        Some(mm)
    }

    /// khugepaged works on any address space, user space on its own.
    pub(super) fn write_site(
        &mut self,
        site: WriteSite,
        mm: MmId,
        verb: &Verb,
        at: usize,
    ) -> Option<MmId> {
        let is_kthread = self.machine.actor(self.task).kind == Kind::Kthread;
        match site {
            WriteSite::UffdRegister => self.own_mm(mm, verb, at),
            WriteSite::Khugepaged if is_kthread => self.free_mmap_sem(mm, verb, at),
            WriteSite::Khugepaged => {
                let sentence = format!("{} is for kernel threads", verb.word);
                let hint = Some("write the program under [[kthread]]".into());
                self.error(at, sentence, hint);
                None
            }
        }
    }

    /// The `i_mmap_rwsem` of a file: any rwsem of the scenario's own that is free here.
    pub(super) fn i_mmap(&mut self, lock: LockId, at: usize) -> Option<LockId> {
        let info = &self.machine.locks[lock.0 as usize];
        let name = info.name.clone();
        if info.class != LockClass::Rwsem {
            let hint = "declare one with [[lock]] and kind = \"rwsem\"".into();
            self.error(at, format!("{name} belongs to no file"), Some(hint));
            return None;
        }
        if self.held[lock.0 as usize].is_some() {
            let sentence = format!("{} already holds {name} here", self.name());
            self.error(at, sentence, None);
            return None;
        }
        Some(lock)
    }

    /// A mutex is never shared; the inode lock is from 4.7 on.
    pub(super) fn only_for_inode_lock(
        &mut self,
        verb: &Verb,
        lock: LockId,
        at: usize,
    ) -> Option<()> {
        let info = &self.machine.locks[lock.0 as usize];
        let shared = verb.make
            == Make::Lock(Mode::Read, oomscope_model::machine::Wait::Uninterruptible)
            && verb.sort() == Some(Sort::Mutex);
        if !shared || info.class == LockClass::InodeMutex {
            return Some(());
        }
        let sentence = format!("{} is for inode locks, {} is none", verb.word, info.name);
        let hint = Some("declare it with kind = \"i_mutex\"".into());
        self.error(at, sentence, hint);
        None
    }

    /// A vcpu is a thread of the process; a device is nobody's, so a kernel thread stands
    /// for it.
    pub(super) fn guest_mm(&mut self, mm: MmId, at: usize) -> Option<MmId> {
        let info = &self.machine.mms[mm.0 as usize];
        let actor = self.machine.actor(self.task);
        if info.notifiers.is_empty() {
            let sentence = format!("nobody has page tables of their own over {}", info.name);
            self.error(at, sentence, Some("add [[process.notifier]]".into()));
            return None;
        }
        if matches!(actor.kind, Kind::User(_)) && actor.mm != Some(mm) {
            let sentence = format!("{} is no thread of {}", self.name(), info.name);
            let hint = "a kernel thread can stand for a device".into();
            self.error(at, sentence, Some(hint));
            return None;
        }
        if self.exited {
            let sentence = format!("{} runs no guest after exit", self.name());
            self.error(at, sentence, None);
            return None;
        }
        Some(mm)
    }

    pub(super) fn take(&mut self, lock: LockId, mode: Mode, at: usize) -> Option<()> {
        if self.held[lock.0 as usize].is_some() {
            let lock = &self.machine.locks[lock.0 as usize].name;
            self.error(
                at,
                format!("{} already holds {lock} here", self.name()),
                None,
            );
            return None;
        }
        self.held[lock.0 as usize] = Some((mode, at));
        Some(())
    }

    /// XFS takes its buffers in nobody's name.
    pub(super) fn not_accounted(&mut self, gfp: Gfp, at: usize) -> Option<()> {
        if gfp.has(Gfp::ACCOUNT) {
            let hint = Some("use alloc_page".into());
            self.error(at, "kmem_alloc is charged to no memory cgroup".into(), hint);
            return None;
        }
        Some(())
    }

    /// One transaction at a time: `xfs_trans_alloc` inside another one deadlocks on the log.
    pub(super) fn start_trans(&mut self, at: usize) -> Option<()> {
        if self.trans.is_some() {
            let sentence = format!("{} is already in a transaction here", self.name());
            self.error(at, sentence, Some("end it with trans_commit".into()));
            return None;
        }
        self.trans = Some((at, 0));
        Some(())
    }

    /// `PF_MEMALLOC` is set and cleared in turn.
    pub(super) fn memalloc(&mut self, on: bool, at: usize) -> Option<Op> {
        if self.memalloc.is_some() == on {
            let (word, hint) = match on {
                true => ("already", "clear it with memalloc_noreclaim_restore"),
                false => ("not", "memalloc_noreclaim_save sets it"),
            };
            let sentence = format!("{} has {word} set PF_MEMALLOC here", self.name());
            self.error(at, sentence, Some(hint.into()));
            return None;
        }
        self.memalloc = on.then_some(at);
        Some(Op::Memalloc { on })
    }

    /// Pages that the transaction, if there is one, will hold dirty.
    pub(super) fn dirty(&mut self, pages: u8, at: usize) -> Option<()> {
        let Some((_, dirty)) = &mut self.trans else {
            return Some(());
        };
        *dirty += u32::from(pages);
        if *dirty > u32::from(DIRTY_MAX) {
            let sentence = format!("a transaction takes at most {DIRTY_MAX} pages");
            self.error(at, sentence, Some("commit it and start another".into()));
            return None;
        }
        Some(())
    }

    pub(super) fn give_back(&mut self, lock: LockId, mode: Mode, at: usize) -> Option<()> {
        let name = &self.machine.locks[lock.0 as usize].name;
        match self.held[lock.0 as usize] {
            None => {
                self.error(
                    at,
                    format!("{} does not hold {name} here", self.name()),
                    None,
                );
                None
            }
            Some((held, _)) if held != mode => {
                let (took, back) = match held {
                    Mode::Read => ("reading", "up_read"),
                    Mode::Write => ("writing", "up_write"),
                };
                let sentence = format!("{} holds {name} for {took} here", self.name());
                self.error(at, sentence, Some(format!("write {back} {name}")));
                None
            }
            Some(_) => {
                self.held[lock.0 as usize] = None;
                Some(())
            }
        }
    }

    pub(super) fn end(&mut self) {
        if let Some((at, _)) = self.trans {
            let sentence = format!("{} is still in its transaction at its end", self.name());
            self.error(at, sentence, Some("add trans_commit".into()));
        }
        if let Some(at) = self.memalloc {
            let sentence = format!("{} still has PF_MEMALLOC set at its end", self.name());
            let hint = "add memalloc_noreclaim_restore".into();
            self.error(at, sentence, Some(hint));
        }
        for index in 0..self.held.len() {
            let Some((mode, at)) = self.held[index] else {
                continue;
            };
            let lock = &self.machine.locks[index];
            let back = VERBS.iter().find(|verb| {
                verb.sort() == Sort::of(lock.class) && verb.make == Make::Unlock(mode)
            });
            let hint = back.map(|verb| format!("add {} {}", verb.word, lock.name));
            let sentence = format!("{} still holds {} at its end", self.name(), lock.name);
            self.error(at, sentence, hint);
        }
    }
}
