//! B4 and L13 (locks-and-allocation.md 2.2, 7): up to 5.15 a killed head takes its hand-off
//! along, and up to 5.18 a killed reader leaves the queue of an rwsem without waking who is
//! behind it. Where a release and its wake are one step nobody is forgotten for that: every
//! cast of one holder and three waiters, killable or not, comes to the same ends with the fix
//! and without it, and on no way there does anybody sleep who could have the lock.

use std::collections::BTreeSet;

use oomscope_model::kernel::{Kernel, lock};
use oomscope_model::machine::{LockId, Machine, Mode};
use oomscope_model::patches::{PatchId, PatchSet, Version};
use oomscope_model::state::{Run, State};
use oomscope_model::step::{enabled, step};
use oomscope_model::words::WORDS_MAX;
use oomscope_scenario::parse::parse;

/// How a waiter comes to the lock, and how it gives it back.
const COMERS: [(&str, &str); 4] = [
    ("down_read", "up_read"),
    ("down_read_killable", "up_read"),
    ("down_write", "up_write"),
    ("down_write_killable", "up_write"),
];

/// A holder that nobody kills, two waiters whose process is killed at any time, and a third
/// one that stands among them and lives.
fn machine(version: Version, fixed: bool, comers: [usize; 4]) -> Machine {
    let call = |comer: usize| {
        let (take, give) = COMERS[comer];
        format!("program = \"\"\"\n{take} sem\n{give} sem\n\"\"\"\n")
    };
    let [holder, first, second, third] = comers.map(call);
    let text = format!(
        "format = 1\nid = \"t\"\ntitle = \"t\"\nstory = \"t\"\nkernel = \"{version}\"\n\
         [zone]\ntotal = \"64 pages\"\npage = \"4 MB\"\nfree = \"40 pages\"\n\
         min = \"2 pages\"\nlow = \"3 pages\"\nhigh = \"4 pages\"\n\
         [[lock]]\nname = \"sem\"\nkind = \"rwsem\"\n\
         [[kthread]]\nname = \"holder\"\n{holder}\
         [[process]]\nname = \"v\"\nrss = \"1 pages\"\n\
         [[process.thread]]\nname = \"v\"\n{first}\
         [[process.thread]]\nname = \"v-2\"\n{second}\
         [[kthread]]\nname = \"third\"\n{third}\
         [[kthread]]\nname = \"admin\"\nprogram = \"\"\"\nkill v\n\"\"\"\n"
    );
    let parsed = parse(&text);
    let mut machine = parsed.scenario.expect("a cast").machine;
    let patch = PatchId::named("rwsem-wakes-next").expect("in the table");
    machine.patches = PatchSet::of_version(version).with(patch, fixed);
    assert_eq!(machine.patches.check(), Ok(()));
    machine.kernel = Kernel::of(machine.patches);
    machine
}

fn key(state: &State) -> Vec<u64> {
    let mut words = [0; WORDS_MAX];
    state.words(&mut words);
    words[..state.word_count()].to_vec()
}

/// Whether somebody sleeps at the head of the queue although the lock is there to be had.
fn forgets_somebody(state: &State, sem: LockId) -> bool {
    let Some((head, mode)) = state.queued(sem, 1) else {
        return false;
    };
    let asleep = matches!(state.task(head).run, Run::Queued { awake: false, .. });
    let written = state.holders(sem).any(|(_, mode)| mode == Mode::Write);
    asleep
        && match mode {
            Mode::Read => !written,
            Mode::Write => lock::is_free(state, sem),
        }
}

/// Every state in which nothing moves any more, and how many states there are.
fn ends(machine: &Machine) -> (BTreeSet<Vec<u64>>, usize) {
    let sem = machine.locks.iter().position(|lock| lock.name == "sem");
    let sem = LockId(sem.expect("sem") as u8);
    let start = State::start(machine);
    let mut seen = BTreeSet::from([key(&start)]);
    let mut left = vec![start];
    let mut ends = BTreeSet::new();
    while let Some(state) = left.pop() {
        assert!(!forgets_somebody(&state, sem), "{:?}", state.tasks);
        let mut moved = false;
        for transition in enabled(machine, &state) {
            moved = true;
            let mut after = state.clone();
            step(machine, &mut after, transition, &mut ());
            if seen.insert(key(&after)) {
                left.push(after);
            }
        }
        if !moved {
            ends.insert(key(&state));
        }
    }
    (ends, seen.len())
}

#[test]
fn a_killed_waiter_forgets_nobody_with_the_fix_and_without_it() {
    let mut more = 0;
    for version in [Version(5, 4), Version(5, 15)] {
        for cast in 0..4_usize.pow(4) {
            let comers = [cast % 4, cast / 4 % 4, cast / 16 % 4, cast / 64];
            let [without, with] = [false, true].map(|fixed| ends(&machine(version, fixed, comers)));
            assert_eq!(without.0, with.0, "{version} {comers:?}");
            more += usize::from(without.1 != with.1);
        }
    }
    // The fix does something: others are awake, and hand-offs are inherited.
    assert!(more > 0, "the two kernels never differ");
}
