//! `matrix`: what every mix of the offered patches comes to, and what clears it.

use clap::Args;
use oomscope_explore::Outcome as Happening;
use oomscope_judge::{Found, Good, Smallest, smallest};
use oomscope_model::machine::{Machine, Rules};
use oomscope_model::patches::{PatchId, PatchSet, VERSIONS};
use oomscope_scenario::diagnostic::list_words;
use oomscope_scenario::rules;
use serde::Serialize;

use crate::choice::{About, Choice, RulesChoice, Setup, ids, rules_named, rules_words};
use crate::failure::{Exit, Failure, Outcome};
use crate::outcomes::{Allowed, Reachable, is_survivable, reachable, style};
use crate::screen::{BAD, GOOD, SOFT, STRONG, Screen, WARN, count, paint};
use crate::search::{Bounds, Searched, Searcher, Size, bound_words, is_stopped};

/// What every mix of the offered patches comes to, and which clear it
///
/// Searches every valid mix of the patches that the scenario offers, over its own kernel or
/// the one of `--kernel` and `--patches`, and lists the smallest sets of offered patches
/// after which nothing bad can happen any more. A mix that was not searched to its end is
/// unknown until something bad is found in it, and so is what depends on it. Exit status 0:
/// at least one mix is clear; 1: none is; 3: a bound was reached before one was found.
#[derive(Args, Debug)]
pub(crate) struct Matrix {
    #[command(flatten)]
    choice: Choice,

    /// Declared rules, several with commas, or `all` [default: the scenario's]
    #[arg(short, long, value_name = "RULES")]
    rules: Option<String>,

    /// A row for every kernel release too, as it was
    #[arg(long)]
    kernels: bool,

    #[command(flatten)]
    bounds: Bounds,
    #[command(flatten)]
    allowed: Allowed,
}

/// One row.
#[derive(Serialize)]
struct Row {
    rules: &'static str,
    /// The release, in a row of `kernels`.
    #[serde(skip_serializing_if = "Option::is_none")]
    kernel: Option<String>,
    /// Offered patches that are on.
    on: Vec<&'static str>,
    /// Offered patches that are off.
    off: Vec<&'static str>,
    /// `clear`, `bad` or `unknown`.
    verdict: &'static str,
    outcomes: Vec<Reachable>,
    kills_max: u8,
    #[serde(flatten)]
    size: Size,
    bound: Option<String>,
    #[serde(skip)]
    clear: Good,
    /// Whether the machine goes on, whatever happens.
    #[serde(skip)]
    survives: Good,
}

/// The smallest sets that clear it under one rule.
#[derive(Serialize)]
struct Clears {
    rules: &'static str,
    /// Each a set of offered patches; none of them is part of another, and no smaller mix
    /// is clear.
    sets: Vec<Vec<&'static str>>,
    /// Sets that clear it too, and that may not be the smallest: a smaller mix is unknown.
    perhaps: Vec<Vec<&'static str>>,
    /// Whether every larger mix is clear as well; null if none is bad but some are unknown.
    larger_too: Option<bool>,
    /// How many mixes are unknown: nothing bad was found, but they were not searched to
    /// the end, or not at all.
    unknown: usize,
    /// How many mixes there are.
    of: usize,
}

/// The answer for machines.
#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    about: About,
    /// Ids of the offered patches.
    offered: Vec<&'static str>,
    mixes: Vec<Row>,
    kernels: Vec<Row>,
    /// The smallest sets after which nothing bad can happen.
    clears: Vec<Clears>,
    /// The smallest sets after which it does not lock up or break, though more may be killed,
    /// a wrong error returned, or it takes long.
    survives: Vec<Clears>,
}

/// What all rows have in common.
struct Plan<'a> {
    setup: &'a Setup,
    searcher: Searcher,
    allowed: Vec<Happening>,
    offered: &'a [PatchId],
    combinations: Vec<PatchSet>,
}

