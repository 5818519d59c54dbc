//! `explain`: why it goes wrong, and what would clear it.

mod beside;
mod print;

use clap::Args;
use oomscope_explore::explain::Explanation;
use oomscope_explore::{Explorer, Lasso, LockupKind, Outcome as Happening};
use oomscope_judge::{Flip, Found, WORST_FIRST, advance, flips, flips_from_start, states};
use oomscope_model::machine::Machine;
use oomscope_model::state::State;
use oomscope_model::step::step;
use oomscope_model::transition::Transition;
use oomscope_picture::{Contrast, Told, no_way_out, told};
use oomscope_scenario::condition;
use oomscope_scenario::diagnostic::list_words;
use oomscope_scenario::preset::Stop;
use serde::Serialize;

use crate::choice::{About, Choice, RulesChoice, Setup};
use crate::failure::{Exit, Failure, Outcome};
use crate::outcomes::{Allowed, Reachable, exit, kind_word, outcome_named, reachable, run_text};
use crate::schedule::stop_named;
use crate::screen::Screen;
use crate::search::{Bounds, Searcher, bound_words, now};

/// Say why it goes wrong, and what would clear it
///
/// Prints a shortest schedule to the worst outcome beside the good schedule that has the
/// longest beginning in common with it, and names the first step at which they differ; for a
/// lockup what goes on for ever, with the pages that come free and the kills in each lap; and
/// what each of the offered switches would do, from the start and flipped there.
#[derive(Args, Debug)]
pub(crate) struct Explain {
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    rules: RulesChoice,
    #[command(flatten)]
    bounds: Bounds,
    #[command(flatten)]
    allowed: Allowed,

    /// Which outcome to explain [default: the worst that is reachable]
    #[arg(long, value_name = "OUTCOME")]
    outcome: Option<String>,

    /// Where in the bad schedule to flip the switches
    ///
    /// By default where it can still be mended: at the end for a lockup, before the step that
    /// decides for what cannot be undone, and at the start if no step decides. What they would
    /// do from the start, on a kernel that was built so, is told in any case.
    #[arg(long, value_name = "MARKER|STEP")]
    at: Option<String>,
}

/// A step of a schedule.
#[derive(Serialize)]
struct Step {
    step: usize,
    task: String,
    caption: String,
}

impl From<Told> for Step {
    fn from(told: Told) -> Step {
        Step {
            step: told.step,
            task: told.task,
            caption: told.caption,
        }
    }
}

/// The good schedule.
#[derive(Serialize)]
struct Good {
    /// So many steps are those of the bad one.
    common: usize,
    run: String,
    /// What follows.
    steps: Vec<Step>,
}

/// What goes on for ever.
#[derive(Serialize)]
struct Ring {
    /// From the start into the lap.
    stem: String,
    /// The lap. Rounds of allocators that retry in vain are in it too, which `run` leaves out.
    cycle: String,
    /// Steps of the lap.
    steps: usize,
    freed_pages: u32,
    kills: u32,
    /// Who could always move and never does: then only an unfair scheduler keeps the lap.
    starved: Vec<String>,
}

/// A switch, flipped at `at` or from the start.
#[derive(Serialize)]
struct Switch {
    patch: &'static str,
    on: bool,
    /// What has to move with it.
    changes: Vec<String>,
    /// `clear`, `bad` or `unknown`.
    verdict: &'static str,
    outcomes: Vec<Reachable>,
    bound: Option<String>,
}

/// The answer for machines.
#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    about: About,
    /// The outcome that is explained; null if nothing bad was found.
    outcome: Option<&'static str>,
    kind: Option<&'static str>,
    /// It all in one sentence.
    sentence: String,
    /// The bad schedule.
    run: String,
    /// From where it differs from the good one.
    steps: Vec<Step>,
    good: Option<Good>,
    lasso: Option<Ring>,
    /// The step of the bad schedule at which the switches are flipped.
    at: usize,
    switches: Vec<Switch>,
    /// The same switches, on a kernel that was built so.
    from_start: Vec<Switch>,
}

/// All that was found out.
struct Case<'a> {
    setup: &'a Setup,
    outcome: Happening,
    found: &'a Found,
    bad: Vec<Transition>,
    contrast: Option<Explanation>,
    lasso: Option<Lasso>,
    at: usize,
    /// From the start.
    early: Vec<Flip>,
    /// At that step.
    flips: Vec<Flip>,
    allowed: Vec<Happening>,
    searcher: Searcher,
}

