//! `scenarios`: what there is to play.

use clap::Args;
use oomscope_model::patches::PatchId;
use oomscope_scenario::builtin::BUILTIN;
use oomscope_scenario::parse::parse;
use oomscope_scenario::scenario::{Scenario, Topic};
use serde::Serialize;

use crate::choice::{kernel_words, patch_named};
use crate::failure::{Exit, Failure, Outcome};
use crate::input::Input;
use crate::screen::{SOFT, STRONG, Screen, count, folded, paint};

/// List the built-in scenarios by topic, search them, or tell one in detail
///
/// Words must all be in a scenario's id, title, story or programs. `--show` tells story, cast,
/// switches and markers of one; `--text` prints its file, to begin one's own with.
#[derive(Args, Debug)]
pub(crate) struct Scenarios {
    /// Words to look for
    words: Vec<String>,

    /// Only those of this topic: locks, reaper, exit, killer, memory, file-systems, …
    #[arg(long)]
    topic: Option<String>,

    /// Only those that offer this patch
    #[arg(long, value_name = "ID")]
    patch: Option<String>,

    /// Tell one in detail: an id, a file, `-` or a link
    #[arg(long, value_name = "SCENARIO", conflicts_with_all = ["words", "topic", "patch"])]
    show: Option<String>,

    /// Print the file of one
    #[arg(long, value_name = "SCENARIO", conflicts_with_all = ["words", "topic", "patch", "show"])]
    text: Option<String>,
}

/// One scenario, for machines.
#[derive(Serialize)]
struct Entry {
    id: String,
    title: String,
    topic: Option<&'static str>,
    /// Nobody has reported it from the field.
    hypothetical: bool,
    story: String,
    kernel: String,
    /// Patches that it offers.
    offers: Vec<&'static str>,
    markers: Vec<MarkerEntry>,
    /// Names of its tasks.
    tasks: Vec<String>,
    /// Where the story comes from.
    sources: Vec<String>,
}

/// A moment of the lead.
#[derive(Serialize)]
struct MarkerEntry {
    id: String,
    title: String,
    say: Option<String>,
}

/// The answer for machines.
#[derive(Serialize)]
struct Answer {
    format: u8,
    command: &'static str,
    scenarios: Vec<Entry>,
}

pub(crate) fn scenarios(wanted: &Scenarios, screen: &mut Screen) -> Outcome<Exit> {
    if let Some(name) = &wanted.text {
        screen.bytes(Input::text(name)?.as_bytes())?;
        return Ok(Exit::Clean);
    }
    if let Some(name) = &wanted.show {
        let input = Input::load(name, screen)?;
        match screen.is_json() {
            true => screen.json(&answer(&[&input.scenario]))?,
            false => details(&input.scenario, screen)?,
        }
        return Ok(Exit::Clean);
    }
    let all: Vec<Scenario> = BUILTIN
        .iter()
        .filter_map(|builtin| parse(builtin.text).scenario)
        .collect();
    let found = chosen(wanted, &all)?;
    match screen.is_json() {
        true => screen.json(&answer(&found))?,
        false => list(&found, screen)?,
    }
    Ok(Exit::Clean)
}

/// Those that pass every filter.
fn chosen<'a>(wanted: &Scenarios, all: &'a [Scenario]) -> Outcome<Vec<&'a Scenario>> {
    let topic = wanted.topic.as_deref().map(topic_named).transpose()?;
    let patch = wanted.patch.as_deref().map(patch_named).transpose()?;
    let words: Vec<String> = wanted.words.iter().map(|it| it.to_lowercase()).collect();
    let fits = |scenario: &&Scenario| {
        let programs = scenario.programs.join("\n");
        let text = [&scenario.id, &scenario.title, &scenario.story, &programs].map(String::as_str);
        let text = text.join("\n").to_lowercase();
        words.iter().all(|word| text.contains(word))
            && topic.is_none_or(|topic| scenario.topic == Some(topic))
            && patch.is_none_or(|patch: PatchId| scenario.offered.contains(&patch))
    };
    Ok(all.iter().filter(fits).collect())
}