pub(crate) fn matrix(wanted: &Matrix, screen: &mut Screen) -> Outcome<Exit> {
    let allowed = wanted.allowed.outcomes()?;
    let one = RulesChoice { rules: None };
    let mut setup = wanted.choice.setup(&one, screen)?;
    // The mixes are counted from the kernel that was asked for.
    setup.input.scenario.machine.patches = setup.machine.patches;
    let all_rules = rules_of(wanted.rules.as_deref(), &setup.machine)?;
    let plan = Plan {
        searcher: wanted.bounds.searcher(screen),
        allowed,
        offered: &setup.input.scenario.offered,
        combinations: setup.input.scenario.combinations(),
        setup: &setup,
    };
    if !screen.is_json() {
        heading(&setup, screen)?;
    }
    let mut answer = Answer {
        about: setup.about("matrix"),
        offered: plan.offered.iter().map(|patch| patch.get().id).collect(),
        mixes: Vec::new(),
        kernels: Vec::new(),
        clears: Vec::new(),
        survives: Vec::new(),
    };
    for rules in all_rules {
        let rows = plan.mixes(rules, screen)?;
        let clears = plan.clears(rules, &rows, |row| row.clear);
        let survives = plan.clears(rules, &rows, |row| row.survives);
        if !screen.is_json() {
            tell_clears(&clears, &survives, screen)?;
        }
        answer.clears.push(clears);
        answer.survives.push(survives);
        answer.mixes.extend(rows);
        if wanted.kernels {
            answer.kernels.extend(plan.kernels(rules, screen)?);
        }
    }
    let any = |is: fn(&Clears) -> bool| answer.clears.iter().any(is);
    let exit = match (any(Clears::is_some), any(|clears| clears.unknown > 0)) {
        (true, _) => Exit::Clean,
        (false, true) => Exit::Unknown,
        (false, false) => Exit::Bad,
    };
    if screen.is_json() {
        screen.json(&answer)?;
    }
    Ok(exit)
}

/// The rules that were asked for.
fn rules_of(list: Option<&str>, machine: &Machine) -> Outcome<Vec<Rules>> {
    match list {
        None => Ok(vec![machine.rules]),
        Some("all") => Ok(rules::WORDS.iter().map(|(_, rules)| *rules).collect()),
        Some(list) => {
            let words = list.split(',').map(str::trim);
            let words = words.filter(|word| !word.is_empty());
            let rules: Outcome<Vec<Rules>> = words.map(rules_named).collect();
            match rules?.as_slice() {
                [] => Err(Failure::plain("--rules names no rules")),
                rules => Ok(rules.to_vec()),
            }
        }
    }
}

impl Plan<'_> {
    fn mixes(&self, rules: Rules, screen: &mut Screen) -> Outcome<Vec<Row>> {
        if !screen.is_json() {
            screen.line(paint(SOFT, rules_words(rules)))?;
            for (index, patch) in self.offered.iter().enumerate() {
                let bars = "| ".repeat(index);
                screen.line(format!("  {bars}+-- {}", patch.get().id))?;
            }
        }
        let mut rows = Vec::new();
        for &patches in &self.combinations {
            if is_stopped() {
                break;
            }
            let row = self.row(patches, rules, None);
            if !screen.is_json() {
                let marks = self.offered.iter().map(|&patch| match patches.has(patch) {
                    true => paint(STRONG, "+ "),
                    false => paint(SOFT, ". "),
                });
                let marks: String = marks.collect();
                screen.line(format!("  {marks} {}", told(&row)))?;
            }
            rows.push(row);
        }
        Ok(rows)
    }

    fn kernels(&self, rules: Rules, screen: &mut Screen) -> Outcome<Vec<Row>> {
        let mut rows = Vec::new();
        for &version in VERSIONS {
            if is_stopped() {
                break;
            }
            let patches = PatchSet::of_version(version);
            let row = self.row(patches, rules, Some(version.to_string()));
            if !screen.is_json() {
                let name = paint(STRONG, format!("{:>6}", version.to_string()));
                screen.line(format!("{name}  {}", told(&row)))?;
            }
            rows.push(row);
        }
        Ok(rows)
    }

    fn row(&self, patches: PatchSet, rules: Rules, kernel: Option<String>) -> Row {
        let scenario = self.setup.scenario();
        let machine = oomscope_judge::machine(scenario, patches, rules);
        let searched: Searched = self.searcher.search(&machine, &scenario.id);
        let found: &Found = &searched.found;
        let clear = found.good(|outcome| self.allowed.contains(&outcome));
        let offered = |on: bool| {
            let some = self.offered.iter();
            let some = some.filter(|&&patch| patches.has(patch) == on);
            some.map(|patch| patch.get().id).collect()
        };
        let limits = self.searcher.limits();
        Row {
            rules: rules::word(rules),
            kernel,
            on: offered(true),
            off: offered(false),
            verdict: super::explore::verdict_word(Exit::of(clear)),
            outcomes: reachable(&machine, found),
            kills_max: found.kills_max,
            size: searched.size(),
            bound: found.bound.map(|bound| bound_words(bound, limits)),
            clear,
            survives: found.good(is_survivable),
        }
    }

    /// The smallest sets of offered patches whose mixes are good. The rows are those of the
    /// first mixes; after Ctrl-C the others have none.
    fn clears(&self, rules: Rules, rows: &[Row], good: impl Fn(&Row) -> Good) -> Clears {
        let searched = rows.iter().map(good);
        let all = searched.chain(std::iter::repeat(Good::Unknown));
        let mixes: Vec<(PatchSet, Good)> = self.combinations.iter().copied().zip(all).collect();
        let Smallest {
            sets,
            perhaps,
            larger_too,
            unknown,
            of,
        } = smallest(self.offered, &mixes);
        Clears {
            rules: rules::word(rules),
            sets: sets.into_iter().map(ids).collect(),
            perhaps: perhaps.into_iter().map(ids).collect(),
            larger_too: larger_too.known(),
            unknown,
            of,
        }
    }
}

