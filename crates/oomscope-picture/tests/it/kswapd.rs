//! kswapd as the one who calls the killer, while the reaper sleeps with `oom_lock`.

use oomscope_model::kernel::Kernel;
use oomscope_model::machine::{Machine, OOM_LOCK, TaskId};
use oomscope_model::state::State;
use oomscope_model::step::{enabled, step};
use oomscope_model::transition::Transition;
use oomscope_picture::picture::EdgeKind;
use oomscope_picture::{
    Party, Size, Tone, Why, call_stack, detail, layout, picture, status, to_text, wait_edges,
};
use oomscope_scenario::parse::parse;

const TEXT: &str = r#"
format = 1
id = "t"
title = "t"
story = "t"
kernel = "4.14"
offers = ["oom-in-kswapd"]
[zone]
total = "384 MB"
page = "4 MB"
free = "12 MB"
min = "8 MB"
low = "12 MB"
high = "16 MB"
[kswapd]
[[process]]
name = "qemu"
rss = "160 MB"
[[process.notifier]]
kind = "kvm"
[[process.thread]]
name = "qemu"
program = "wait_for disk"
[[process]]
name = "postgres"
rss = "48 MB"
[[kthread]]
name = "nfsd"
program = """
alloc_page GFP_KERNEL 3
complete disk
"""
"#;

/// kswapd has killed qemu and come back, and finds `oom_lock` with the reaper.
fn stuck() -> (Machine, State) {
    let scenario = parse(TEXT).scenario.expect("a scenario");
    let mut machine = scenario.machine;
    machine.patches = machine.patches.with(scenario.offered[0], true);
    machine.kernel = Kernel::of(machine.patches);
    let mut state = State::start(&machine);
    let mut play = |name: &str, most: u32| {
        let task = machine.task_named(name).expect("a task");
        for _ in 0..most {
            if enabled(&machine, &state).any(|next| next == Transition(task)) {
                step(&machine, &mut state, Transition(task), &mut ());
            }
        }
    };
    play("nfsd", 10);
    play("kswapd0", 1);
    play("oom_reaper", 2);
    play("kswapd0", 2);
    play("oom_reaper", 2);
    play("kswapd0", 1);
    play("nfsd", 10);
    (machine, state)
}

#[test]
fn kswapd_waits_for_whoever_has_oom_lock() {
    let (machine, state) = stuck();
    let named = |name: &str| -> TaskId { machine.task_named(name).expect("a task") };
    let (kswapd, reaper) = (named("kswapd0"), named("oom_reaper"));
    assert!(state.task(kswapd).is_parked());
    let edges = wait_edges(&machine, &state);
    let of_kswapd: Vec<(Party, Why)> = (edges.iter())
        .filter(|edge| edge.from == Party::Task(kswapd))
        .map(|edge| (edge.to, edge.why))
        .collect();
    assert_eq!(of_kswapd, [(Party::Task(reaper), Why::KillerBusy)]);
    let status = status(&machine, &state, kswapd);
    assert_eq!(
        (status.word.as_str(), status.tone),
        ("waits for oom_lock", Tone::Wait)
    );
    assert_eq!(detail(&machine, &state, kswapd), "balance_pgdat");
    assert_eq!(
        call_stack(&machine, &state, kswapd),
        [
            "schedule_timeout_uninterruptible",
            "balance_pgdat",
            "kswapd"
        ]
    );
    for size in [Size::Wide, Size::Narrow, Size::Embed, Size::Small] {
        let picture = picture(&machine, &state, &layout(&machine, size), &[]);
        let id = format!("trylock-task-{}-lock-{}", kswapd.0, OOM_LOCK.0);
        let edge = picture.edges.iter().find(|edge| edge.id == id);
        assert_eq!(
            edge.map(|edge| edge.kind),
            Some(EdgeKind::TrylockFailed),
            "{size:?}"
        );
    }
}

#[test]
fn kswapd_in_words() {
    let (machine, state) = stuck();
    let layout = layout(&machine, Size::Wide);
    let text = to_text(&picture(&machine, &state, &layout, &[]));
    assert_eq!(
        text,
        "\
Memory: 8 MB of 384 MB free
* qemu: waits, SIGKILL, which does not end this wait [wait_for → disk]
  postgres: done [user mode]
* nfsd: runs, no page [alloc_page → alloc]
  kswapd0: waits for oom_lock [balance_pgdat]
  oom_reaper: sleeps 1 s, holds oom_lock [schedule_timeout_idle]
  qemu.mmap_sem: free
  srcu: free
  oom_lock: held: oom_reaper
  Mmu notifiers of qemu, in order: 1 KVM counts
=> nfsd needs a page, pages are freed when qemu exits, qemu waits for
    nfsd to complete disk.
"
    );
}
