//! The machine of a scenario file: who is in it, and what they run.

use oomscope_model::kernel::Kernel;
use oomscope_model::machine::{
    Actor, Kind, LOCKS_MAX, Lock, LockClass, LockId, Lru, MMS_MAX, Machine, MemcgInfo, MmId,
    MmInfo, OomNotifier, Process, ProcessId, Rules, RwsemConfig, Sysctl, TASKS_MAX, TaskId, Traits,
    Zone,
};
use oomscope_model::patches::PatchSet;
use oomscope_model::state::Nap;

use crate::compile::completions::Completions;
use crate::compile::{RWSEMS, compile};
use crate::diagnostic::{Notes, did_you_mean, list_words};
use crate::envelope::{COMM_MAX, NAME_MAX, Reader, Word};
use crate::keys::{CONFIG, CPU, KSWAPD, KTHREAD, PROCESS, THREAD, ZONE};
use crate::memory::VmaLock;
use crate::{locks, lru, memcg, memory, notifier, program, sysctl};

/// `kworker` as the log prints it.
pub(crate) const KWORKER: (&str, u16) = ("kworker", 47);
/// `oom_reaper` as the log prints it.
pub(crate) const OOM_REAPER: (&str, u16) = ("oom_reaper", 31);

/// How long a teardown may be said to take.
pub(crate) const TEARDOWNS: [(&str, Nap); 3] =
    [("1 s", Nap::Hz), ("2 s", Nap::Hz2), ("3 s", Nap::Hz3)];
/// The SRCU domain of the mmu notifiers.
const SRCU: &str = "srcu";

/// `kswapd` as the log prints it, where there is one.
pub(crate) const KSWAPD_NAME: &str = "kswapd0";
/// Its pid unless the file says otherwise.
const KSWAPD_PID: u16 = 38;

/// Program texts and the machine made from them.
pub(crate) struct Cast {
    pub(crate) machine: Machine,
    /// One per task, as written.
    pub(crate) programs: Vec<String>,
}

/// Builds the machine. `None` if so much is missing that there is none; otherwise it is
/// fit to run only if nothing was noted as an error.
pub(crate) fn cast(top: &Reader<'_>, patches: PatchSet, notes: &mut Notes<'_>) -> Option<Cast> {
    let zone = match top.table("zone", &ZONE, notes) {
        Some(reader) => memory::zone(&reader, notes),
        None => {
            notes.error(
                0,
                "there is no [zone]",
                Some("it says how much memory there is".into()),
            );
            None
        }
    };
    let mut draft = Draft::new(zone.map_or(1, |zone| zone.mb_per_page));
    if let Some(reader) = top.table("cpu", &CPU, notes) {
        draft.cpus = reader
            .number("count", 1..=8, notes)
            .map(|count| count as u8);
    }
    if let Some(reader) = top.table("kswapd", &KSWAPD, notes) {
        draft.kswapd = Some(draft.pid(&reader, KSWAPD_PID, notes));
    }
    draft.memcgs = memcg::memcgs(top, draft.mb_per_page, notes);
    let processes = top.tables("process", &PROCESS, notes);
    draft.owners = memory::owners(&processes, notes);
    for reader in &processes {
        draft.process(reader, notes);
    }
    draft.locks = locks::locks(top, &mut draft.mms, notes);
    locks::of_vmas(&draft.vma_locks, &draft.locks, &mut draft.mms, notes);
    draft.lrus = lru::lrus(top, &draft.locks, draft.mb_per_page, notes);
    draft.notifiers(notes);
    draft.oom_notifiers = sysctl::oom_notifiers(top, &draft.locks, draft.mb_per_page, notes);
    for reader in top.tables("kthread", &KTHREAD, notes) {
        draft.kthread(&reader, notes);
    }
    if draft.processes.is_empty() {
        notes.error(0, "there is no [[process]]", None);
    }
    let zone = zone?;
    draft.check_limits(notes)?;
    draft.check_pages(zone, top, notes);
    memcg::check(&draft.memcgs, &draft.mms, top, notes);
    let sysctl = sysctl::sysctl(top, notes);
    let rwsem = rwsem(top, notes);
    Some(draft.finish(zone, patches, sysctl, rwsem, notes))
}

fn rwsem(top: &Reader<'_>, notes: &mut Notes<'_>) -> RwsemConfig {
    let config = top.table("config", &CONFIG, notes);
    let word = config.and_then(|config| config.text("rwsem", notes));
    word.and_then(|word| word.one_of("rwsem", &RWSEMS, notes))
        .unwrap_or_default()
}

struct PendingTask<'a> {
    actor: Actor,
    program: Option<Word<'a>>,
}