impl Clears {
    /// Whether any mix is known to be clear.
    fn is_some(&self) -> bool {
        !self.sets.is_empty() || !self.perhaps.is_empty()
    }
}

fn heading(setup: &Setup, screen: &mut Screen) -> Outcome<()> {
    let scenario = setup.scenario();
    let title = paint(SOFT, &scenario.title);
    screen.line(format!("{}  {title}", paint(STRONG, &scenario.id)))?;
    screen.line(setup.kernel_words())?;
    if let Some(bound) = &scenario.bound {
        let sibling = &bound.sibling;
        screen.note(format!(
            "{}: its file says that it is too large to be searched to the end; see {sibling}",
            paint(WARN, "warning")
        ));
    }
    Ok(())
}

/// A row in words: outcomes with their lengths, and the size of the search.
fn told(row: &Row) -> String {
    let outcomes = row.outcomes.iter().filter_map(|reachable| {
        let outcome = crate::outcomes::outcome_named(reachable.outcome).ok()?;
        let text = format!("{} {}", reachable.outcome, reachable.steps);
        Some(paint(style(outcome), text))
    });
    let mut outcomes: Vec<String> = outcomes.collect();
    if let Some(bound) = &row.bound {
        outcomes.push(paint(WARN, format!("unknown: {bound}")));
    }
    let states = count(row.size.states.into(), "state");
    let kills = count(row.kills_max.into(), "kill");
    let size = paint(SOFT, format!("{kills}, {states}"));
    format!("{}  {size}", outcomes.join(", "))
}

fn tell_clears(clears: &Clears, survives: &Clears, screen: &mut Screen) -> Outcome<()> {
    let &Clears { unknown, of, .. } = clears;
    match (clears.is_some(), unknown) {
        (true, _) => tell_sets(paint(GOOD, "clear with"), clears, None, screen)?,
        (false, 0) => screen.line(paint(BAD, "no mix of these patches is clear"))?,
        (false, _) => screen.line(paint(WARN, "no mix is known to be clear"))?,
    }
    if unknown > 0 {
        let text = format!("  unknown: {unknown} of {of} mixes, not searched to the end");
        screen.line(paint(SOFT, text))?;
    }
    let words = paint(WARN, "no lockup, oops or panic, at a cost, with");
    tell_sets(words, survives, Some(clears), screen)
}

/// Names the sets, but for those that were named before.
fn tell_sets(
    words: String,
    clears: &Clears,
    before: Option<&Clears>,
    screen: &mut Screen,
) -> Outcome<()> {
    let is_new = |set: &&Vec<&str>| {
        !before.is_some_and(|it| it.sets.contains(set) || it.perhaps.contains(set))
    };
    let perhaps = paint(SOFT, "; a smaller set was not searched to its end");
    let sets = clears.sets.iter().filter(is_new).map(|set| (set, ""));
    let more = clears.perhaps.iter().filter(is_new);
    let sets: Vec<(&Vec<&str>, &str)> = sets.chain(more.map(|set| (set, &*perhaps))).collect();
    for (set, note) in &sets {
        let set = match set.is_empty() {
            true => String::from("all of them off"),
            false => list_words(set.iter().copied()),
        };
        screen.line(format!("{words}: {set}{note}"))?;
    }
    if sets.is_empty() {
        return Ok(());
    }
    let text = match clears.larger_too {
        Some(true) => return Ok(()),
        Some(false) => "  but not every mix that has such a set in it is: see the rows",
        None => "  of some mixes that have such a set in them it is not known",
    };
    screen.line(paint(SOFT, text))
}
