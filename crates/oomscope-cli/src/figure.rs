//! One step of a run as a drawing: the stage, and under it what happened and who waits.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use oomscope_picture::geometry::{Font, text_width};
use oomscope_picture::layout::Layout;
use oomscope_picture::picture::Anchor;
use oomscope_picture::plot::Prim;
use oomscope_picture::{Size, Stage, Theme, caption_of_move, layout, picture, to_svg, to_text};
use oomscope_scenario::replay::Replay;

use crate::choice::Setup;

/// Sans, semibold sans and mono, with their family and weight.
pub(crate) const FONTS: [(&str, u16, &[u8]); 3] = [
    (
        "IBM Plex Sans",
        400,
        include_bytes!("../../../assets/fonts/ibm-plex-sans-latin-400-normal.woff2"),
    ),
    (
        "IBM Plex Sans",
        600,
        include_bytes!("../../../assets/fonts/ibm-plex-sans-latin-600-normal.woff2"),
    ),
    (
        "IBM Plex Mono",
        400,
        include_bytes!("../../../assets/fonts/ibm-plex-mono-latin-400-normal.woff2"),
    ),
];

/// Lines of words under a wide stage, and under a narrow one.
const LINES: [usize; 2] = [4, 8];
/// Below this width a stage is narrow.
const NARROW: f32 = 500.0;
const LINE_HEIGHT: f32 = 20.0;
const TEXT_SIZE: f32 = 14.0;
const MARGIN: f32 = 20.0;

/// Draws steps of one run, all with the same layout.
pub(crate) struct Artist<'a> {
    setup: &'a Setup,
    replay: &'a Replay,
    layout: Layout,
    theme: Theme,
    /// Whether words stand under the stage.
    words: bool,
}

impl<'a> Artist<'a> {
    pub(crate) fn new(
        setup: &'a Setup,
        replay: &'a Replay,
        size: Size,
        theme: Theme,
        words: bool,
    ) -> Artist<'a> {
        let offered = &setup.scenario().offered;
        let stage = Stage::of(size, setup.machine.patches, offered);
        Artist {
            layout: layout(&setup.machine, stage),
            setup,
            replay,
            theme,
            words,
        }
    }

    /// A step as SVG whose colours need no CSS variables.
    pub(crate) fn svg(&self, step: usize) -> String {
        let (machine, state) = self.replay.at(step);
        let before = step.checked_sub(1);
        let events = before.map_or_else(Vec::new, |before| self.replay.events(before));
        let drawing = picture(&machine, &state, &self.layout, &events);
        let entry = before.and_then(|before| self.replay.moves().get(before));
        let said = entry.map(|&entry| caption_of_move(&machine, entry, &events, &state));
        let words = match self.words {
            true => self.below(step, &drawing.label, said.as_deref()),
            false => Vec::new(),
        };
        without_variables(&to_svg(&drawing, &words, self.theme))
    }

    /// A step as text of at most 72 columns.
    pub(crate) fn text(&self, step: usize) -> String {
        let (machine, state) = self.replay.at(step);
        let drawing = picture(&machine, &state, &self.layout, &[]);
        to_text(&drawing)
    }

    /// The words under the stage: always as many lines, so that all steps are as large.
    fn below(&self, step: usize, label: &str, caption: Option<&str>) -> Vec<Prim> {
        let scenario = self.setup.scenario();
        let of = self.replay.len();
        let title = format!("{}: step {step} of {of}", scenario.title);
        let whole = format!("{title}; {}", self.setup.kernel_words());
        let width = self.layout.width - 2.0 * MARGIN;
        let count = LINES[usize::from(width < NARROW)];
        let head = if fits(&whole, width) { whole } else { title };
        let mut lines = vec![("strong", head)];
        if let Some(caption) = caption {
            lines.extend(wrap(caption, width).into_iter().map(|line| ("", line)));
        }
        lines.extend(wrap(label, width).into_iter().map(|line| ("soft", line)));
        lines.truncate(count);
        lines.resize(count, ("", String::new()));
        let lines = lines.into_iter().enumerate();
        lines
            .map(|(index, (class, text))| Prim::Text {
                class,
                x: MARGIN,
                y: LINE_HEIGHT * (index as f32 + 0.7),
                anchor: Anchor::Start,
                size: TEXT_SIZE,
                text,
            })
            .collect()
    }
}

/// A sentence in lines of this width.
fn wrap(text: &str, width: f32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if fits(&format!("{line} {word}"), width) => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.into()),
        }
    }
    lines
}

fn fits(text: &str, width: f32) -> bool {
    text_width(text, TEXT_SIZE, Font::Sans) <= width
}

/// The same SVG for programs that know no CSS variables, as most outside browsers do: the
/// palette's become colours, and the one that groups set for what is in them becomes
/// `color`, which CSS hands down in the same way.
fn without_variables(svg: &str) -> String {
    let Some((before, rest)) = svg.split_once("svg{") else {
        return svg.into();
    };
    let Some((palette, after)) = rest.split_once('}') else {
        return svg.into();
    };
    let mut text = format!("{before}{after}");
    for entry in palette.split(';') {
        if let Some((name, colour)) = entry.split_once(':') {
            text = text.replace(&format!("var({name})"), colour);
        }
    }
    text.replace("{--c:", "{color:")
        .replace("var(--c)", "currentColor")
}

/// The same SVG with its fonts inside, so that it looks the same everywhere.
pub(crate) fn with_fonts(svg: &str) -> String {
    let faces = FONTS.iter().map(|(family, weight, bytes)| {
        let data = STANDARD.encode(bytes);
        format!(
            "@font-face{{font-family:'{family}';font-weight:{weight};src:url(data:font/woff2;base64,{data}) format('woff2')}}"
        )
    });
    let faces: String = faces.collect();
    svg.replacen("<style>", &format!("<style>{faces}"), 1)
}
