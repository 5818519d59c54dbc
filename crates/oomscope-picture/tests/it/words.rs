//! Sentences, captions, rules, log lines, stacks and the table, word for word.

use oomscope_model::event::Event;
use oomscope_model::machine::{LockId, MemcgId, MemcgInfo, MmId, Mode, ProcessId, TaskId};
use oomscope_model::patches::{PatchId, Version};
use oomscope_model::state::{ExitMmap, Exiting, Held, Nap, Pc, Run, State, TaskFlags};
use oomscope_model::step::{enabled, step};
use oomscope_model::transition::{Act, Move};
use oomscope_picture::clock::{after, seconds, stamp};
use oomscope_picture::{
    LogKind, Party, Root, Size, Why, call_stack, caption, caption_of, caption_of_move, chain,
    layout, log_lines, picture, program_text, rule, table, to_text, wait_edges,
};
use oomscope_scenario::builtin::BUILTIN;

#[test]
fn the_chain_reads_aloud() {
    let machine = crate::common::writer_in_queue(Version(4, 6));
    let chain = chain(&machine, &crate::common::stuck(&machine)).unwrap();
    assert_eq!(chain.root, Root::Cycle);
    let marked: Vec<String> = chain
        .sentence()
        .iter()
        .map(|span| {
            if span.strong {
                format!("*{}*", span.text)
            } else {
                span.text.clone()
            }
        })
        .collect();
    assert_eq!(
        marked.concat(),
        "vhost-1187 *needs a page*, pages are *freed when qemu exits*, \
         qemu-2 *waits for mmap_sem*, which vhost-1187 *holds*."
    );
}

#[test]
fn once_the_reaper_has_given_up_only_the_exit_frees_pages() {
    let machine = crate::common::writer_in_queue(Version(4, 6));
    let mut state = crate::common::stuck(&machine);
    state.tasks[5].run = Run::Idle;
    state.tasks[5].victim = None;
    assert_eq!(
        chain(&machine, &state).unwrap().text(),
        "vhost-1187 needs a page, pages are freed only when qemu exits, \
         qemu-2 waits for mmap_sem, which vhost-1187 holds."
    );
}

#[test]
fn a_reaper_that_can_go_on_is_no_cycle() {
    let machine = crate::common::writer_in_queue(Version(4, 7));
    let mut state = crate::common::stuck(&machine);
    state.tasks[2].run = Run::Exited;
    state.tasks[2].flags = TaskFlags(TaskFlags::SIGKILL | TaskFlags::EXITING | TaskFlags::MM_NULL);
    let chain = chain(&machine, &state).unwrap();
    assert_eq!(chain.root, Root::External);
    assert_eq!(
        chain.text(),
        "qemu waits for vhost-1187 to complete flush, vhost-1187 needs a page, \
         pages are freed when oom_reaper reaps qemu; oom_reaper sleeps 100 ms."
    );
}

#[test]
fn nobody_waits_nothing_to_say() {
    let machine = crate::common::crowd(3, 1);
    assert_eq!(chain(&machine, &State::start(&machine)), None);
}

#[test]
fn a_queue_is_a_chain_to_its_holder() {
    let machine = crate::common::crowd(3, 1);
    let chain = chain(&machine, &crate::common::crowded(&machine)).unwrap();
    assert_eq!(chain.root, Root::Runs);
    assert_eq!(
        chain.text(),
        "a-rather-long-thread-name-1 waits for mutex_with_a_long_name_0, which \
         a-rather-long-thread-name-0 holds; a-rather-long-thread-name-0 runs."
    );
}

