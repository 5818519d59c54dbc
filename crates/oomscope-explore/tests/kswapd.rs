//! kswapd as the one who calls the killer (never merged): whoever waits for `oom_lock` does not
//! keep its holder from waking.

use oomscope_explore::{Explorer, Outcome};
use oomscope_model::kernel::Kernel;
use oomscope_model::machine::{Machine, Parking, Timing};
use oomscope_model::patches::PatchSet;
use oomscope_model::state::State;
use oomscope_scenario::builtin::BUILTIN;
use oomscope_scenario::parse::parse;

/// Mixes of up to this many states are judged here.
const STATES_MAX: u32 = 30_000;

/// The reaper of 4.14 leaves qemu alone, because it has notifiers, and sleeps a second with
/// `oom_lock` held. kswapd comes for that lock meanwhile.
const NOTIFIERS: &str = r#"
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

fn searched(machine: &Machine) -> Explorer {
    let mut explorer = Explorer::new(machine, &State::start(machine));
    while !explorer.advance(10_000).done {}
    explorer
}

/// The machine of these patches.
fn mixed(machine: &Machine, patches: PatchSet) -> Machine {
    Machine {
        patches,
        kernel: Kernel::of(patches),
        ..machine.clone()
    }
}

#[test]
fn a_long_sleep_with_oom_lock_ends_although_kswapd_retries() {
    let scenario = parse(NOTIFIERS).scenario.expect("a scenario");
    for patches in scenario.combinations() {
        let mut machine = mixed(&scenario.machine, patches);
        let mut outcomes = Vec::new();
        for timing in [Timing::SleepsAreLong, Timing::Adversarial] {
            machine.rules.timing = timing;
            let explorer = searched(&machine);
            for never in [Outcome::Lockup, Outcome::Hang] {
                assert_eq!(explorer.witness(never), None, "{timing:?}");
            }
            assert_eq!(explorer.starvation(), None, "{timing:?}");
            outcomes.push(explorer.outcomes());
        }
        machine.rules.parking = Parking::Off;
        outcomes.push(searched(&machine).outcomes());
        assert_eq!(outcomes[1], outcomes[2], "parking changes a verdict");
    }
}

/// With parking on, whoever goes round while others could move is parked, in every mix: only a
/// declared stall is left.
#[test]
fn nothing_starves_but_in_a_stall() {
    let (mut mixes, mut stalls) = (0, 0);
    for builtin in BUILTIN {
        let scenario = builtin.scenario().expect("built-in scenarios parse");
        for patches in scenario.combinations() {
            let machine = mixed(&scenario.machine, patches);
            let mut explorer = Explorer::new(&machine, &State::start(&machine));
            if !explorer.advance(STATES_MAX).done {
                continue;
            }
            mixes += 1;
            let stall = explorer.witness(Outcome::Stall);
            stalls += usize::from(stall.is_some());
            let words = || scenario.combination_in_words(patches);
            assert_eq!(
                explorer.starvation().is_some(),
                stall.is_some(),
                "{}: {}",
                builtin.id,
                words()
            );
        }
    }
    assert!(mixes > 400 && stalls > 0, "{mixes} mixes, {stalls} stalls");
}
