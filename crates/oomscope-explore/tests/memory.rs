//! A bound of bytes is kept: not only by what a search says that it holds, but by everything
//! that it ever asks for, the old beside the new wherever something grows. The allocator counts,
//! and takes a vector that grows for two.

use std::ops::ControlFlow;

use oomscope_explore::{Explorer, Full, Progress, Reductions, Swarm};
use oomscope_judge::{Bound, Limits, advance};
use oomscope_model::machine::Machine;
use oomscope_model::state::State;
use oomscope_scenario::builtin::Builtin;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

fn explored(machine: &Machine, reductions: Reductions, bytes_max: u64) -> (Progress, Explorer) {
    let limits = Limits {
        bytes_max,
        ..Limits::states(u32::MAX)
    };
    let start = State::start(machine);
    let mut explorer = Explorer::with_reductions(machine, &start, reductions);
    let bound = advance(&mut explorer, limits, |_| ControlFlow::Continue(()));
    assert_eq!(bound, Some(Bound::Bytes));
    (explorer.progress(), explorer)
}

fn swarmed(machine: &Machine, bytes_max: u64) -> (Progress, Swarm) {
    let mut swarm = Swarm::new(machine, &State::start(machine), 1, 1);
    swarm.set_bytes_max(bytes_max);
    while swarm.advance(1000).full.is_none() {}
    assert_eq!(swarm.progress().full, Some(Full::Bytes));
    (swarm.progress(), swarm)
}

/// Holds what a search says that it holds, and what it has held at most, against its bound.
fn measure<T>(what: &str, bytes_max: u64, search: impl FnOnce(u64) -> (Progress, T)) {
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let (Progress { states, bytes, .. }, kept) = search(bytes_max);
    let held = (MEMORY.current_usage() - before) as u64;
    let peak = (MEMORY.peak_usage() - before) as u64;
    drop(kept);
    let all = format!(
        "{what}: {states} states, {bytes} said, {held} held, {peak} at most, of {bytes_max}"
    );
    println!("{all}");
    assert!(bytes <= bytes_max, "{all}");
    assert!(peak <= bytes_max + bytes_max / 20, "{all}");
    assert!(held.abs_diff(bytes) <= 100_000 + bytes / 20, "{all}");
    // Nor does it give up long before.
    assert!(bytes > bytes_max / 2, "{all}");
}

// One test: others would share the allocator.
#[test]
fn no_search_holds_more_than_its_bound() {
    let searches = [
        ("fault-storm-16", Reductions::NONE),
        ("fault-storm-8", Reductions::NONE),
        ("fault-storm-16", Reductions::ALL),
    ];
    for (name, reductions) in searches {
        let scenario = Builtin::named(name).and_then(Builtin::scenario);
        let machine = scenario.expect("built in").machine;
        for bytes_max in [1_500_000, 3_000_000, 5_000_000, 7_000_000] {
            measure(name, bytes_max, |it| explored(&machine, reductions, it));
        }
        measure("swarm", 3_000_000, |it| swarmed(&machine, it));
    }
}