/// Checks that table and graph say the same about this state.
fn twins(machine: &oomscope_model::machine::Machine, state: &State) {
    let rows = table(machine, state);
    let edges = wait_edges(machine, state);
    for edge in &edges {
        let Party::Task(from) = edge.from else {
            continue;
        };
        let row = rows
            .iter()
            .find(|row| row.id == from)
            .expect("every waiting task has a row");
        let to = match edge.to {
            Party::Task(task) => machine.actor(task).name.as_str(),
            Party::Memory => "memory",
        };
        assert!(
            row.blocked_by.split(", ").any(|name| name == to),
            "{edge:?} is not in {row:?}"
        );
    }
    for row in &rows {
        for name in row.blocked_by.split(", ").filter(|name| !name.is_empty()) {
            let to = machine.task_named(name).map_or(Party::Memory, Party::Task);
            let known = edges
                .iter()
                .any(|edge| edge.from == Party::Task(row.id) && edge.to == to);
            assert!(known, "{row:?} names {name}, but there is no edge");
        }
    }
}

#[test]
fn every_edge_has_a_row_and_every_row_an_edge() {
    let machine = crate::common::writer_in_queue(Version(4, 6));
    twins(&machine, &crate::common::stuck(&machine));
    let crowd = crate::common::crowd(12, 2);
    twins(&crowd, &crate::common::crowded(&crowd));
    for version in [Version(4, 6), Version(4, 8), Version(4, 14), Version(4, 19)] {
        let machine = crate::common::writer_in_queue(version);
        let mut state = State::start(&machine);
        let mut choice = 7usize;
        while let Some(transition) =
            enabled(&machine, &state).nth(choice % enabled(&machine, &state).count().max(1))
        {
            let mut events = Vec::new();
            step(&machine, &mut state, transition, &mut events);
            twins(&machine, &state);
            assert!(caption(&machine, &events, &state).ends_with('.'));
            choice = choice.wrapping_mul(31) % 1009 + 1;
            if choice == 500 {
                break;
            }
            if state.flags.0 != 0 || choice.is_multiple_of(97) {
                break;
            }
        }
    }
}

#[test]
fn a_row_says_who_and_what() {
    let machine = crate::common::writer_in_queue(Version(4, 6));
    let rows = table(&machine, &crate::common::stuck(&machine));
    let text: Vec<String> = rows
        .iter()
        .map(|row| {
            [
                &row.task,
                &row.state,
                &row.holds,
                &row.waits_for,
                &row.queue_position,
                &row.blocked_by,
            ]
            .map(String::as_str)
            .join(" | ")
        })
        .collect();
    assert_eq!(
        text,
        [
            "vhost-1187 | runs, no page | qemu.mmap_sem (read) | a page |  | memory",
            "qemu | waits, SIGKILL |  | flush |  | vhost-1187",
            "qemu-2 | waits, SIGKILL |  | mmap_sem | 1 of 1 | vhost-1187",
            "cc1 | runs, no page | cc1.mmap_sem (read) | a page |  | memory",
            "oom_reaper | sleeps, 6 of 10 |  | mmap_sem |  | qemu-2",
        ]
    );
}

#[test]
fn captions() {
    let machine = crate::common::writer_in_queue(Version(4, 6));
    let state = crate::common::stuck(&machine);
    let (vhost, qemu, qemu_2, reaper) = (TaskId(0), TaskId(1), TaskId(2), TaskId(5));
    let sem = LockId(1);
    let say = |events: &[Event]| caption(&machine, events, &state);
    assert_eq!(
        say(&[Event::LockQueued {
            task: qemu_2,
            lock: sem,
            mode: Mode::Write,
            rank: 1
        }]),
        "qemu-2 queues for mmap_sem as a writer, place 1."
    );
    assert_eq!(
        say(&[
            Event::TrylockFailed {
                task: reaper,
                lock: sem,
                tries: 6
            },
            Event::Slept {
                task: reaper,
                nap: Nap::Hz10
            }
        ]),
        "oom_reaper tries mmap_sem for reading and fails: a writer is queued (6 of 10)."
    );
    assert_eq!(
        say(&[
            Event::WaiterLeft {
                task: qemu_2,
                lock: sem,
                rank: 1
            },
            Event::LockGranted {
                task: qemu,
                lock: sem,
                mode: Mode::Read
            }
        ]),
        "SIGKILL takes qemu-2 out of the queue of mmap_sem: it leaves with -EINTR; qemu gets mmap_sem for reading."
    );
    assert_eq!(
        say(&[
            Event::ScanAborted {
                task: vhost,
                victim: ProcessId(0)
            },
            Event::Parked { task: vhost }
        ]),
        "vhost-1187 calls the OOM killer, which kills nobody: qemu is still on its way out; the next round will find the same."
    );
    assert_eq!(
        say(&[
            Event::Killed {
                task: vhost,
                process: ProcessId(0),
                thread: qemu,
                points: 40,
                memcg: None
            },
            Event::Signalled { task: qemu }
        ]),
        "vhost-1187 calls the OOM killer, which kills qemu."
    );
    assert_eq!(
        say(&[Event::NoPage { task: vhost }]),
        "vhost-1187 wants a page, but 4 MB are not above the min mark (12 MB) and reclaim finds nothing."
    );
    assert_eq!(
        say(&[Event::Switched {
            patch: PatchId::named("killable-writers").unwrap(),
            on: true
        }]),
        "“Killable mmap_sem writers” is switched on."
    );
    assert_eq!(
        say(&[Event::Panicked { task: vhost }]),
        "Nobody is left to kill: the kernel panics."
    );
    assert_eq!(say(&[]), "One more step inside the kernel.");
}

