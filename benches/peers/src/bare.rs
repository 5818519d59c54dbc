//! How far the explorer is from what a machine like this can do at all: a bare hash table
//! that is handed the packed successors of every state, ready made, and keeps the new ones.
//! What is between the two is stepping, packing, edges and regions.

use std::time::Duration;

use oomscope_model::machine::Machine;
use oomscope_model::state::State;
use oomscope_model::step::{enabled, step};
use oomscope_model::words::{WORDS_MAX, fold};

use crate::measure::own_user;
use crate::ours;
use crate::rounds::median;
use crate::twins::TWINS;

const EMPTY: u32 = u32::MAX;

/// States of equal width, one after the other, and a table of indices.
struct Table {
    width: usize,
    words: Vec<u64>,
    slots: Vec<u32>,
    len: u32,
}

impl Table {
    /// Large enough from the start: growing is not what is measured.
    fn new(width: usize, states: usize) -> Table {
        Table {
            width,
            words: Vec::with_capacity(width * states),
            slots: vec![EMPTY; (2 * states).next_power_of_two()],
            len: 0,
        }
    }

    fn insert(&mut self, words: &[u64]) {
        let mask = self.slots.len() - 1;
        let mut slot = fold(words) as usize & mask;
        while self.slots[slot] != EMPTY {
            let at = self.slots[slot] as usize * self.width;
            if self.words[at..at + self.width] == *words {
                return;
            }
            slot = (slot + 1) & mask;
        }
        self.slots[slot] = self.len;
        self.words.extend_from_slice(words);
        self.len += 1;
    }
}

/// The packed start, then every successor of every state, breadth first: what an explorer
/// would look up.
fn stream(machine: &Machine) -> (usize, Vec<u64>) {
    let start = State::start(machine);
    let width = start.word_count();
    let mut words = [0; WORDS_MAX];
    start.words(&mut words);
    let mut stream = words[..width].to_vec();
    let mut found = std::collections::HashSet::from([words]);
    let mut queue = std::collections::VecDeque::from([start]);
    while let Some(state) = queue.pop_front() {
        for transition in enabled(machine, &state) {
            let mut next = state.clone();
            step(machine, &mut next, transition, &mut ());
            let mut words = [0; WORDS_MAX];
            next.words(&mut words);
            stream.extend_from_slice(&words[..width]);
            if found.insert(words) {
                queue.push_back(next);
            }
        }
    }
    (width, stream)
}

/// Inserts the whole stream: user time, and how many states were new.
fn insert_all(width: usize, stream: &[u64], states: usize) -> Result<(Duration, u32), String> {
    let mut table = Table::new(width, states);
    let before = own_user()?;
    for words in stream.chunks_exact(width) {
        table.insert(words);
    }
    Ok((own_user()? - before, table.len))
}

/// Prints one line for each machine: ours, and the bare table.
pub fn own(rounds: usize) -> Result<(), String> {
    let mut machines = vec![
        ("writer-in-queue".to_owned(), ours::writer_in_queue(false)?),
        (
            "writer-in-queue, largest mix".to_owned(),
            ours::writer_in_queue(true)?,
        ),
    ];
    for twin in &TWINS {
        // The largest stream would not fit into a small machine.
        if twin.name != "mutexes" {
            machines.push((format!("twin {}", twin.name), twin.machine(twin.copies)?));
        }
    }
    println!(
        "| machine | states | transitions | oomscope | states per second | bare table | room |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (name, machine) in &machines {
        let (width, stream) = stream(machine);
        let (sample, _) = ours::search(machine, u32::MAX)?;
        let mut whole = Vec::new();
        let mut bare = Vec::new();
        // A small machine is searched often enough to be measured.
        let times = (1 + 200_000 / sample.states) as u32;
        for _ in 0..rounds {
            let (mut user, mut table) = (Duration::ZERO, Duration::ZERO);
            for _ in 0..times {
                user += ours::search(machine, u32::MAX)?.0.user;
                let (time, found) = insert_all(width, &stream, sample.states as usize)?;
                if u64::from(found) != sample.states {
                    return Err(format!("{name}: the bare table found {found} states"));
                }
                table += time;
            }
            whole.push((user / times).as_secs_f64());
            bare.push((table / times).as_secs_f64());
        }
        let room = median(whole.iter().zip(&bare).map(|(whole, bare)| whole / bare));
        let (whole, bare) = (median(whole.into_iter()), median(bare.into_iter()));
        println!(
            "| {name} | {} | {} | {:.1} ms | {:.2} M | {:.1} ms | {room:.1} times |",
            sample.states,
            sample.transitions,
            whole * 1e3,
            sample.states as f64 / whole / 1e6,
            bare * 1e3,
        );
    }
    Ok(())
}
