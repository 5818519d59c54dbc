//! From what was typed to a scenario: the id of a built-in one, a file, `-` or a link.

use std::io::Read;
use std::path::Path;

use oomscope_scenario::builtin::{BUILTIN, Builtin};
use oomscope_scenario::diagnostic::{Diagnostic, did_you_mean};
use oomscope_scenario::link::{self, Copied, Link, Origin};
use oomscope_scenario::parse::{Parsed, parse};
use oomscope_scenario::preset::Preset;
use oomscope_scenario::scenario::Scenario;

use crate::failure::{Failure, Outcome, told};
use crate::screen::Screen;

/// A scenario and where it comes from.
pub(crate) struct Input {
    pub(crate) scenario: Scenario,
    pub(crate) origin: Origin,
    pub(crate) link: Option<Link>,
}

/// Text of a scenario and a name for its place.
pub(crate) struct Source {
    pub(crate) place: String,
    pub(crate) text: String,
    /// The id, if it is built in.
    pub(crate) builtin: Option<&'static str>,
}

impl Input {
    /// Finds and reads a scenario. What was left out of it is noted.
    pub(crate) fn load(name: &str, screen: &Screen) -> Outcome<Input> {
        if let Some(link) = as_link(name)? {
            return match link {
                Link::Preset(preset) => Input::of_preset(preset),
                Link::Copied(copied) => Ok(Input::of_copied(*copied)),
            };
        }
        let source = Source::find(name)?;
        let (scenario, notes) = source.parse()?;
        for note in &notes {
            screen.note(told(&source.place, note));
        }
        let origin = match source.builtin {
            Some(id) => Origin::Builtin(id.into()),
            None => Origin::Text(source.text),
        };
        Ok(Input {
            scenario,
            origin,
            link: None,
        })
    }

    /// The file of a scenario as it is written, whether it means something or not.
    pub(crate) fn text(name: &str) -> Outcome<String> {
        Ok(match as_link(name)? {
            Some(Link::Preset(preset)) => Source::find(&preset.scenario)?.text,
            Some(Link::Copied(copied)) => copied.scenario.text,
            None => Source::find(name)?.text,
        })
    }

    fn of_preset(preset: Preset) -> Outcome<Input> {
        let source = Source::find(&preset.scenario)?;
        let (scenario, _) = source.parse()?;
        Ok(Input {
            scenario,
            origin: Origin::Builtin(preset.scenario.clone()),
            link: Some(Link::Preset(preset)),
        })
    }

    fn of_copied(copied: Copied) -> Input {
        Input {
            scenario: copied.scenario.clone(),
            origin: copied.shared.origin.clone(),
            link: Some(Link::Copied(Box::new(copied))),
        }
    }
}

impl Source {
    /// Finds the text of a built-in scenario or a file.
    pub(crate) fn find(name: &str) -> Outcome<Source> {
        if name == "-" {
            let mut text = String::new();
            let read = std::io::stdin().read_to_string(&mut text);
            read.map_err(|error| Failure::plain(format!("standard input: {error}")))?;
            return Ok(Source {
                place: String::from("standard input"),
                text,
                builtin: None,
            });
        }
        if let Some(builtin) = Builtin::named(name) {
            return Ok(Source {
                place: name.into(),
                text: builtin.text.into(),
                builtin: Some(builtin.id),
            });
        }
        let path = Path::new(name);
        if path.exists() || name.contains(['/', '\\']) || name.ends_with(".toml") {
            let read = std::fs::read_to_string(path);
            let text = read.map_err(|error| Failure::plain(format!("{name}: {error}")))?;
            return Ok(Source {
                place: name.into(),
                text,
                builtin: None,
            });
        }
        let near = did_you_mean(name, BUILTIN.iter().map(|builtin| builtin.id));
        let hint = near.unwrap_or_else(|| "`oomscope scenarios` lists them".into());
        let sentence = format!("there is no scenario {name:?} and no such file");
        Err(Failure::new(sentence, Some(hint)))
    }

    /// The scenario, and complaints about what was left out of it.
    pub(crate) fn parse(&self) -> Outcome<(Scenario, Vec<Diagnostic>)> {
        let Parsed {
            scenario,
            diagnostics,
        } = parse(&self.text);
        match scenario {
            Some(scenario) => Ok((scenario, diagnostics)),
            None => Err(Failure::diagnostics(&self.place, &diagnostics)),
        }
    }
}

/// Reads a link, if it is one: a whole address, or what stands behind its `#`.
fn as_link(name: &str) -> Outcome<Option<Link>> {
    let fragment = name.split_once('#').map(|(_, fragment)| fragment);
    let begins = |text: &str| text.starts_with("v1/") || text.starts_with("c1.");
    let is_link = begins(name) || fragment.is_some() && !Path::new(name).exists();
    if !is_link {
        return Ok(None);
    }
    match link::decode(name) {
        Ok(link) => Ok(Some(link)),
        Err(error) => Err(Failure::new(error.sentence, error.hint)),
    }
}