pub(crate) fn explain(wanted: &Explain, screen: &mut Screen) -> Outcome<Exit> {
    let allowed = wanted.allowed.outcomes()?;
    let setup = wanted.choice.setup(&wanted.rules, screen)?;
    let searcher = wanted.bounds.searcher(screen);
    let begin = now();
    let start = State::start(&setup.machine);
    let mut explorer = Explorer::new(&setup.machine, &start);
    let bound = advance(&mut explorer, searcher.limits(), |progress| {
        searcher.watch(progress, &setup.scenario().id, begin)
    });
    searcher.done();
    let found = &Found::of(&setup.machine, &start, &explorer, bound);
    let Some(outcome) = worst(wanted, &searcher, found, &allowed)? else {
        return nothing_bad(wanted, &setup, &searcher, found, screen);
    };
    let bad = found.witness(outcome).unwrap_or_default().to_vec();
    let states = states(&setup.machine, &bad);
    let contrast = explorer.explain(outcome);
    let lasso = match outcome {
        Happening::Lockup => explorer.livelock_beyond(&bad),
        Happening::Stall => explorer.starvation(),
        _ => None,
    };
    let last = match (&contrast, is_lasting(outcome)) {
        // Where nothing decides, nothing is mended later on.
        (None, _) => 0,
        (Some(contrast), false) => contrast.parts_at,
        (Some(_), true) => bad.len(),
    };
    let at = place(wanted, &setup, &states, last)?;
    let (early, flips) = switches(&setup, &states[at], at, &searcher);
    let case = Case {
        lasso,
        setup: &setup,
        outcome,
        found,
        bad,
        contrast,
        at,
        early,
        flips,
        allowed,
        searcher,
    };
    match screen.is_json() {
        true => screen.json(&case.answer())?,
        false => case.print(screen)?,
    }
    Ok(Exit::Bad)
}

/// What the offered switches would do: from the start, and flipped at this step.
fn switches(
    setup: &Setup,
    state: &State,
    at: usize,
    searcher: &Searcher,
) -> (Vec<Flip>, Vec<Flip>) {
    let begin = now();
    let watch = |progress| searcher.watch(progress, "what a switch would do", begin);
    let (machine, limits) = (&setup.machine, searcher.limits());
    let offered = &setup.scenario().offered;
    let early = flips_from_start(machine, offered, limits, watch);
    let flips = match at {
        0 => early.clone(),
        _ => flips(machine, state, offered, limits, watch),
    };
    searcher.done();
    (early, flips)
}

/// The outcome to explain.
fn worst(
    wanted: &Explain,
    searcher: &Searcher,
    found: &Found,
    allowed: &[Happening],
) -> Outcome<Option<Happening>> {
    let Some(word) = &wanted.outcome else {
        let mut ranked = WORST_FIRST.into_iter().filter(|it| !allowed.contains(it));
        return Ok(ranked.find(|&outcome| found.witness(outcome).is_some()));
    };
    let outcome = outcome_named(word)?;
    if outcome == Happening::Ok {
        let hint = "a schedule to it is told by `oomscope run SCENARIO --witness ok`";
        return Err(Failure::new("ok is nothing that goes wrong", Some(hint)));
    }
    match (found.witness(outcome), found.bound) {
        (Some(_), _) => Ok(Some(outcome)),
        (None, None) => Err(Failure::plain(format!("{word} cannot be reached here"))),
        (None, Some(bound)) => {
            let words = bound_words(bound, searcher.limits());
            let sentence = format!("{word} is unknown here: {words} before it was found");
            Err(Failure::unknown(bound, sentence))
        }
    }
}

fn nothing_bad(
    wanted: &Explain,
    setup: &Setup,
    searcher: &Searcher,
    found: &Found,
    screen: &mut Screen,
) -> Outcome<Exit> {
    let allowed = wanted.allowed.outcomes()?;
    let but = allowed_words(&allowed);
    let sentence = match found.bound {
        None => format!("Nothing bad can happen, whatever the schedule{but}."),
        Some(bound) => {
            let bound = bound_words(bound, searcher.limits());
            format!("Nothing bad was found, but that is not all there is: {bound}{but}.")
        }
    };
    match screen.is_json() {
        true => screen.json(&Answer {
            about: setup.about("explain"),
            outcome: None,
            kind: None,
            sentence,
            run: String::new(),
            steps: Vec::new(),
            good: None,
            lasso: None,
            at: 0,
            switches: Vec::new(),
            from_start: Vec::new(),
        })?,
        false => {
            print::head(setup, screen)?;
            screen.line(sentence)?;
        }
    }
    Ok(exit(found, &allowed))
}

/// What `--allow` said, at the end of a sentence.
fn allowed_words(allowed: &[Happening]) -> String {
    let words = allowed.iter().filter(|&&it| it != Happening::Ok);
    let words: Vec<&str> = words.map(|it| it.word()).collect();
    match words.len() {
        0 => String::new(),
        1 => format!("; {} is allowed", words[0]),
        _ => format!("; {} are allowed", list_words(words)),
    }
}

/// Whether it is something that lasts and might yet end, not something that has happened.
fn is_lasting(outcome: Happening) -> bool {
    matches!(
        outcome,
        Happening::Lockup | Happening::Hang | Happening::Stall
    )
}