struct Draft<'a> {
    mb_per_page: u16,
    tasks: Vec<PendingTask<'a>>,
    processes: Vec<Process>,
    /// Names of the processes that have memory of their own; the address spaces in order.
    owners: Vec<&'a str>,
    mms: Vec<MmInfo>,
    memcgs: Vec<MemcgInfo>,
    oom_notifiers: Vec<OomNotifier>,
    /// Locks that VMAs of an address space name, resolved once the locks are known.
    vma_locks: Vec<(usize, VmaLock<'a>)>,
    /// `aio = "…"` of an address space, resolved after the programs.
    aios: Vec<(usize, Word<'a>)>,
    /// `robust_list = "…"` of task number n, resolved after the programs.
    robust_lists: Vec<(usize, Word<'a>)>,
    /// `[[process.notifier]]` of an address space, resolved once the locks are known.
    notifiers: Vec<(usize, notifier::Pending<'a>)>,
    locks: Vec<Lock>,
    lrus: Vec<Lru>,
    kswapd: Option<u16>,
    cpus: Option<u8>,
    at_task_too_many: Option<usize>,
    last_pid: u16,
}

impl<'a> Draft<'a> {
    fn new(mb_per_page: u16) -> Self {
        Draft {
            mb_per_page,
            tasks: Vec::new(),
            processes: Vec::new(),
            owners: Vec::new(),
            mms: Vec::new(),
            memcgs: Vec::new(),
            oom_notifiers: Vec::new(),
            vma_locks: Vec::new(),
            aios: Vec::new(),
            robust_lists: Vec::new(),
            notifiers: Vec::new(),
            locks: Vec::new(),
            lrus: Vec::new(),
            kswapd: None,
            cpus: None,
            at_task_too_many: None,
            last_pid: 990,
        }
    }

    fn process(&mut self, reader: &Reader<'a>, notes: &mut Notes<'_>) {
        let Some(word) = reader.needed("name", notes) else {
            return;
        };
        word.check_name(COMM_MAX, notes);
        if self.processes.iter().any(|other| other.name == word.text) {
            notes.error(
                word.at(),
                format!("there are two processes {:?}", word.text),
                None,
            );
        }
        let process = ProcessId(self.processes.len() as u8);
        let pid = self.pid(reader, self.last_pid.saturating_add(10), notes);
        let mm = match reader.text("mm", notes) {
            Some(other) => memory::shared(reader, &other, &self.owners, notes),
            None => Some(self.address_space(reader, &word, notes)),
        };
        let oom_score_adj = reader
            .number("oom_score_adj", -1000..=1000, notes)
            .unwrap_or_default() as i16;
        let leader = TaskId(self.tasks.len().min(TASKS_MAX) as u8);
        let mut threads = 0_u8;
        let kind = Kind::User(process);
        let short = reader.text("program", notes);
        let readers = reader.tables("thread", &THREAD, notes);
        if let (Some(program), false) = (&short, readers.is_empty()) {
            let hint = Some("move it into the first [[process.thread]]".into());
            notes.error(
                program.at(),
                "a process with threads has no program of its own",
                hint,
            );
        }
        if readers.is_empty() {
            self.task(word.text, reader.at, pid, kind, mm, short, notes);
            self.robust_list(reader, mm, notes);
            threads = 1;
        }
        for reader in &readers {
            let name = reader.text("name", notes);
            if let Some(name) = &name {
                name.check_name(COMM_MAX, notes);
            }
            let default = match threads {
                0 => String::from(word.text),
                n => format!("{}-{}", word.text, u16::from(n) + 1),
            };
            let pid = self.pid(reader, pid.saturating_add(threads.into()), notes);
            let program = reader.text("program", notes);
            let name = name.map_or(default, |name| name.text.into());
            self.task(&name, reader.at, pid, kind, mm, program, notes);
            self.robust_list(reader, mm, notes);
            threads = threads.saturating_add(1);
        }
        let parent = reader.text("parent", notes).and_then(|parent| {
            let found = self.processes.iter().position(|it| it.name == parent.text);
            if found.is_none() {
                let names = self.processes.iter().map(|it| it.name.as_str());
                let hint = did_you_mean(parent.text, names)
                    .unwrap_or_else(|| "parents stand before their children".into());
                let sentence = format!("no process {:?} above", parent.text);
                notes.error(parent.at(), sentence, Some(hint));
            }
            found.map(|index| ProcessId(index as u8))
        });
        self.processes.push(Process {
            name: word.text.into(),
            parent,
            leader,
            threads,
            oom_score_adj,
            traits: self.traits(reader, notes),
        });
        self.last_pid = pid;
    }

    /// The address space of a process that has its own.
    fn address_space(
        &mut self,
        reader: &Reader<'a>,
        name: &Word<'a>,
        notes: &mut Notes<'_>,
    ) -> MmId {
        let (vmas, locks) = memory::vmas(reader, self.mb_per_page, notes);
        let number = self.mms.len();
        self.vma_locks
            .extend(locks.into_iter().map(|lock| (number, lock)));
        let notifiers = notifier::read(reader, vmas.len(), notes);
        self.notifiers
            .extend(notifiers.into_iter().map(|pending| (number, pending)));
        let aio = reader.text("aio", notes);
        self.aios.extend(aio.map(|word| (number, word)));
        let teardown = reader
            .text("teardown", notes)
            .and_then(|word| word.one_of("time", &TEARDOWNS, notes));
        let memcg = reader
            .text("memcg", notes)
            .and_then(|word| memcg::named(&word, &self.memcgs, notes));
        self.mms.push(MmInfo {
            name: name.text.into(),
            memcg,
            mmap_sem: LockId(0),
            vmas,
            aio: None,
            ksm: reader.flag("ksm", notes),
            teardown,
            notifiers: Vec::new(),
        });
        MmId(number as u8)
    }

    fn traits(&self, reader: &Reader<'a>, notes: &mut Notes<'_>) -> Traits {
        let traits = Traits {
            init: reader.flag("init", notes),
            in_vfork: reader.flag("in_vfork", notes),
            cap_sys_admin: reader.flag("cap_sys_admin", notes),
        };
        if traits.init && self.processes.iter().any(|other| other.traits.init) {
            notes.error(reader.at, "there are two init processes", None);
        }
        if traits.in_vfork && reader.text("mm", notes).is_none() {
            let hint = Some("say with mm = \"…\" whose".into());
            notes.error(
                reader.at,
                "a vforked process runs in its parent's memory",
                hint,
            );
        }
        traits
    }

    /// The robust list of the task that was just added.
    fn robust_list(&mut self, reader: &Reader<'a>, mm: Option<MmId>, notes: &mut Notes<'_>) {
        let Some(word) = reader.text("robust_list", notes) else {
            return;
        };
        // The memory of a process further down is not known yet.
        let info = mm.and_then(|mm| self.mms.get(mm.0 as usize));
        let first = info.and_then(|info| info.vmas.first());
        if first.is_some_and(|vma| vma.pages == 0) {
            let hint = Some("give the first VMA a size".into());
            notes.error(word.at(), "there is no memory for the list", hint);
        }
        self.robust_lists.push((self.tasks.len() - 1, word));
    }

    fn kthread(&mut self, reader: &Reader<'a>, notes: &mut Notes<'_>) {
        let Some(word) = reader.needed("name", notes) else {
            return;
        };
        word.check_name(COMM_MAX, notes);
        let pid = self.pid(reader, self.last_pid.saturating_add(10), notes);
        self.last_pid = pid;
        let mm = reader.text("use_mm", notes).and_then(|use_mm| {
            let found = self.mms.iter().position(|mm| mm.name == use_mm.text);
            if found.is_none() {
                let names = self.mms.iter().map(|mm| mm.name.as_str());
                let hint = did_you_mean(use_mm.text, names.clone())
                    .unwrap_or_else(|| format!("there is {}", list_words(names)));
                notes.error(
                    use_mm.at(),
                    format!("unknown process {:?}", use_mm.text),
                    Some(hint),
                );
            }
            found.map(|index| MmId(index as u8))
        });
        let program = reader.text("program", notes);
        self.task(word.text, reader.at, pid, Kind::Kthread, mm, program, notes);
    }

    fn pid(&self, reader: &Reader<'a>, default: u16, notes: &mut Notes<'_>) -> u16 {
        reader
            .number("pid", 1..=65535, notes)
            .map_or(default, |pid| pid as u16)
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of a task")]
    fn task(
        &mut self,
        name: &str,
        at: usize,
        pid: u16,
        kind: Kind,
        mm: Option<MmId>,
        program: Option<Word<'a>>,
        notes: &mut Notes<'_>,
    ) {
        let kswapd = self.kswapd.map(|pid| (KSWAPD_NAME, pid));
        let ours: Vec<(&str, u16)> = [KWORKER, OOM_REAPER].into_iter().chain(kswapd).collect();
        let taken = self
            .tasks
            .iter()
            .map(|task| (task.actor.name.as_str(), task.actor.pid));
        for (other, other_pid) in taken.chain(ours.iter().copied()) {
            if other == name {
                let hint = ours.contains(&(other, other_pid));
                let hint = hint.then(|| format!("{other} is part of every machine"));
                notes.error(at, format!("there are two tasks {name:?}"), hint);
            } else if other_pid == pid {
                notes.error(
                    at,
                    format!("{name} and {other} have the same pid {pid}"),
                    None,
                );
            }
        }
        if self.tasks.len() + ours.len() == TASKS_MAX {
            self.at_task_too_many.get_or_insert(at);
        }
        let actor = Actor {
            name: name.into(),
            pid,
            kind,
            mm,
            robust_list: None,
            program: Vec::new(),
        };
        self.tasks.push(PendingTask { actor, program });
    }

    /// Notifiers come with their SRCU domain, and some with a count.
    fn notifiers(&mut self, notes: &mut Notes<'_>) {
        if self.notifiers.is_empty() {
            return;
        }
        for (mm, pending) in &self.notifiers {
            let name = (MmId(*mm as u8), self.mms[*mm].name.as_str());
            let found = notifier::resolve(pending, &mut self.locks, name, notes);
            self.mms[*mm].notifiers.push(found);
        }
        if self.locks.iter().any(|lock| lock.name == SRCU) {
            let hint = Some(format!("{SRCU} is part of a machine with mmu notifiers"));
            notes.error(0, format!("there are two locks {SRCU:?}"), hint);
        }
        self.locks.push(Lock {
            name: SRCU.into(),
            class: LockClass::Srcu,
        });
    }

    /// `None` if the tables of the model could not hold this.
    fn check_limits(&self, notes: &mut Notes<'_>) -> Option<()> {
        let tasks = self.tasks.len() + 2 + usize::from(self.kswapd.is_some());
        if let Some(at) = self.at_task_too_many {
            let sentence =
                format!("{tasks} tasks, kworker and oom_reaper included; {TASKS_MAX} is the most");
            notes.error(at, sentence, None);
        }
        let counts = [
            ("locks", self.locks.len(), LOCKS_MAX),
            (
                "processes with memory of their own",
                self.mms.len(),
                MMS_MAX,
            ),
        ];
        for (what, count, most) in counts {
            if count > most {
                notes.error(0, format!("{count} {what}; {most} is the most"), None);
            }
        }
        let fits = tasks <= TASKS_MAX && counts.iter().all(|(_, count, most)| count <= most);
        fits.then_some(())
    }

    fn check_pages(&self, zone: Zone, top: &Reader<'_>, notes: &mut Notes<'_>) {
        let mapped: u32 = self
            .mms
            .iter()
            .flat_map(|mm| &mm.vmas)
            .map(|vma| u32::from(vma.pages))
            .sum();
        let listed: u32 = self.lrus.iter().map(|lru| u32::from(lru.pages)).sum();
        let sum = mapped + listed + u32::from(zone.free_pages);
        if sum > u32::from(zone.total_pages) {
            let mb = u32::from(zone.mb_per_page);
            let sentence = format!(
                "free memory and processes add up to {} MB, but there are only {} MB",
                sum * mb,
                u32::from(zone.total_pages) * mb,
            );
            let at = top.table("zone", &ZONE, notes).map_or(0, |zone| zone.at);
            notes.error(at, sentence, None);
        }
    }

    fn finish(
        self,
        zone: Zone,
        patches: PatchSet,
        sysctl: Sysctl,
        rwsem: RwsemConfig,
        notes: &mut Notes<'_>,
    ) -> Cast {
        let (mut tasks, words): (Vec<Actor>, Vec<_>) = self
            .tasks
            .into_iter()
            .map(|task| (task.actor, task.program))
            .unzip();
        let kswapd = self.kswapd.map(|pid| ((KSWAPD_NAME, pid), Kind::Kswapd));
        let always = [(KWORKER, Kind::Kworker), (OOM_REAPER, Kind::OomReaper)];
        for ((name, pid), kind) in kswapd.into_iter().chain(always) {
            tasks.push(Actor {
                name: name.into(),
                pid,
                kind,
                mm: None,
                robust_list: None,
                program: Vec::new(),
            });
        }
        let mut machine = Machine {
            zone,
            tasks,
            processes: self.processes,
            locks: self.locks,
            mms: self.mms,
            memcgs: self.memcgs,
            lrus: self.lrus,
            oom_notifiers: self.oom_notifiers,
            sysctl,
            completions: Vec::new(),
            patches,
            kernel: Kernel::of(patches),
            rules: Rules::DEFAULT,
            cpus: self.cpus,
            rwsem,
        };
        let mut completions = Completions::default();
        let mut programs = vec![String::new(); machine.tasks.len()];
        for (index, word) in words.iter().enumerate() {
            let Some(word) = word else { continue };
            let statements = program::statements(word, notes);
            let task = TaskId(index as u8);
            let lines = compile(&machine, task, &statements, &mut completions, notes);
            machine.tasks[index].program = lines;
            programs[index] = word.text.into();
        }
        for (mm, word) in &self.aios {
            word.check_name(NAME_MAX, notes);
            machine.mms[*mm].aio = completions.waits(word.text, word.at(), notes);
        }
        for (task, word) in &self.robust_lists {
            word.check_name(NAME_MAX, notes);
            machine.tasks[*task].robust_list = completions.ends(word.text, word.at(), notes);
        }
        completions.check(notes);
        machine.completions = completions.names;
        Cast { machine, programs }
    }
}