fn topic_named(word: &str) -> Outcome<Topic> {
    let found = Topic::ALL.iter().find(|(known, ..)| *known == word);
    found.map(|(_, topic, _)| *topic).ok_or_else(|| {
        let words: Vec<&str> = Topic::ALL.iter().map(|(word, ..)| *word).collect();
        let hint = format!("known are {}", words.join(", "));
        Failure::new(format!("unknown topic {word:?}"), Some(hint))
    })
}

fn list(found: &[&Scenario], screen: &mut Screen) -> Outcome<()> {
    let topics = Topic::ALL
        .iter()
        .map(|(_, topic, title)| (Some(*topic), *title));
    for (topic, title) in topics.chain([(None, "Others")]) {
        let of_topic = || found.iter().filter(|scenario| scenario.topic == topic);
        if of_topic().next().is_none() {
            continue;
        }
        screen.line(paint(STRONG, title))?;
        for scenario in of_topic() {
            let hypothetical = match scenario.hypothetical {
                true => paint(SOFT, " (hypothetical)"),
                false => String::new(),
            };
            let id = format!("{:26}", scenario.id);
            screen.line(format!("  {id}  {}{hypothetical}", scenario.title))?;
        }
    }
    screen.line(paint(SOFT, count(found.len() as u64, "scenario")))
}

fn details(scenario: &Scenario, screen: &mut Screen) -> Outcome<()> {
    let title = paint(SOFT, &scenario.title);
    screen.line(format!("{}  {title}", paint(STRONG, &scenario.id)))?;
    screen.line(kernel_words(scenario.version, scenario.machine.patches))?;
    let width = screen.width();
    for paragraph in scenario.story.trim().split("\n\n") {
        screen.line(format!("\n{}", folded(paragraph, 0, width)))?;
    }
    screen.line("")?;
    let programs = scenario.machine.tasks.iter().zip(&scenario.programs);
    for (task, program) in programs.filter(|(_, program)| !program.trim().is_empty()) {
        screen.line(paint(STRONG, &task.name))?;
        for line in program.trim_matches('\n').lines() {
            screen.line(format!("    {line}"))?;
        }
    }
    screen.line(paint(STRONG, "Switches"))?;
    for patch in &scenario.offered {
        let on = match scenario.machine.patches.has(*patch) {
            true => "on ",
            false => "off",
        };
        let patch = patch.get();
        let title = folded(patch.title, 35, width);
        screen.line(format!("  {on}  {:26}  {title}", patch.id))?;
    }
    screen.line(paint(STRONG, "Markers"))?;
    for marker in &scenario.markers {
        let say = marker.say.as_deref().unwrap_or_default();
        let told = folded(&format!("{}. {say}", marker.title), 16, width);
        screen.line(format!("  {:12}  {told}", marker.id))?;
    }
    screen.line(paint(STRONG, "Sources"))?;
    for source in sources(scenario) {
        screen.line(format!("  {}", folded(&source, 4, width)))?;
    }
    Ok(())
}

fn sources(scenario: &Scenario) -> Vec<String> {
    let sources = scenario.sources.iter();
    sources
        .map(|source| match source.url_or_ref.is_empty() {
            true => source.label.clone(),
            false => format!("{} [{}]", source.label, source.url_or_ref),
        })
        .collect()
}

fn answer(scenarios: &[&Scenario]) -> Answer {
    let word = |topic: Topic| {
        let found = Topic::ALL.iter().find(|(_, known, _)| *known == topic);
        found.map(|(word, ..)| *word)
    };
    let entry = |scenario: &&Scenario| Entry {
        id: scenario.id.clone(),
        title: scenario.title.clone(),
        topic: scenario.topic.and_then(word),
        hypothetical: scenario.hypothetical,
        story: scenario.story.clone(),
        kernel: scenario.version.to_string(),
        offers: scenario.offered.iter().map(|it| it.get().id).collect(),
        markers: scenario
            .markers
            .iter()
            .map(|marker| MarkerEntry {
                id: marker.id.clone(),
                title: marker.title.clone(),
                say: marker.say.clone(),
            })
            .collect(),
        tasks: scenario
            .machine
            .tasks
            .iter()
            .map(|task| task.name.clone())
            .collect(),
        sources: sources(scenario),
    };
    Answer {
        format: 1,
        command: "scenarios",
        scenarios: scenarios.iter().map(entry).collect(),
    }
}