#[test]
fn the_trylock_rule_has_its_source() {
    let machine = crate::common::writer_in_queue(Version(4, 6));
    let rule = rule(
        &machine,
        &[Event::TrylockFailed {
            task: TaskId(5),
            lock: LockId(1),
            tries: 1,
        }],
    )
    .unwrap();
    assert_eq!(rule.source, "locks-and-allocation.md 2.1");
    assert!(rule.text.contains("A queued writer makes it fail"));
}

#[test]
fn pages_that_come_back_are_told() {
    let machine = crate::common::writer_in_queue(Version(4, 6));
    let mut state = crate::common::stuck(&machine);
    let act = Act::AddPages { pages: 1 };
    let mut events = Vec::new();
    oomscope_model::step::act(&mut machine.clone(), &mut state, act, &mut events)
        .expect("the kernel holds a page");
    let told = caption_of_move(&machine, Move::Act(act), &events, &state);
    let free = u32::from(state.free_pages) * u32::from(machine.zone.mb_per_page);
    let sentence = format!("1 page of the kernel comes back: {free} MB are free.");
    assert_eq!(told, sentence);
}

#[test]
fn log_lines_follow_the_version() {
    let machine = crate::common::writer_in_queue(Version(4, 6));
    let state = crate::common::stuck(&machine);
    let kill = Event::Killed {
        task: TaskId(3),
        process: ProcessId(0),
        thread: TaskId(1),
        points: 44,
        memcg: None,
    };
    let lines = |version, event: &Event| -> Vec<String> {
        log_lines(&machine, version, event, &state, 41_203_911)
            .into_iter()
            .map(|line| line.text)
            .collect()
    };
    assert_eq!(
        lines(Version(4, 6), &kill),
        [
            "[   41.203911] cc1 invoked oom-killer: gfp_mask=0x24200ca(GFP_HIGHUSER_MOVABLE), order=0, oom_score_adj=0",
            "[   41.203911] Out of memory: Kill process 1041 (qemu) score 687 or sacrifice child",
            "[   41.203911] Killed process 1041 (qemu) total-vm:180224kB, anon-rss:180224kB, file-rss:0kB, shmem-rss:0kB",
        ]
    );
    assert_eq!(
        lines(Version(4, 5), &kill)[0],
        "[   41.203911] cc1 invoked oom-killer: gfp_mask=0x24200ca, order=0, oom_score_adj=0"
    );
    assert_eq!(
        lines(Version(4, 14), &kill)[0],
        "[   41.203911] cc1 invoked oom-killer: gfp_mask=0x14200ca(GFP_HIGHUSER_MOVABLE), nodemask=(null), order=0, oom_score_adj=0"
    );
    assert_eq!(
        lines(
            Version(4, 6),
            &Event::Reaped {
                victim: TaskId(1),
                mm: MmId(1)
            }
        ),
        [
            "[   41.203911] oom_reaper: reaped process 1041 (qemu), now anon-rss:45056kB, file-rss:0kB, shmem-rss:0kB"
        ]
    );
    assert_eq!(
        lines(Version(4, 6), &Event::UnableToReap { victim: TaskId(1) }),
        ["[   41.203911] oom_reaper: unable to reap pid:1041 (qemu)"]
    );
    let panic = Event::Panicked { task: TaskId(3) };
    assert_eq!(
        lines(Version(4, 14), &panic),
        ["[   41.203911] Kernel panic - not syncing: Out of memory and no killable processes..."]
    );
    assert_eq!(lines(Version(4, 19), &panic).len(), 2);
    let note = log_lines(
        &machine,
        Version(4, 6),
        &Event::TrylockFailed {
            task: TaskId(5),
            lock: LockId(1),
            tries: 6,
        },
        &state,
        41_816_002,
    );
    assert_eq!(note[0].kind, LogKind::Note);
    assert_eq!(
        note[0].text,
        "[   41.816002] … reaper try 6: mmap_sem not available"
    );
}

