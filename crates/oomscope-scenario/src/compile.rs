//! Statements to compiled lines, with a symbolic walk: the program is followed line by
//! line with the set of locks it holds, and what could never work is refused here.

use oomscope_model::kernel::xfs::DIRTY_MAX;
use oomscope_model::machine::{
    CompletionId, Gfp, Kind, LOCKS_MAX, Line, LockClass, LockId, Machine, MmId, Mode, ORDER_MAX,
    Op, ProcessId, RwsemConfig, TaskId, WriteSite,
};

use crate::diagnostic::{Notes, did_you_mean, list_words};
use crate::program::Statement;
use crate::verb::{Argument, GFPS, MODIFIERS, Make, PAGES, Sort, VERBS, Verb};

/// The most completions one machine can hold: one bit each in the state.
pub(crate) const COMPLETIONS_MAX: usize = 16;

/// Who uses a completion, to find waits that nobody ends.
#[derive(Default)]
pub(crate) struct Completions {
    pub(crate) names: Vec<String>,
    /// First `wait_for` of each name, as an offset of the file.
    waited: Vec<Option<usize>>,
    completed: Vec<bool>,
}

impl Completions {
    fn id(&mut self, name: &str, at: usize, notes: &mut Notes<'_>) -> Option<CompletionId> {
        if let Some(index) = self.names.iter().position(|known| known == name) {
            return Some(CompletionId(index as u8));
        }
        if self.names.len() == COMPLETIONS_MAX {
            notes.error(
                at,
                format!("more than {COMPLETIONS_MAX} names to wait for"),
                None,
            );
            return None;
        }
        self.names.push(String::from(name));
        self.waited.push(None);
        self.completed.push(false);
        Some(CompletionId(self.names.len() as u8 - 1))
    }

    /// The completion of this name, for which something outside the programs waits.
    pub(crate) fn waits(
        &mut self,
        name: &str,
        at: usize,
        notes: &mut Notes<'_>,
    ) -> Option<CompletionId> {
        let id = self.id(name, at, notes)?;
        self.waited[id.0 as usize].get_or_insert(at);
        Some(id)
    }

    /// The completion of this name, which something outside the programs completes.
    pub(crate) fn ends(
        &mut self,
        name: &str,
        at: usize,
        notes: &mut Notes<'_>,
    ) -> Option<CompletionId> {
        let id = self.id(name, at, notes)?;
        self.completed[id.0 as usize] = true;
        Some(id)
    }

    /// Warns of every wait that nobody ends.
    pub(crate) fn check(&self, notes: &mut Notes<'_>) {
        for (index, name) in self.names.iter().enumerate() {
            if let (Some(at), false) = (self.waited[index], self.completed[index]) {
                let others = self.names.iter().enumerate();
                let completed = others.filter(|(other, _)| self.completed[*other]);
                let hint = did_you_mean(name, completed.map(|(_, name)| name.as_str()))
                    .unwrap_or_else(|| format!("add complete {name} to some program"));
                notes.warning(at, format!("nobody completes {name:?}"), Some(hint));
            }
        }
    }
}

