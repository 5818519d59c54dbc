//! `draw`: a step as SVG, PNG or text, or the steps of a run as GIF.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use oomscope_picture::{Size, Theme};
use oomscope_scenario::link::Link;
use serde::Serialize;

use crate::choice::{About, Choice, RulesChoice, Setup};
use crate::failure::{Exit, Failure, Outcome};
use crate::figure::{Artist, with_fonts};
use crate::raster::{Press, gif};
use crate::schedule::{End, Plan, Played};
use crate::screen::{SOFT, Screen, WARN, bytes, count, paint};

/// More frames than this make a GIF that nobody loads.
const FRAMES_MAX: usize = 400;

/// Draw the picture of a step, or the steps of a run as an animation
///
/// Draws the last step of the run that was asked for, by default of the scenario's lead: who
/// holds which lock, who waits where, and where the memory is. A GIF goes through the steps
/// up to there. The end of the file name says which: .svg, .png, .gif or .txt.
#[derive(Args, Debug)]
pub(crate) struct Draw {
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    rules: RulesChoice,
    #[command(flatten)]
    plan: Plan,

    /// Where to write; standard output if it is left out or `-`
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// What to write [default: what the file's name says, or text]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,

    /// Dark ink on paper, or light ink on black
    #[arg(long, value_name = "THEME", default_value = "light")]
    theme: ThemeWord,

    /// How the parts are arranged
    #[arg(long, value_name = "SIZE", default_value = "wide")]
    size: SizeWord,

    /// Pixels of a PNG or GIF for each of the drawing's own [default: 2, for a GIF 1]
    #[arg(long, value_name = "FACTOR", value_parser = scale)]
    scale: Option<f32>,

    /// Leave out the words under the picture
    #[arg(long)]
    bare: bool,

    /// Leave the fonts out of the SVG, which makes it small
    #[arg(long)]
    no_fonts: bool,

    /// First step of a GIF
    #[arg(long, value_name = "STEP", default_value_t = 0)]
    from: usize,

    /// How long a GIF shows each step
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = pause)]
    pause: f32,
}

/// What to write.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    /// Lines and words that scale
    Svg,
    /// Pixels
    Png,
    /// An animation
    Gif,
    /// At most 72 columns, for a mail
    Txt,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum ThemeWord {
    Light,
    Dark,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum SizeWord {
    /// Tasks, locks and memory side by side
    Wide,
    /// One above the other
    Narrow,
    /// As wide, closer together
    Embed,
    /// One line a task
    Small,
}

/// The answer for machines: what was drawn, as text and SVG.
#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    about: About,
    step: usize,
    /// Where it was written.
    file: Option<String>,
    /// At most 72 columns.
    text: String,
    svg: String,
}

pub(crate) fn draw(wanted: &Draw, screen: &mut Screen) -> Outcome<Exit> {
    let format = wanted.format()?;
    let setup = wanted.choice.setup(&wanted.rules, screen)?;
    let played = wanted.plan.play(&setup, screen)?;
    if let Some(trouble) = &played.trouble {
        screen.note(format!("{}: {trouble}", paint(WARN, "warning")));
    }
    if let End::NotReached(what) = &played.end {
        return Err(Failure::plain(format!("{what} was not reached")));
    }
    let step = shown(wanted, &setup, &played);
    let (size, theme) = (wanted.size.into(), wanted.theme.into());
    let artist = Artist::new(&setup, &played.replay, size, theme, !wanted.bare);
    if screen.is_json() {
        let file = wanted.file().map(|path| path.display().to_string());
        if file.is_some() {
            wanted.write(&wanted.drawing(format, &artist, &played, step)?, screen)?;
        }
        screen.json(&Answer {
            about: setup.about("draw"),
            step,
            file,
            text: text(&artist, &played, step),
            svg: artist.svg(step),
        })?;
        return Ok(Exit::Clean);
    }
    let drawing = wanted.drawing(format, &artist, &played, step)?;
    wanted.write(&drawing, screen)?;
    if let Some(path) = wanted.file() {
        let size = bytes(drawing.len() as u64);
        let text = format!("{}: step {step}, {size}", path.display());
        screen.line(paint(SOFT, text))?;
    }
    Ok(Exit::Clean)
}

