//! Every exit protocol against everything that has ever gone wrong on the way out: the
//! table of oom.md 11, played. Each column is a scenario's cast, each row a kernel; a cell
//! says what is reachable with long sleeps. Where a cell says more than the document, which
//! tells the typical run, it is for these reasons. Up to 4.9 a victim can leave before it has
//! freed anything, or be counted as done, so an extra kill is possible everywhere (a4, a5); in
//! 4.6 a reaper that comes first saves all. The munlock pass that may wait for ever may as well
//! oops. P01 over-kills wherever it is not the reaper that comes first. P03 asks the current
//! task, so it fails S11. What is all mlocked is flagged before it is freed until 5.18.

use oomscope_explore::Explorer;
use oomscope_model::kernel::Kernel;
use oomscope_model::machine::Rules;
use oomscope_model::patches::{PatchId, PatchSet, Version};
use oomscope_model::state::State;
use oomscope_scenario::builtin::Builtin;

/// The columns, by scenario: S05, S07, stuck in M2, long M4, S11, the over-kill window with
/// anonymous and with mlocked memory, stuck in M5 (whose cast always needs a second kill).
const CASTS: [&str; 8] = [
    "exit-aio",
    "munlock-oops",
    "munlock-page-lock",
    "write-lock-give-up",
    "last-mmput-stranger",
    "hand-off-over-kill",
    "self-reap-mlocked",
    "unlink-file-vma",
];

/// Release, what is changed in it, and a cell for each cast: O ok, E extra kill, L lockup,
/// ! oops, C corrupted memory, P panic, H hang, S stall.
type Row = (
    &'static str,
    Version,
    &'static [&'static str],
    [&'static str; 8],
);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("a, 4.6", Version(4, 6), &[], ["OEL", "OE", "OEL", "OE", "OE", "OE", "OE", "EL"]),
    ("4.7", Version(4, 7), &[], ["OE", "OE", "OE", "OE", "OE", "OE", "OE", "E"]),
    ("4.8", Version(4, 8), &[], ["OE", "OE", "OE", "OE", "OE", "OE", "OE", "E"]),
    ("a', 4.9", Version(4, 9), &[], ["OE", "OE", "OE", "OE", "OE", "OE", "OE", "E"]),
    ("b, 4.14", Version(4, 14), &[], ["O", "O!", "O!", "O", "OC", "O", "OE!", "E"]),
    ("b', 4.15", Version(4, 15), &[], ["O", "O!", "O!", "O", "O", "O", "OE!", "E"]),
    ("c1, P01", Version(4, 15), &["unstable-v1"], ["O", "OE", "OE", "OE", "OE", "OE", "OE", "E"]),
    ("c2, P02", Version(4, 15), &["unstable-v2"], ["O", "O", "OL", "O", "O", "O", "OE", "EL"]),
    ("c3, P03", Version(4, 15), &["write-lock-2017"], ["O", "O!", "O!", "O", "OC", "O", "OE!", "E"]),
    ("c4, P04", Version(4, 15), &["write-lock-2018"], ["O", "O", "OE", "OE", "O", "O", "OE", "E"]),
    ("d, 4.17", Version(4, 17), &[], ["O", "O", "O", "O", "O", "O", "OE", "E"]),
    ("d', 4.19", Version(4, 19), &[], ["O", "O", "O", "O", "O", "O", "OE", "E"]),
    ("e1, 5.17", Version(5, 17), &[], ["O", "O", "O", "O", "O", "O", "OE", "E"]),
    ("e2, 5.18", Version(5, 18), &[], ["O", "O", "O", "O", "O", "O", "O", "E"]),
    ("e3, 6.1", Version(6, 1), &[], ["O", "O", "O", "O", "O", "O", "O", "E"]),
];

#[test]
fn every_protocol_meets_every_failure_as_the_table_says() {
    let mut wrong = String::new();
    for (name, version, changes, cells) in ROWS {
        let mut patches = PatchSet::of_version(*version);
        for id in *changes {
            patches = patches.with(PatchId::named(id).expect("in the table"), true);
        }
        assert_eq!(patches.check(), Ok(()), "{name}");
        let found = CASTS.map(|cast| reachable(cast, patches));
        if found != cells.map(String::from) {
            wrong.push_str(&format!("{name}: expected {cells:?}, found {found:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{CASTS:?}\n{wrong}");
}

fn reachable(cast: &str, patches: PatchSet) -> String {
    let builtin = Builtin::named(cast).expect("built in");
    let mut machine = builtin.scenario().expect("parsed").machine;
    machine.patches = patches;
    machine.kernel = Kernel::of(patches);
    machine.rules = Rules::DEFAULT;
    let mut explorer = Explorer::new(&machine, &State::start(&machine));
    while !explorer.advance(10_000).done {
        assert!(explorer.progress().states < 1_000_000, "{cast}");
    }
    let letters = explorer
        .outcomes()
        .into_iter()
        .map(|outcome| match outcome.word() {
            "ok" => 'O',
            "extra-kill" => 'E',
            "lockup" => 'L',
            "oops" => '!',
            "corrupt" => 'C',
            "panic" => 'P',
            "hang" => 'H',
            "stall" => 'S',
            _ => '?',
        });
    letters.collect()
}