/// The step at which to flip the switches.
fn place(wanted: &Explain, setup: &Setup, states: &[State], usual: usize) -> Outcome<usize> {
    let Some(word) = &wanted.at else {
        return Ok(usual);
    };
    let last = states.len() - 1;
    match stop_named(word, setup)? {
        Stop::Step(step) if step as usize <= last => Ok(step as usize),
        Stop::Step(step) => {
            let sentence = format!("the bad schedule has only {last} steps, not {step}");
            Err(Failure::plain(sentence))
        }
        Stop::Marker(id) => {
            let mut markers = setup.scenario().markers.iter();
            let marker = markers.find(|marker| marker.id == id);
            let holds = |state: &State| {
                marker.is_some_and(|it| condition::holds(&it.when, &setup.machine, state))
            };
            let found = states.iter().position(holds);
            found.ok_or_else(|| {
                Failure::plain(format!(
                    "the bad schedule does not come to the marker {id:?}"
                ))
            })
        }
    }
}

impl Case<'_> {
    fn machine(&self) -> &Machine {
        &self.setup.machine
    }

    /// The steps of a schedule from one of them on.
    fn told(&self, schedule: &[Transition], from: usize) -> Vec<Told> {
        let machine = self.machine();
        let mut state = State::start(machine);
        let mut all = Vec::new();
        for (index, &transition) in schedule.iter().enumerate() {
            let mut events = Vec::new();
            step(machine, &mut state, transition, &mut events);
            if index >= from {
                all.push(told(machine, index + 1, transition, &events, &state));
            }
        }
        all
    }

    /// The same, for machines.
    fn steps(&self, schedule: &[Transition], from: usize) -> Vec<Step> {
        let told = self.told(schedule, from);
        told.into_iter().map(Step::from).collect()
    }

    /// So many steps are the same in both.
    fn common(&self) -> usize {
        let contrast = self.contrast.as_ref();
        contrast.map_or(0, |contrast| contrast.parts_at)
    }

    /// It all in one sentence.
    fn sentence(&self) -> String {
        let word = self.outcome.word();
        let Some(contrast) = &self.contrast else {
            return match self.found.bound {
                None => no_way_out(word),
                Some(_) => format!("It can come to {word}; not all of the rest was seen."),
            };
        };
        let common = contrast.parts_at;
        let bad = self.told(&self.bad, common);
        let good = self.told(&contrast.good, common);
        let harmless = contrast.harmless_after;
        match (bad.first(), good.first()) {
            (Some(bad), Some(first)) => Contrast {
                outcome: word,
                bad,
                good: first,
                harmless: harmless.and_then(|step| good.get(step - common)),
                only: contrast.only,
            }
            .sentence(),
            // The explorer's two schedules differ.
            _ => no_way_out(word),
        }
    }

    fn answer(&self) -> Answer {
        let machine = self.machine();
        Answer {
            about: self.setup.about("explain"),
            outcome: Some(self.outcome.word()),
            kind: self.kind(),
            sentence: self.sentence(),
            run: run_text(machine, &self.bad),
            steps: self.steps(&self.bad, self.common()),
            good: self.contrast.as_ref().map(|contrast| Good {
                common: contrast.parts_at,
                run: run_text(machine, &contrast.good),
                steps: self.steps(&contrast.good, contrast.parts_at),
            }),
            lasso: self.lasso.as_ref().map(|lasso| Ring {
                stem: run_text(machine, &lasso.stem),
                cycle: run_text(machine, &lasso.cycle),
                steps: lasso.cycle.len(),
                freed_pages: lasso.pages_freed,
                kills: lasso.kills,
                starved: self.starved(lasso),
            }),
            at: self.at,
            switches: self.flips.iter().map(|flip| self.switch(flip)).collect(),
            from_start: self.early.iter().map(|flip| self.switch(flip)).collect(),
        }
    }

    fn kind(&self) -> Option<&'static str> {
        let kind = self.found.kind.map(kind_word);
        kind.filter(|_| self.outcome == Happening::Lockup)
    }

    /// The other kind of lockup, if one is told about and the other can be reached as well.
    fn other_lockup(&self) -> Option<&(LockupKind, Vec<Transition>)> {
        let other = self.found.other_lockup.as_ref();
        other.filter(|_| self.outcome == Happening::Lockup)
    }

    fn switch(&self, flip: &Flip) -> Switch {
        let limits = self.searcher.limits();
        let others = flip
            .changes
            .iter()
            .filter(|(other, _)| *other != flip.patch);
        Switch {
            patch: flip.patch.get().id,
            on: flip.on,
            changes: others
                .map(|(patch, on)| format!("{}{}", if *on { "+" } else { "-" }, patch.get().id))
                .collect(),
            verdict: super::explore::verdict_word(exit(&flip.found, &self.allowed)),
            outcomes: reachable(self.machine(), &flip.found),
            bound: flip.found.bound.map(|bound| bound_words(bound, limits)),
        }
    }

    /// The names of those that a lap leaves out.
    fn starved(&self, lasso: &Lasso) -> Vec<String> {
        let starved = lasso.starved.iter();
        starved
            .map(|&task| self.machine().actor(task).name.clone())
            .collect()
    }
}