/// The step to draw: where a copied link looks, or the end of the run.
fn shown(wanted: &Draw, setup: &Setup, played: &Played) -> usize {
    let len = played.replay.len();
    let own_run = wanted.plan.names_a_run();
    match &setup.input.link {
        Some(Link::Copied(copied)) if !own_run => (copied.shared.cursor as usize).min(len),
        _ => len,
    }
}

/// A step in words, and what can be said of the end of a witness.
fn text(artist: &Artist<'_>, played: &Played, step: usize) -> String {
    let mut text = artist.text(step);
    if let Some(beyond) = &played.beyond {
        text.push_str(beyond);
        text.push('\n');
    }
    text
}

impl Draw {
    /// What `--format` says, or the file's name.
    fn format(&self) -> Outcome<Format> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        let Some(path) = self.file() else {
            return Ok(Format::Txt);
        };
        let end = path
            .extension()
            .map(|end| end.to_string_lossy().to_lowercase());
        let end = end.unwrap_or_default();
        Format::from_str(&end, false).map_err(|_| {
            let sentence = format!("{}: the name does not say what to write", path.display());
            Failure::new(sentence, Some("end it in .svg, .png, .gif or .txt"))
        })
    }

    fn file(&self) -> Option<&PathBuf> {
        self.output.as_ref().filter(|path| path.as_os_str() != "-")
    }

    fn drawing(
        &self,
        format: Format,
        artist: &Artist<'_>,
        played: &Played,
        step: usize,
    ) -> Outcome<Vec<u8>> {
        match format {
            Format::Txt => Ok(text(artist, played, step).into_bytes()),
            Format::Svg if self.no_fonts => Ok(artist.svg(step).into_bytes()),
            Format::Svg => Ok(with_fonts(&artist.svg(step)).into_bytes()),
            Format::Png => Press::new(self.scale.unwrap_or(2.0))?.png(&artist.svg(step)),
            Format::Gif => self.animation(artist, step),
        }
    }

    fn animation(&self, artist: &Artist<'_>, last: usize) -> Outcome<Vec<u8>> {
        let first = self.from.min(last);
        if last - first >= FRAMES_MAX {
            let steps = count((last - first + 1) as u64, "step");
            let hint = format!("{FRAMES_MAX} is the most; begin later with --from");
            return Err(Failure::new(format!("a GIF of {steps}"), Some(hint)));
        }
        let press = Press::new(self.scale.unwrap_or(1.0))?;
        let prints = (first..=last).map(|step| press.print(&artist.svg(step)));
        let prints: Outcome<Vec<_>> = prints.collect();
        let prints = prints?;
        let pause = (self.pause * 100.0).round() as u16;
        let mut delays = vec![pause; prints.len()];
        // Time to look before it begins again.
        if let Some(delay) = delays.last_mut() {
            *delay = pause.saturating_mul(3);
        }
        gif(&prints, &delays)
    }

    fn write(&self, drawing: &[u8], screen: &mut Screen) -> Outcome<()> {
        match self.file() {
            None => screen.bytes(drawing),
            Some(path) => std::fs::write(path, drawing)
                .map_err(|error| Failure::plain(format!("{}: {error}", path.display()))),
        }
    }
}

impl From<ThemeWord> for Theme {
    fn from(word: ThemeWord) -> Theme {
        match word {
            ThemeWord::Light => Theme::Light,
            ThemeWord::Dark => Theme::Dark,
        }
    }
}

impl From<SizeWord> for Size {
    fn from(word: SizeWord) -> Size {
        match word {
            SizeWord::Wide => Size::Wide,
            SizeWord::Narrow => Size::Narrow,
            SizeWord::Embed => Size::Embed,
            SizeWord::Small => Size::Small,
        }
    }
}

fn scale(text: &str) -> Result<f32, String> {
    number(text, 0.1, 8.0)
}

fn pause(text: &str) -> Result<f32, String> {
    number(text, 0.05, 60.0)
}

fn number(text: &str, least: f32, most: f32) -> Result<f32, String> {
    let number = text.parse().ok().filter(|it| (least..=most).contains(it));
    number.ok_or_else(|| format!("not a number from {least} to {most}"))
}
