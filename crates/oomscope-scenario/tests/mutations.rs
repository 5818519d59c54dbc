//! Damaged scenario files: whatever is still called sound can be printed and run.

use oomscope_model::transition::Move;
use oomscope_scenario::builtin::BUILTIN;
use oomscope_scenario::parse::parse;
use oomscope_scenario::print::print;
use oomscope_scenario::replay::Replay;
use oomscope_scenario::walk::Walk;

/// Numbers that look random and are the same every time.
struct Noise(u64);

impl Noise {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

fn damaged(text: &str, noise: &mut Noise) -> String {
    let mut lines: Vec<String> = text.lines().map(String::from).collect();
    for _ in 0..=noise.below(3) {
        let at = noise.below(lines.len());
        let other = noise.below(lines.len());
        match noise.below(5) {
            0 => drop(lines.remove(at)),
            1 => lines.swap(at, other),
            2 => lines.insert(at, lines[other].clone()),
            3 => {
                let line: Vec<char> = lines[at].chars().collect();
                let place = noise.below(line.len() + 1);
                let extra = ['"', '{', '}', '9', '-', '=', '[', '\\', 'é', ','][noise.below(10)];
                let (before, after) = line.split_at(place);
                lines[at] = before
                    .iter()
                    .chain([&extra])
                    .chain(after.iter().skip(1))
                    .collect();
            }
            _ => {
                let digits: String = noise.below(700).to_string();
                lines[at] = lines[at].replace(|c: char| c.is_ascii_digit(), &digits);
            }
        }
        if lines.is_empty() {
            break;
        }
    }
    lines.join("\n")
}

#[test]
fn damaged_files_are_explained_or_run() {
    let mut noise = Noise(5);
    let own = include_str!("own-scenario.toml");
    let mut sound = 0;
    for text in BUILTIN.iter().map(|builtin| builtin.text).chain([own]) {
        for _ in 0..300 {
            let text = damaged(text, &mut noise);
            let parsed = parse(&text);
            let Some(scenario) = parsed.scenario else {
                assert!(!parsed.diagnostics.is_empty(), "{text}");
                continue;
            };
            sound += 1;
            let printed = print(&scenario);
            let again = parse(&printed)
                .scenario
                .unwrap_or_else(|| panic!("{printed}"));
            assert_eq!(again.machine, scenario.machine, "{text}");
            let walk = Walk::of(&scenario);
            let mut replay = Replay::new(scenario.machine);
            for _ in 0..150 {
                let next = walk.next(replay.tip_machine(), replay.tip(), replay.moves());
                let Some(next) = next else { break };
                assert!(replay.push(Move::Step(next)).is_ok(), "{text}");
            }
        }
    }
    assert!(sound > 100, "{sound}");
}

#[test]
fn every_beginning_of_a_file_is_read_without_a_panic() {
    let text = include_str!("own-scenario.toml");
    for (end, _) in text.char_indices() {
        let parsed = parse(&text[..end]);
        assert!(parsed.scenario.is_some() || !parsed.diagnostics.is_empty());
    }
}
