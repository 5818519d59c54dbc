//! The machines of `benches/peers`, which Spin and stateright know in their own languages,
//! still have the numbers of states and transitions on which all three agreed there.

#[path = "../../../benches/peers/src/cast.rs"]
mod cast;

use oomscope_explore::Explorer;
use oomscope_model::state::State;
use oomscope_scenario::parse::parse;

const COUNTS: &str = include_str!("../../../benches/peers/twins/counts.txt");
const TEXTS: [(&str, &str); 3] = [
    (
        "rwsem",
        include_str!("../../../benches/peers/twins/rwsem.toml"),
    ),
    (
        "mutexes",
        include_str!("../../../benches/peers/twins/mutexes.toml"),
    ),
    ("oom", include_str!("../../../benches/peers/twins/oom.toml")),
];
/// Larger ones are for the benchmark.
const STATES_MAX: u32 = 50_000;

#[test]
fn the_twins_count_as_in_spin_and_stateright() {
    let mut looked_at = 0;
    for line in COUNTS.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split(' ').collect();
        let [name, copies, states, transitions] = words[..] else {
            panic!("{line:?} is not a line of counts.txt");
        };
        let number = |word: &str| word.parse::<u32>().expect("a number");
        if number(states) > STATES_MAX {
            continue;
        }
        let (_, text) = TEXTS.iter().find(|(twin, _)| *twin == name).expect(name);
        let parsed = parse(&cast::grown(text, 2 * number(copies) as usize));
        assert_eq!(parsed.diagnostics, [], "{name}");
        let machine = parsed.scenario.expect(name).machine;
        let mut explorer = Explorer::new(&machine, &State::start(&machine));
        while !explorer.advance(10_000).done {}
        let progress = explorer.progress();
        let found = (progress.states, progress.transitions);
        let pinned = (number(states), u64::from(number(transitions)));
        assert_eq!(found, pinned, "{line}");
        looked_at += 1;
    }
    assert!(looked_at >= 6, "counts.txt has lost its lines");
}