#[test]
fn time_passes_with_sleeps() {
    assert_eq!(after(0, &[]), 40);
    assert_eq!(
        after(
            0,
            &[Event::Woke {
                task: TaskId(0),
                nap: Nap::Hz10
            }]
        ),
        100_040
    );
    assert_eq!(seconds(41_816_002), "41.8 s");
    assert_eq!(stamp(1_000_001), "[    1.000001] ");
}

#[test]
fn stacks_bear_the_kernels_names() {
    let machine = crate::common::writer_in_queue(Version(4, 6));
    let state = crate::common::stuck(&machine);
    assert_eq!(
        call_stack(&machine, &state, TaskId(2)),
        [
            "rwsem_down_write_failed",
            "down_write",
            "vm_mmap_pgoff",
            "SyS_mmap"
        ]
    );
    assert_eq!(
        call_stack(&machine, &state, TaskId(0)),
        [
            "__alloc_pages_slowpath",
            "alloc_pages_vma",
            "handle_mm_fault",
            "get_user_pages",
            "kthread"
        ]
    );
    let killable = crate::common::writer_in_queue(Version(4, 7));
    assert_eq!(
        call_stack(&killable, &state, TaskId(2))[0],
        "rwsem_down_write_failed_killable"
    );
    let mut exiting = state.clone();
    exiting.tasks[1].run = Run::Queued {
        on: LockId(1),
        mode: Mode::Read,
        rank: 2,
        awake: false,
        pc: Pc::ExitDropMm,
    };
    let stack = call_stack(&machine, &exiting, TaskId(1));
    assert_eq!(
        stack[..4],
        ["rwsem_down_read_failed", "down_read", "exit_mm", "do_exit"]
    );
    let program: Vec<String> = program_text(&machine, TaskId(0))
        .into_iter()
        .map(|line| line.text)
        .collect();
    assert_eq!(program, ["page_fault qemu 4", "complete flush"]);
}

#[test]
fn the_text_fits_a_mail() {
    let machine = crate::common::writer_in_queue(Version(4, 6));
    let mut state = crate::common::stuck(&machine);
    state.tasks[3].held = Held(0);
    let text = to_text(&picture(
        &machine,
        &state,
        &layout(&machine, Size::Wide),
        &[],
    ));
    assert!(
        text.lines().all(|line| line.chars().count() <= 72),
        "{text}"
    );
    assert_eq!(
        text,
        "\
Memory: 4 MB of 256 MB free
* vhost-1187: runs, no page, holds mmap_sem for reading [page fault →
    alloc]
  qemu: waits, SIGKILL, which does not end this wait [wait_for → flush]
* qemu-2: waits, SIGKILL, which does not end this wait, waits for
    mmap_sem for writing, place 1 of 1 [mmap → down_write]
  cc1: runs, no page [page fault → alloc]
  oom_reaper: sleeps, 6 of 10 [trylock mmap_sem: failed]
* qemu.mmap_sem: read: vhost-1187 <- 1. qemu-2 (write)
  oom_lock: free
=> vhost-1187 needs a page, pages are freed when qemu exits, qemu-2
    waits for mmap_sem, which vhost-1187 holds.
"
    );
}

