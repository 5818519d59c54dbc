//! Statements to compiled lines, with a symbolic walk: the program is followed line by
//! line with the set of locks it holds, and what could never work is refused here.

mod arguments;
pub(crate) mod completions;
mod refused;

use oomscope_model::machine::{LOCKS_MAX, Line, LockClass, Machine, Mode, Op, RwsemConfig, TaskId};

use crate::diagnostic::{Notes, did_you_mean};
use crate::program::Statement;
use crate::verb::{Make, VERBS, Verb};
use completions::Completions;

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
                self.completions.waits_for(completion, at);
                Some(Op::WaitFor { completion })
            }
            Make::Complete => {
                let completion = arguments.completion?;
                self.completions.completes(completion);
                Some(Op::Complete { completion })
            }
        }
    }
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
