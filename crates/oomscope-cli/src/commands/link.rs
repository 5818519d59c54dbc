//! `link`: makes a share link, or says what is in one.

use clap::Args;
use oomscope_model::patches::PatchId;
use oomscope_picture::chain;
use oomscope_scenario::link::{self as share, Link as Kind, Origin, Shared};
use oomscope_scenario::preset::{Preset, Stop};
use oomscope_scenario::rules;
use oomscope_scenario::run::Run as RunText;
use serde::Serialize;

use crate::choice::{About, Choice, RulesChoice, Setup, kernel_words, rules_words};
use crate::failure::{Exit, Failure, Outcome};
use crate::schedule::{End, Plan, Played};
use crate::screen::{SOFT, STRONG, Screen, WARN, count, paint};

/// Make a share link, or say what is in one
///
/// Without `--read`: prints a link to the end of the run that was asked for, by default to
/// the end of the scenario's lead. A scenario from a file goes into the link as a whole.
#[derive(Args, Debug)]
pub(crate) struct Link {
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    rules: RulesChoice,
    #[command(flatten)]
    plan: Plan,

    /// Address of the page, to stand before the `#`
    #[arg(long, value_name = "URL", default_value = "")]
    base: String,

    /// Make a link that hands can type: scenario, patches, kernel, seed, place
    #[arg(long, conflicts_with = "run", conflicts_with = "witness")]
    typed: bool,

    /// Say what is in the link that stands in the place of SCENARIO
    #[arg(long, conflicts_with_all = ["typed", "which", "to", "base", "patches", "kernel", "rules"])]
    read: bool,
}

/// A link that was made.
#[derive(Serialize)]
struct Made {
    #[serde(flatten)]
    about: About,
    link: String,
    /// The step that it shows.
    step: usize,
}

/// A link that was read.
#[derive(Serialize)]
struct Read {
    #[serde(flatten)]
    about: About,
    /// `typed` or `copied`.
    kind: &'static str,
    /// Whether the scenario is in the link as a whole.
    own_scenario: bool,
    run: String,
    /// Steps of the run.
    steps: usize,
    /// The step that it shows.
    step: usize,
    /// Who waits for whom there.
    chain: Option<String>,
    /// What the link promised and this model does not do.
    trouble: Option<String>,
}

pub(crate) fn link(wanted: &Link, screen: &mut Screen) -> Outcome<Exit> {
    let setup = wanted.choice.setup(&wanted.rules, screen)?;
    if wanted.read {
        return read(wanted, &setup, screen);
    }
    let (text, step) = match wanted.typed {
        true => (typed(wanted, &setup)?, None),
        false => {
            let played = wanted.plan.play(&setup, screen)?;
            if let End::NotReached(what) = &played.end {
                return Err(Failure::plain(format!("{what} was not reached")));
            }
            let step = played.replay.len();
            let shared = Shared::of(setup.input.origin.clone(), &played.replay, step);
            (checked(share::encode(&shared))?, Some(step))
        }
    };
    let link = format!("{}{text}", wanted.base);
    match screen.is_json() {
        true => screen.json(&Made {
            about: setup.about("link"),
            link,
            step: step.unwrap_or_default(),
        })?,
        false => screen.line(link)?,
    }
    Ok(Exit::Clean)
}

/// The link, if it can be opened again: a scenario with mistakes cannot.
fn checked(link: String) -> Outcome<String> {
    match share::decode(&link) {
        Ok(_) => Ok(link),
        Err(error) => {
            let sentence = format!("nobody could open such a link: {}", error.sentence);
            Err(Failure::new(sentence, error.hint))
        }
    }
}

/// A link that says only what is different from the scenario.
fn typed(wanted: &Link, setup: &Setup) -> Outcome<String> {
    let Origin::Builtin(id) = &setup.input.origin else {
        let hint = "leave --typed out";
        let sentence = "a typed link names a built-in scenario, and this is not one";
        return Err(Failure::new(sentence, Some(hint)));
    };
    let scenario = setup.scenario();
    let kernel = (setup.version != scenario.version).then_some(setup.version);
    let base = match kernel {
        Some(version) => oomscope_model::patches::PatchSet::of_version(version),
        None => scenario.machine.patches,
    };
    let patches = setup.machine.patches;
    let differs = PatchId::all().filter(|&patch| base.has(patch) != patches.has(patch));
    let rules = setup.machine.rules;
    let own_rules = rules::word(rules) == rules::word(scenario.machine.rules);
    let preset = Preset {
        scenario: id.clone(),
        patches: differs.map(|patch| (patch, patches.has(patch))).collect(),
        kernel,
        seed: wanted.plan.seed,
        at: match &wanted.plan.to {
            Some(word) => Some(crate::schedule::stop_named(word, setup)?),
            None => None,
        },
        rules: (!own_rules).then_some(rules),
    };
    Ok(preset.to_string())
}

fn read(wanted: &Link, setup: &Setup, screen: &mut Screen) -> Outcome<Exit> {
    let Some(link) = &setup.input.link else {
        let sentence = format!("{:?} is not a link", wanted.choice.scenario);
        let hint = "a typed link begins with #v1/, a copied one with #c1.";
        return Err(Failure::new(sentence, Some(hint)));
    };
    let played = wanted.plan.play(setup, screen)?;
    let step = match link {
        Kind::Copied(copied) => (copied.shared.cursor as usize).min(played.replay.len()),
        Kind::Preset(_) => played.replay.len(),
    };
    let (machine, state) = played.replay.at(step);
    let moves = played.replay.moves().to_vec();
    let answer = Read {
        about: setup.about("link"),
        kind: match link {
            Kind::Preset(_) => "typed",
            Kind::Copied(_) => "copied",
        },
        own_scenario: matches!(setup.input.origin, Origin::Text(_)),
        run: RunText { moves }.print(&setup.machine),
        steps: played.replay.len(),
        step,
        chain: chain(&machine, &state).map(|chain| chain.text()),
        trouble: played.trouble.clone(),
    };
    match screen.is_json() {
        true => screen.json(&answer)?,
        false => print(setup, link, &played, &answer, screen)?,
    }
    Ok(match answer.trouble {
        Some(_) => Exit::Bad,
        None => Exit::Clean,
    })
}

fn print(
    setup: &Setup,
    link: &Kind,
    played: &Played,
    answer: &Read,
    screen: &mut Screen,
) -> Outcome<()> {
    let scenario = setup.scenario();
    let title = paint(SOFT, &scenario.title);
    let own = if answer.own_scenario {
        ", as a whole"
    } else {
        ""
    };
    screen.line(format!("{}  {title}{own}", paint(STRONG, &scenario.id)))?;
    screen.line(format!(
        "{}; {}",
        kernel_words(setup.version, setup.machine.patches),
        rules_words(setup.machine.rules)
    ))?;
    let place = match link {
        Kind::Preset(Preset {
            at: Some(Stop::Marker(id)),
            ..
        }) => format!(" ({id})"),
        _ => String::new(),
    };
    let steps = count(played.replay.len() as u64, "step");
    screen.line(format!(
        "shows step {}{place} of a run of {steps}",
        answer.step
    ))?;
    screen.line(format!("run: {}", answer.run))?;
    if let Some(chain) = &answer.chain {
        screen.line(paint(WARN, format!("=> {chain}")))?;
    }
    if let Some(trouble) = &answer.trouble {
        screen.note(format!("{}: {trouble}", paint(WARN, "warning")));
    }
    Ok(())
}