/// Compiles one program. What is wrong is noted and left out.
pub(crate) fn compile(
    machine: &Machine,
    task: TaskId,
    statements: &[Statement<'_>],
    completions: &mut Completions,
    notes: &mut Notes<'_>,
) -> Vec<Line> {
    let mut compiler = Compiler {
        machine,
        task,
        completions,
        notes,
        held: [None; LOCKS_MAX],
        trans: None,
        memalloc: None,
        exited: false,
        paused: false,
        dumped: false,
        first: true,
    };
    let mut lines = Vec::new();
    let mut holds_nothing_after = Vec::new();
    for statement in statements {
        let op = compiler.statement(statement);
        compiler.first = false;
        if let Some(op) = op {
            lines.push(Line {
                op,
                resume: 0,
                source: statement.line,
            });
            holds_nothing_after.push(!compiler.is_in_kernel());
        }
    }
    compiler.end();
    let mut resume = lines.len() as u8;
    for (index, line) in lines.iter_mut().enumerate().rev() {
        if holds_nothing_after[index] {
            resume = index as u8 + 1;
        }
        line.resume = resume;
    }
    lines
}

/// A lock that the program holds: how, and where it took it.
type Hold = Option<(Mode, usize)>;

struct Compiler<'c, 'n> {
    machine: &'c Machine,
    task: TaskId,
    completions: &'c mut Completions,
    notes: &'c mut Notes<'n>,
    held: [Hold; LOCKS_MAX],
    /// The transaction it is in: where it began, and the pages it has taken.
    trans: Option<(usize, u32)>,
    /// Where it set `PF_MEMALLOC`.
    memalloc: Option<usize>,
    /// It is past its `exit`.
    exited: bool,
    /// It stays in user mode for good.
    paused: bool,
    /// It writes a core dump.
    dumped: bool,
    /// It has not begun.
    first: bool,
}

/// The arguments of a line, resolved.
#[derive(Default)]
struct Arguments {
    lock: Option<LockId>,
    gfp: Option<Gfp>,
    order: u8,
    mm: Option<MmId>,
    completion: Option<CompletionId>,
    process: Option<ProcessId>,
    thread: Option<TaskId>,
    pages: u8,
    pages_given: bool,
}

impl Compiler<'_, '_> {
    fn error(&mut self, at: usize, sentence: String, hint: Option<String>) {
        self.notes.error(at, sentence, hint);
    }

    /// Whether it cannot be in user mode here.
    fn is_in_kernel(&self) -> bool {
        let locked = self.held.iter().any(Option::is_some);
        locked || self.trans.is_some() || self.memalloc.is_some()
    }

    fn name(&self) -> &str {
        &self.machine.actor(self.task).name
    }

    fn statement(&mut self, statement: &Statement<'_>) -> Option<Op> {
        let (&(at, word), rest) = statement.words.split_first()?;
        let Some(verb) = Verb::named(word) else {
            let hint = did_you_mean(word, VERBS.iter().map(|verb| verb.word).chain(["repeat"]));
            self.error(at, format!("unknown verb {word:?}"), hint);
            return None;
        };
        let arguments = self.arguments(verb, at, rest)?;
        if self.paused && verb.make != Make::Exit {
            let sentence = format!("{} never comes here: it is in pause", self.name());
            self.error(at, sentence, Some("only exit can follow pause".into()));
            return None;
        }
        match verb.make {
            Make::Lock(mode, wait) => {
                let lock = arguments.lock?;
                self.only_for_inode_lock(verb, lock, at)?;
                self.take(lock, mode, at)?;
                Some(Op::Lock { lock, mode, wait })
            }
            Make::Unlock(mode) => {
                let lock = arguments.lock?;
                self.give_back(lock, mode, at)?;
                Some(Op::Unlock { lock })
            }
            Make::Alloc | Make::AllocOrder => Some(Op::Alloc {
                gfp: arguments.gfp?,
                order: arguments.order,
                pages: arguments.pages,
            }),
            Make::Kmem(fail) => {
                self.not_accounted(arguments.gfp?, at)?;
                self.dirty(arguments.pages, at)?;
                Some(Op::KmemAlloc {
                    gfp: arguments.gfp?,
                    pages: arguments.pages,
                    fail,
                })
            }
            Make::TransStart => {
                self.start_trans(at)?;
                Some(Op::TransStart {
                    pages: arguments.pages,
                })
            }
            Make::TransCommit => {
                if self.trans.take().is_none() {
                    let sentence = format!("{} is in no transaction here", self.name());
                    self.error(at, sentence, Some("trans_start begins one".into()));
                    return None;
                }
                Some(Op::TransCommit)
            }
            Make::Memalloc { on } => self.memalloc(on, at),
            Make::SysrqF => Some(Op::SysrqF),
            Make::Free => Some(Op::Free {
                pages: arguments.pages,
            }),
            Make::Fault => {
                let mm = self.own_mm(arguments.mm?, verb, at)?;
                Some(Op::Fault {
                    mm,
                    pages: arguments.pages,
                })
            }
            Make::Copy => Some(Op::Copy {
                mm: self.own_mm(arguments.mm?, verb, at)?,
            }),
            Make::Mmap => Some(Op::Mmap {
                mm: self.own_mm(arguments.mm?, verb, at)?,
            }),
            Make::Munmap => {
                let mm = self.own_mm(arguments.mm?, verb, at)?;
                Some(match (arguments.pages_given, arguments.pages) {
                    (false, _) => Op::Mmap { mm },
                    (true, pages) => Op::Munmap { mm, pages },
                })
            }
            Make::MapFile { unmap } => {
                let mm = self.own_mm(arguments.mm?, verb, at)?;
                let i_mmap = self.i_mmap(arguments.lock?, at)?;
                Some(Op::MapFile { mm, i_mmap, unmap })
            }
            Make::WriteSite(site) => Some(Op::WriteSite {
                mm: self.write_site(site, arguments.mm?, verb, at)?,
                site,
            }),
            Make::RemoteRead => Some(Op::RemoteRead {
                mm: self.free_mmap_sem(arguments.mm?, verb, at)?,
                pages: arguments.pages,
            }),
            Make::Downgrade => {
                let lock = arguments.lock?;
                self.give_back(lock, Mode::Write, at)?;
                self.take(lock, Mode::Read, at)?;
                Some(Op::Downgrade { lock })
            }
            Make::Kill => Some(Op::Kill {
                process: arguments.process?,
            }),
            Make::Signal => Some(Op::Signal {
                task: arguments.thread?,
            }),
            Make::Mrelease => Some(Op::Mrelease {
                mm: self.other_mm(arguments.mm?, verb, at)?,
            }),
            Make::GuestAccess => Some(Op::GuestAccess {
                mm: self.guest_mm(arguments.mm?, at)?,
            }),
            Make::CoreDump => self.core_dump(at),
            Make::Vfork => self.vfork(arguments.process?, at),
            Make::Pause => self.pause(at),
            Make::Exit => self.exit(at),
            Make::WaitFor => {
                let completion = arguments.completion?;
                self.completions.waited[completion.0 as usize].get_or_insert(at);
                Some(Op::WaitFor { completion })
            }
            Make::Complete => {
                let completion = arguments.completion?;
                self.completions.completed[completion.0 as usize] = true;
                Some(Op::Complete { completion })
            }
        }
    }

    fn arguments(&mut self, verb: &Verb, at: usize, words: &[(usize, &str)]) -> Option<Arguments> {
        let mut found = Arguments {
            pages: 1,
            ..Arguments::default()
        };
        let mut words = words.iter();
        for argument in verb.arguments {
            let Some(&(at_word, word)) = words.next() else {
                if *argument == Argument::Pages {
                    continue;
                }
                let usage = format!("write {}", verb.usage());
                self.error(at, format!("{} needs more words", verb.word), Some(usage));
                return None;
            };
            match argument {
                Argument::Lock(sort) => found.lock = Some(self.lock(word, *sort, at_word, verb)?),
                Argument::Gfp => found.gfp = Some(self.gfp(word, at_word)?),
                Argument::Order => found.order = self.order(word, at_word)?,
                Argument::Pages => {
                    found.pages = self.pages(word, at_word)?;
                    found.pages_given = true;
                }
                Argument::Process => found.process = Some(self.process(word, at_word)?),
                Argument::Thread => found.thread = Some(self.thread(word, at_word)?),
                Argument::Mm => found.mm = Some(self.mm(word, at_word)?),
                Argument::Completion => {
                    found.completion = Some(self.completions.id(word, at_word, self.notes)?);
                }
            }
        }
        if let Some(&(at_word, word)) = words.next() {
            let usage = format!("write {}", verb.usage());
            self.error(at_word, format!("{word:?} is too much here"), Some(usage));
            return None;
        }
        Some(found)
    }

    fn lock(&mut self, word: &str, sort: Sort, at: usize, verb: &Verb) -> Option<LockId> {
        let locks = &self.machine.locks;
        let Some(index) = locks.iter().position(|lock| lock.name == word) else {
            let fitting = locks
                .iter()
                .filter(|lock| Sort::of(lock.class) == Some(sort));
            let names = fitting.map(|lock| lock.name.as_str());
            let hint = did_you_mean(word, names.clone())
                .unwrap_or_else(|| known("there is", "declare it with [[lock]]", names));
            self.error(at, format!("unknown lock {word:?}"), Some(hint));
            return None;
        };
        let class = locks[index].class;
        match Sort::of(class) {
            Some(found) if found == sort => Some(LockId(index as u8)),
            Some(found) => {
                let words = VERBS.iter().filter(|verb| verb.sort() == Some(found));
                let hint = format!("its verbs are {}", list_words(words.map(|verb| verb.word)));
                let sentence = format!("{word} is {}, {} is not for it", found.phrase(), verb.word);
                self.error(at, sentence, Some(hint));
                None
            }
            None => {
                let who = if class == LockClass::OomLock {
                    "OOM killer"
                } else {
                    "kernel"
                };
                let sentence = format!("{word} is taken by the {who} itself, not by programs");
                self.error(at, sentence, None);
                None
            }
        }
    }

    fn gfp(&mut self, word: &str, at: usize) -> Option<Gfp> {
        let mut parts = word.split('|');
        let base = parts.next().unwrap_or_default();
        let mut gfp = self.gfp_named(base, at, &GFPS)?;
        for part in parts {
            gfp = gfp.with(self.gfp_named(part, at, &MODIFIERS)?);
        }
        // What the kernel warns about or what says two things at once.
        let contradictions = [
            (Gfp::NORETRY, "__GFP_NORETRY"),
            (Gfp::RETRY_MAYFAIL, "__GFP_RETRY_MAYFAIL"),
        ];
        for (bit, name) in contradictions {
            if gfp.has(Gfp::NOFAIL) && gfp.has(bit) {
                let sentence = format!("__GFP_NOFAIL and {name} contradict each other");
                self.error(at, sentence, None);
                return None;
            }
        }
        if gfp.has(Gfp::NOFAIL) && !gfp.has(Gfp::DIRECT_RECLAIM) {
            let hint = Some("use GFP_NOIO or GFP_NOFS".into());
            self.error(at, format!("{base} cannot sleep, so it can fail"), hint);
            return None;
        }
        Some(gfp)
    }

    fn gfp_named<T: Copy>(&mut self, word: &str, at: usize, table: &[(&str, T)]) -> Option<T> {
        if let Some((_, flags)) = table.iter().find(|(name, _)| *name == word) {
            return Some(*flags);
        }
        let names = table.iter().map(|(name, _)| *name);
        let hint =
            did_you_mean(word, names.clone()).unwrap_or_else(|| known("there is", "", names));
        self.error(at, format!("unknown allocation flags {word:?}"), Some(hint));
        None
    }

    fn order(&mut self, word: &str, at: usize) -> Option<u8> {
        if let Some(order) = word.parse().ok().filter(|&order| order <= ORDER_MAX) {
            return Some(order);
        }
        let sentence = format!("{word:?} is not an order from 0 to {ORDER_MAX}");
        self.error(at, sentence, None);
        None
    }

    fn pages(&mut self, word: &str, at: usize) -> Option<u8> {
        if let Some(pages) = word.parse().ok().filter(|pages| PAGES.contains(pages)) {
            return Some(pages);
        }
        let hint = "for more, write several lines or a repeat".into();
        self.error(
            at,
            format!("{word:?} is not a number of pages from 1 to 15"),
            Some(hint),
        );
        None
    }

    fn mm(&mut self, word: &str, at: usize) -> Option<MmId> {
        let mms = &self.machine.mms;
        if let Some(index) = mms.iter().position(|mm| mm.name == word) {
            return Some(MmId(index as u8));
        }
        let names = mms.iter().map(|mm| mm.name.as_str());
        let hint = did_you_mean(word, names.clone())
            .unwrap_or_else(|| known("there is", "declare it with [[process]]", names));
        self.error(at, format!("unknown process {word:?}"), Some(hint));
        None
    }

    /// The address space of another process; its `mmap_sem` is taken.
    fn other_mm(&mut self, mm: MmId, verb: &Verb, at: usize) -> Option<MmId> {
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
    fn vfork(&mut self, child: ProcessId, at: usize) -> Option<Op> {
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
    fn core_dump(&mut self, at: usize) -> Option<Op> {
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
    fn pause(&mut self, at: usize) -> Option<Op> {
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
    fn exit(&mut self, at: usize) -> Option<Op> {
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
    fn own_mm(&mut self, mm: MmId, verb: &Verb, at: usize) -> Option<MmId> {
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
    fn free_mmap_sem(&mut self, mm: MmId, verb: &Verb, at: usize) -> Option<MmId> {
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
    fn write_site(&mut self, site: WriteSite, mm: MmId, verb: &Verb, at: usize) -> Option<MmId> {
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
    fn i_mmap(&mut self, lock: LockId, at: usize) -> Option<LockId> {
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
    fn only_for_inode_lock(&mut self, verb: &Verb, lock: LockId, at: usize) -> Option<()> {
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

    fn process(&mut self, word: &str, at: usize) -> Option<ProcessId> {
        let processes = &self.machine.processes;
        if let Some(index) = processes.iter().position(|process| process.name == word) {
            return Some(ProcessId(index as u8));
        }
        let names = processes.iter().map(|process| process.name.as_str());
        let hint = did_you_mean(word, names.clone())
            .unwrap_or_else(|| known("there is", "declare it with [[process]]", names));
        self.error(at, format!("unknown process {word:?}"), Some(hint));
        None
    }

    fn thread(&mut self, word: &str, at: usize) -> Option<TaskId> {
        let found = self.machine.task_named(word);
        if found.is_some_and(|task| self.machine.process_of(task).is_some()) {
            return found;
        }
        let users = self.machine.tasks.iter();
        let users = users.filter(|actor| matches!(actor.kind, Kind::User(_)));
        let names = users.map(|actor| actor.name.as_str());
        let sentence = match found {
            Some(_) => format!("{word} is a kernel thread and gets no signals"),
            None => format!("unknown task {word:?}"),
        };
        let hint =
            did_you_mean(word, names.clone()).unwrap_or_else(|| known("there is", "", names));
        self.error(at, sentence, Some(hint));
        None
    }

    /// A vcpu is a thread of the process; a device is nobody's, so a kernel thread stands
    /// for it.
    fn guest_mm(&mut self, mm: MmId, at: usize) -> Option<MmId> {
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
        Some(mm)
    }

    fn take(&mut self, lock: LockId, mode: Mode, at: usize) -> Option<()> {
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
    fn not_accounted(&mut self, gfp: Gfp, at: usize) -> Option<()> {
        if gfp.has(Gfp::ACCOUNT) {
            let hint = Some("use alloc_page".into());
            self.error(at, "kmem_alloc is charged to no memory cgroup".into(), hint);
            return None;
        }
        Some(())
    }

    /// One transaction at a time: `xfs_trans_alloc` inside another one deadlocks on the log.
    fn start_trans(&mut self, at: usize) -> Option<()> {
        if self.trans.is_some() {
            let sentence = format!("{} is already in a transaction here", self.name());
            self.error(at, sentence, Some("end it with trans_commit".into()));
            return None;
        }
        self.trans = Some((at, 0));
        Some(())
    }

    /// `PF_MEMALLOC` is set and cleared in turn.
    fn memalloc(&mut self, on: bool, at: usize) -> Option<Op> {
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
    fn dirty(&mut self, pages: u8, at: usize) -> Option<()> {
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

    fn give_back(&mut self, lock: LockId, mode: Mode, at: usize) -> Option<()> {
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

    fn end(&mut self) {
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

fn known<'a>(
    there_is: &str,
    otherwise: &str,
    names: impl Iterator<Item = &'a str> + Clone,
) -> String {
    if names.clone().next().is_none() || names.clone().count() > 8 {
        return String::from(otherwise);
    }
    format!("{there_is} {}", list_words(names))
}

/// The class a `kind = "…"` names.
pub(crate) const CLASSES: [(&str, LockClass); 4] = [
    ("mutex", LockClass::Mutex),
    ("i_mutex", LockClass::InodeMutex),
    ("rwsem", LockClass::Rwsem),
    ("page_lock", LockClass::PageLock),
];

/// How `[config]` says that rwsems are built.
pub(crate) const RWSEMS: [(&str, RwsemConfig); 2] = [
    ("xadd", RwsemConfig::Xadd),
    ("generic-spinlock", RwsemConfig::GenericSpinlock),
];
