//! Which run to play, and how far.

use clap::Args;
use oomscope_explore::{LockupKind, Outcome as Happening};
use oomscope_model::machine::Machine;
use oomscope_model::step::enabled;
use oomscope_model::transition::Move;
use oomscope_scenario::condition;
use oomscope_scenario::diagnostic::{did_you_mean, list_words};
use oomscope_scenario::link::{Link, Trouble};
use oomscope_scenario::preset::Stop;
use oomscope_scenario::replay::Replay;
use oomscope_scenario::run::Run;
use oomscope_scenario::walk::Walk;

use crate::choice::Setup;
use crate::failure::{Failure, Outcome};
use crate::outcomes::{kind_word, meaning, outcome_named};
use crate::screen::Screen;
use crate::search::{Bounds, bound_words, is_stopped};

/// Which run, and how far.
///
/// By default the scenario's lead, as the page plays it, or the run of the link.
/// Where the lead does not fit a changed kernel, the seed goes on.
#[derive(Args, Clone, Debug)]
pub(crate) struct Plan {
    /// Play this run: `'vhost-1187*3 qemu-2 +killable-writers cc1*9'`
    ///
    /// Names of tasks between spaces, `cc1*9` is nine steps of cc1; `+patch` and `-patch`
    /// switch in the middle, `kill:cc1` sends SIGKILL, `pages:4` gives four pages back.
    #[arg(long, value_name = "RUN", allow_hyphen_values = true, group = "which")]
    pub(crate) run: Option<String>,

    /// Play what this seed chooses, from the start
    #[arg(long, value_name = "N", group = "which")]
    pub(crate) seed: Option<u32>,

    /// Play a shortest schedule to this outcome: lockup, oops, extra-kill, ok, …
    #[arg(long, value_name = "OUTCOME", group = "which")]
    pub(crate) witness: Option<String>,

    /// Stop at this marker or step; behind the end of the run the seed goes on
    #[arg(long, visible_alias = "at", value_name = "MARKER|STEP")]
    pub(crate) to: Option<String>,

    /// Stop after so many steps at the latest
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) max_steps: usize,

    #[command(flatten)]
    pub(crate) bounds: Bounds,
}

/// A run that was played.
pub(crate) struct Played {
    pub(crate) replay: Replay,
    pub(crate) end: End,
    /// What the sharer saw and this model does not.
    pub(crate) trouble: Option<String>,
    /// What can be said of its end, if it was played to the end of a witness.
    pub(crate) beyond: Option<String>,
}

/// A shortest schedule to an outcome.
struct Witness {
    moves: Vec<Move>,
    /// What can be said of its end.
    beyond: Option<String>,
}

/// Why it ends where it does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// The run that was asked for has no more steps.
    RunOver,
    /// The marker or step of `--to`.
    Reached,
    /// The marker of `--to` did not come.
    NotReached(String),
    /// Every task is through.
    Finished,
    /// Nothing can move.
    NothingMoves,
    /// `--max-steps`.
    StepsSpent,
    /// Ctrl-C.
    Stopped,
}

impl Plan {
    /// Plays what was asked for.
    pub(crate) fn play(&self, setup: &Setup, screen: &Screen) -> Outcome<Played> {
        let scenario = setup.scenario();
        let mut walk = Walk::of(scenario);
        let mut replay = Replay::new(setup.machine.clone());
        let stop = self.stop(setup)?;
        let mut trouble = None;
        let mut beyond = None;
        let mut is_lead = false;
        let mut given: Option<Vec<Move>> = None;
        if let Some(Link::Preset(preset)) = &setup.input.link {
            walk.seed = preset.seed.unwrap_or(walk.seed);
        }
        if let Some(text) = &self.run {
            let run = Run::parse(&setup.machine, text);
            let run = run.map_err(|note| Failure::diagnostics("--run", &[note]))?;
            given = Some(run.moves);
        } else if let Some(word) = &self.witness {
            let witness = self.witness(word, setup, screen)?;
            given = Some(witness.moves);
            beyond = witness.beyond;
        } else if let Some(seed) = self.seed {
            walk = Walk {
                seed,
                lead: Vec::new(),
            };
        } else if let Some(Link::Copied(copied)) = &setup.input.link {
            given = Some(copied.shared.run.moves.clone());
            trouble = copied.replay().1.map(|it| trouble_words(&it));
        } else if let Some(lead) = &scenario.lead
            && stop.is_none()
        {
            given = Some(lead.steps.iter().copied().map(Move::Step).collect());
            is_lead = true;
        }
        let lenient = is_lead || trouble.is_some();
        let mut end = match given {
            Some(moves) => follow(&mut replay, &moves, stop.as_ref(), setup, lenient)?,
            None => None,
        };
        if is_lead && replay.len() < walk.lead.len() {
            let (step, seed) = (replay.len(), walk.seed);
            screen.note(format!(
                "the lead fits up to step {step}; from there steps are drawn with seed {seed}"
            ));
            end = None;
        }
        if end.is_none() || end == Some(End::RunOver) && stop.is_some() {
            end = Some(self.wander(&mut replay, &walk, stop.as_ref(), setup)?);
        }
        let end = end.unwrap_or(End::RunOver);
        Ok(Played {
            replay,
            beyond: beyond.filter(|_| end == End::RunOver),
            end,
            trouble,
        })
    }

    /// Whether one of the options says which run, or where it ends.
    pub(crate) fn names_a_run(&self) -> bool {
        self.run.is_some() || self.seed.is_some() || self.witness.is_some() || self.to.is_some()
    }

