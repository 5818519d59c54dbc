//! What a scenario must come to, for which mixes of its offered patches.

use oomscope_model::machine::Rules;
use oomscope_model::patches::{PatchId, PatchSet};

use crate::diagnostic::{Notes, did_you_mean, list_words};
use crate::envelope::{Reader, Word};
use crate::rules;
use crate::scenario::Scenario;

/// One `[[expect]]` block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expect {
    /// Offered patches that must be on or off; those not named may be either.
    pub when: Vec<(PatchId, bool)>,
    /// For which declared rules.
    pub rules: Rules,
    /// Everything that is reachable, in the order of [`Outcome::ALL`].
    pub outcomes: Vec<Outcome>,
    /// What the lockup looks like.
    pub kind: Option<LockupKind>,
    /// No run kills more processes.
    pub kills_max: Option<u8>,
    /// One line that says why.
    pub why: String,
    /// What the model gets wrong here, until somebody mends it.
    pub known_gap: Option<String>,
    /// Line of the file, from 1.
    pub line: u32,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// All of them, in the order in which people list them.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The word that scenario files use.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }

            /// The one with this word.
            pub fn named(word: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|known| known.word() == word)
            }
        }
    };
}

words! {
    /// What can become of a machine; the same words as the explorer's.
    Outcome {
        /// Finished, at most one process was killed, nothing broke.
        Ok = "ok",
        /// A second process was killed.
        ExtraKill = "extra-kill",
        /// Not doomed, but a cycle exists that frees nothing.
        Stall = "stall",
        /// A doomed state is reachable.
        Lockup = "lockup",
        /// NULL dereference.
        Oops = "oops",
        /// Memory corruption.
        Corrupt = "corrupt",
        /// Doomed although nobody waits for memory.
        Hang = "hang",
        /// A system call returned an error its caller does not expect.
        WrongErrno = "wrong-errno",
        /// Nothing was left to kill.
        Panic = "panic",
    }
}

words! {
    /// What a doomed state looks like; the same words as the explorer's.
    LockupKind {
        /// Tasks still run or retry.
        Livelock = "livelock",
        /// All sleep.
        Deadlock = "deadlock",
        /// Nobody even waits for memory.
        Hang = "hang",
    }
}

impl Expect {
    /// Whether it speaks of this mix.
    pub fn matches(&self, patches: PatchSet) -> bool {
        self.when
            .iter()
            .all(|&(patch, on)| patches.has(patch) == on)
    }
}

/// Reads one block.
pub(crate) fn read(
    reader: &Reader<'_>,
    offered: &[PatchId],
    notes: &mut Notes<'_>,
) -> Option<Expect> {
    let when = match reader.text("when", notes) {
        None => Vec::new(),
        Some(word) => changes(&word, Some(offered), notes),
    };
    let rules = match reader.text("rules", notes) {
        None => Some(Rules::DEFAULT),
        Some(word) => {
            let names = rules::WORDS.iter().map(|(name, _)| *name);
            known(&word, "rules", rules::named(word.text), names, notes)
        }
    };
    let names = Outcome::ALL.iter().map(|outcome| outcome.word());
    let words = reader.list("outcomes", notes);
    if words.is_empty() {
        notes.error(
            reader.at,
            "[[expect]] has no outcomes",
            Some("write outcomes = [\"ok\"]".into()),
        );
    }
    let mut outcomes = Vec::new();
    for word in &words {
        outcomes.extend(known(
            word,
            "outcome",
            Outcome::named(word.text),
            names.clone(),
            notes,
        ));
    }
    outcomes.sort_unstable();
    outcomes.dedup();
    let kind = reader.text("kind", notes).and_then(|word| {
        let names = LockupKind::ALL.iter().map(|kind| kind.word());
        known(&word, "kind", LockupKind::named(word.text), names, notes)
    });
    let why = reader.needed("why", notes)?;
    Some(Expect {
        when,
        rules: rules?,
        outcomes,
        kind,
        kills_max: reader
            .number("kills_max", 0..=255, notes)
            .map(|kills| kills as u8),
        why: why.text.into(),
        known_gap: reader.text("known_gap", notes).map(|word| word.text.into()),
        line: notes.line(reader.at),
    })
}

fn known<'a, T>(
    word: &Word<'_>,
    what: &str,
    found: Option<T>,
    names: impl Iterator<Item = &'a str> + Clone,
    notes: &mut Notes<'_>,
) -> Option<T> {
    if found.is_none() {
        let hint = did_you_mean(word.text, names.clone())
            .unwrap_or_else(|| format!("known are {}", list_words(names)));
        notes.error(
            word.at(),
            format!("unknown {what} {:?}", word.text),
            Some(hint),
        );
    }
    found
}