#[test]
fn the_log_names_the_memory_cgroup() {
    let mut machine = crate::common::writer_in_queue(Version(4, 6));
    machine.memcgs.push(MemcgInfo {
        name: "vm".into(),
        limit: 50,
        oom_group: true,
    });
    machine.mms[0].memcg = Some(MemcgId(0));
    let state = crate::common::stuck(&machine);
    let kill = Event::Killed {
        task: TaskId(3),
        process: ProcessId(0),
        thread: TaskId(1),
        points: 44,
        memcg: Some(MemcgId(0)),
    };
    let lines = |version, event: &Event| -> Vec<String> {
        log_lines(&machine, version, event, &state, 0)
            .into_iter()
            .map(|line| line.text["[    0.000000] ".len()..].to_string())
            .collect()
    };
    assert_eq!(
        lines(Version(4, 20), &kill)[1..],
        [
            "Memory cgroup out of memory: Kill process 1041 (qemu) score 880 or sacrifice child",
            "Killed process 1041 (qemu) total-vm:180224kB, anon-rss:180224kB, file-rss:0kB, shmem-rss:0kB",
        ]
    );
    assert_eq!(
        lines(Version(5, 15), &kill)[1..],
        [
            "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/vm,task_memcg=/vm,task=qemu,pid=1041,uid=0",
            "Memory cgroup out of memory: Killed process 1041 (qemu) total-vm:180224kB, anon-rss:180224kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:0kB oom_score_adj:0",
        ]
    );
    let group = Event::GroupChosen {
        task: TaskId(3),
        memcg: MemcgId(0),
    };
    assert_eq!(
        lines(Version(5, 15), &group),
        ["Tasks in /vm are going to be killed due to memory.oom.group set"]
    );
}

#[test]
fn a_step_that_no_event_tells_of_says_where_it_leads() {
    let machine = crate::common::writer_in_queue(Version(4, 14));
    let mut state = State::start(&machine);
    let (qemu, reaper) = (TaskId(1), TaskId(5));
    let mut after = |task: TaskId, run: Run| {
        state.tasks[usize::from(task.0)].run = run;
        caption_of(&machine, task, &[], &state)
    };
    let unmap = Run::Ready(Pc::ExitMmap(ExitMmap::Unmap));
    assert_eq!(after(qemu, unmap), "qemu comes to unmap_vmas in exit_mmap.");
    assert_eq!(
        after(reaper, Run::Idle),
        "oom_reaper has no victim left and goes back to sleep."
    );
    let mm_release = Run::Ready(Pc::Exiting(Exiting::RobustList));
    assert_eq!(
        after(qemu, mm_release),
        "qemu comes to exit_robust_list in exit_mm."
    );
}

/// The robust list of a victim that was reaped first: its owner is dead, and the wait shows it.
#[test]
fn a_wait_for_somebody_dead_is_an_edge_to_them() {
    let scenario = BUILTIN.iter().find(|it| it.id == "robust-futex");
    let scenario = scenario.expect("built in").scenario().expect("parsed");
    let machine = scenario.machine;
    let mut state = State::start(&machine);
    for next in scenario.lead.expect("a lead").steps {
        step(&machine, &mut state, next, &mut ());
    }
    let (app, peer) = (TaskId(0), TaskId(1));
    let edges = wait_edges(&machine, &state);
    let orphan = edges.iter().find(|edge| edge.from == Party::Task(peer));
    let orphan = orphan.expect("peer waits for somebody");
    assert_eq!(orphan.to, Party::Task(app));
    assert!(matches!(orphan.why, Why::Orphaned(_)));
    let said = chain(&machine, &state).expect("a chain").text();
    assert!(
        said.starts_with("peer waits for mutex, whose owner app has died;"),
        "{said}"
    );
    assert!(said.contains("FUTEX_OWNER_DIED"), "{said}");
    twins(&machine, &state);
}