    /// Where to stop: what `--to` says, or the link.
    fn stop(&self, setup: &Setup) -> Outcome<Option<Stop>> {
        match (&self.to, &setup.input.link) {
            (Some(word), _) => stop_named(word, setup).map(Some),
            (None, Some(Link::Preset(preset))) => Ok(preset.at.clone()),
            (None, _) => Ok(None),
        }
    }

    fn witness(&self, word: &str, setup: &Setup, screen: &Screen) -> Outcome<Witness> {
        let outcome = outcome_named(word)?;
        let searcher = self.bounds.searcher(screen);
        let searched = searcher.search(&setup.machine, &setup.scenario().id);
        let found = searched.found;
        if let Some(schedule) = found.witness(outcome) {
            return Ok(Witness {
                moves: schedule.iter().copied().map(Move::Step).collect(),
                beyond: beyond(outcome, found.kind),
            });
        }
        Err(match found.bound {
            Some(bound) => {
                let words = bound_words(bound, searcher.limits());
                let sentence = format!("{word} is unknown here: {words} before it was found");
                Failure::unknown(bound, sentence)
            }
            None => {
                let reachable: Vec<&str> = found.outcomes().map(|it| it.word()).collect();
                let hint = format!("reachable: {}", list_words(reachable));
                Failure::new(format!("{word} cannot be reached here"), Some(hint))
            }
        })
    }

    /// Lets the walk choose until it should stop.
    fn wander(
        &self,
        replay: &mut Replay,
        walk: &Walk,
        stop: Option<&Stop>,
        setup: &Setup,
    ) -> Outcome<End> {
        loop {
            if is_there(replay, stop, setup) {
                return Ok(End::Reached);
            }
            let (machine, state) = (replay.tip_machine(), replay.tip());
            let end = if state.is_finished() {
                End::Finished
            } else if is_stopped() {
                End::Stopped
            } else if replay.len() >= self.max_steps {
                End::StepsSpent
            } else {
                match walk.next(machine, state, replay.moves()) {
                    Some(next) => {
                        let pushed = replay.push(Move::Step(next));
                        pushed.map_err(Failure::plain)?;
                        continue;
                    }
                    None => End::NothingMoves,
                }
            };
            return Ok(match stop {
                Some(Stop::Marker(id)) => End::NotReached(format!("the marker {id:?}")),
                Some(Stop::Step(step)) => End::NotReached(format!("step {step}")),
                None => end,
            });
        }
    }
}

/// What can be said of the end of a witness, if the end itself does not show it.
fn beyond(outcome: Happening, kind: Option<LockupKind>) -> Option<String> {
    match outcome {
        Happening::Lockup => Some(format!(
            "from here no schedule leads out: {}",
            kind.map_or("lockup", kind_word)
        )),
        Happening::Hang => Some(String::from("from here no schedule leads out: hang")),
        Happening::Stall => Some(format!("from here it is {}", meaning(outcome, None))),
        _ => None,
    }
}

/// Makes these moves, as far as the stop.
fn follow(
    replay: &mut Replay,
    moves: &[Move],
    stop: Option<&Stop>,
    setup: &Setup,
    may_diverge: bool,
) -> Outcome<Option<End>> {
    for &next in moves {
        if is_there(replay, stop, setup) {
            return Ok(Some(End::Reached));
        }
        match replay.push(next) {
            Ok(_) => {}
            Err(_) if may_diverge => break,
            Err(diverged) => {
                let hint = who_can(replay.tip_machine(), replay);
                return Err(Failure::new(diverged, Some(hint)));
            }
        }
    }
    match is_there(replay, stop, setup) {
        true => Ok(Some(End::Reached)),
        false => Ok(Some(End::RunOver)),
    }
}

fn is_there(replay: &Replay, stop: Option<&Stop>, setup: &Setup) -> bool {
    match stop {
        None => false,
        Some(Stop::Step(step)) => replay.len() >= *step as usize,
        Some(Stop::Marker(id)) => {
            let mut markers = setup.scenario().markers.iter();
            let marker = markers.find(|marker| marker.id == *id);
            let (machine, state) = (replay.tip_machine(), replay.tip());
            marker.is_some_and(|marker| condition::holds(&marker.when, machine, state))
        }
    }
}

fn who_can(machine: &Machine, replay: &Replay) -> String {
    let names: Vec<&str> = enabled(machine, replay.tip())
        .map(|possible| machine.actor(possible.0).name.as_str())
        .collect();
    match names.is_empty() {
        true => String::from("nobody can move there"),
        false => format!("there {} can move", list_words(names)),
    }
}

/// Reads `--to` and `--at`.
pub(crate) fn stop_named(word: &str, setup: &Setup) -> Outcome<Stop> {
    if let Ok(step) = word.parse() {
        return Ok(Stop::Step(step));
    }
    let scenario = setup.scenario();
    let ids = scenario.markers.iter().map(|marker| marker.id.as_str());
    if ids.clone().any(|id| id == word) {
        return Ok(Stop::Marker(word.into()));
    }
    let hint = did_you_mean(word, ids.clone());
    let hint = hint.unwrap_or_else(|| format!("its markers are {}", list_words(ids)));
    let sentence = format!("{} has no marker {word:?}", scenario.id);
    Err(Failure::new(sentence, Some(hint)))
}

/// What a link promised and this model does not do.
pub(crate) fn trouble_words(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Diverged(diverged) => {
            format!("this link was made with another version of oomscope: {diverged}")
        }
        Trouble::Differs { at } => format!(
            "this link was made with another version of oomscope: at step {at} it looked different"
        ),
    }
}