/// Reads `oom-reaper,-killable-writers`. With `offered`, only those may be named.
pub(crate) fn changes(
    word: &Word<'_>,
    offered: Option<&[PatchId]>,
    notes: &mut Notes<'_>,
) -> Vec<(PatchId, bool)> {
    let mut changes: Vec<(PatchId, bool)> = Vec::new();
    for item in word
        .text
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
    {
        let (id, on) = item
            .strip_prefix('-')
            .map_or((item, true), |id| (id, false));
        let Some(patch) = patch(id, word.at(), notes) else {
            continue;
        };
        if offered.is_some_and(|offered| !offered.contains(&patch)) {
            let hint = Some("add it to offers".into());
            notes.error(word.at(), format!("patch {id:?} is not offered"), hint);
        } else if changes.iter().any(|&(other, _)| other == patch) {
            notes.error(word.at(), format!("patch {id:?} stands here twice"), None);
        } else {
            changes.push((patch, on));
        }
    }
    changes
}

/// The patch with this id, or a complaint.
pub(crate) fn patch(id: &str, at: usize, notes: &mut Notes<'_>) -> Option<PatchId> {
    let found = PatchId::named(id);
    if found.is_none() {
        let hint = did_you_mean(id, PatchId::all().map(|patch| patch.get().id));
        notes.error(at, format!("unknown patch {id:?}"), hint);
    }
    found
}

/// Writes what [`changes`] reads.
pub(crate) fn print_changes(changes: &[(PatchId, bool)]) -> String {
    let items: Vec<String> = changes
        .iter()
        .map(|&(patch, on)| format!("{}{}", if on { "" } else { "-" }, patch.get().id))
        .collect();
    items.join(",")
}

impl Scenario {
    /// Every mix of the offered patches that means something, over the scenario's own set;
    /// at most 1024. The first is the one with all of them off, if that is valid.
    pub fn combinations(&self) -> Vec<PatchSet> {
        (0..1_u32 << self.offered.len())
            .map(|bits| {
                let offered = self.offered.iter().enumerate();
                offered.fold(self.machine.patches, |set, (index, &patch)| {
                    set.with(patch, bits >> index & 1 != 0)
                })
            })
            .filter(|set| set.check().is_ok())
            .collect()
    }

    /// The blocks that speak of this mix under these rules; in a sound file one, or none
    /// if the file says nothing about the rules.
    pub fn expectations_for(
        &self,
        patches: PatchSet,
        rules: Rules,
    ) -> impl Iterator<Item = &Expect> {
        self.expects.iter().filter(move |expect| {
            rules::word(expect.rules) == rules::word(rules) && expect.matches(patches)
        })
    }

    /// A mix in words: which of the offered patches are on and which off.
    pub fn combination_in_words(&self, patches: PatchSet) -> String {
        let states: Vec<(PatchId, bool)> = self
            .offered
            .iter()
            .map(|&patch| (patch, patches.has(patch)))
            .collect();
        match states.is_empty() {
            true => String::from("no patch offered"),
            false => print_changes(&states),
        }
    }
}

/// Notes, for each of the rules the file names, the first mix that no block speaks of and
/// the first of which two do.
pub(crate) fn check_coverage(scenario: &Scenario, notes: &mut Notes<'_>) {
    let combinations = scenario.combinations();
    for (word, rules) in rules::WORDS {
        let Some(first) = scenario.expects.iter().find(|expect| expect.rules == rules) else {
            continue;
        };
        let matching = |&patches: &PatchSet| scenario.expectations_for(patches, rules).count();
        if let Some(&patches) = combinations.iter().find(|patches| matching(patches) == 0) {
            let mix = scenario.combination_in_words(patches);
            let at = notes.offset_of_line(first.line);
            notes.error(
                at,
                format!("under {word} rules no [[expect]] speaks of {mix}"),
                None,
            );
        }
        if let Some(&patches) = combinations.iter().find(|patches| matching(patches) > 1) {
            let mix = scenario.combination_in_words(patches);
            let lines: Vec<String> = scenario
                .expectations_for(patches, rules)
                .map(|expect| expect.line.to_string())
                .collect();
            let lines = list_words(lines.iter().map(String::as_str));
            let at = notes.offset_of_line(first.line);
            let sentence = format!(
                "under {word} rules several [[expect]] speak of {mix}: those of lines {lines}"
            );
            notes.error(at, sentence, None);
        }
    }
}
