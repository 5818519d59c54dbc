//! Drawings as pixels: PNG of one step, GIF of many.

use std::collections::BTreeMap;

use gif::{DisposalMethod, Encoder, Frame, Repeat};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

use crate::failure::{Failure, Outcome};
use crate::figure::FONTS;

/// Wider or higher than this nobody wants.
const PIXELS_MAX: f32 = 16_384.0;

/// Renders SVG with the fonts of the page.
pub(crate) struct Press {
    options: Options<'static>,
    scale: f32,
}

/// Pixels of one step.
pub(crate) struct Print {
    width: u16,
    height: u16,
    /// Red, green, blue of each pixel.
    pixels: Vec<[u8; 3]>,
}

impl Press {
    pub(crate) fn new(scale: f32) -> Outcome<Press> {
        let mut options = Options::default();
        for (family, weight, packed) in FONTS {
            let font = wuff::decompress_woff2(packed);
            let font =
                font.map_err(|error| Failure::plain(format!("{family} {weight}: {error:?}")))?;
            options.fontdb_mut().load_font_data(font);
        }
        options.font_family = FONTS[0].0.into();
        Ok(Press { options, scale })
    }

    fn render(&self, svg: &str) -> Outcome<Pixmap> {
        let tree = Tree::from_str(&with_known_letters(svg), &self.options);
        let tree = tree.map_err(|error| Failure::plain(format!("the drawing: {error}")))?;
        let size = tree.size();
        let (width, height) = (size.width() * self.scale, size.height() * self.scale);
        let fits = width <= PIXELS_MAX && height <= PIXELS_MAX;
        let pixmap = Pixmap::new(width.ceil() as u32, height.ceil() as u32);
        let mut pixmap = pixmap.filter(|_| fits).ok_or_else(|| {
            let sentence = format!("{width:.0} x {height:.0} pixels cannot be drawn");
            Failure::new(sentence, Some("choose a smaller --scale"))
        })?;
        let scale = Transform::from_scale(self.scale, self.scale);
        resvg::render(&tree, scale, &mut pixmap.as_mut());
        Ok(pixmap)
    }

    /// A drawing as PNG.
    pub(crate) fn png(&self, svg: &str) -> Outcome<Vec<u8>> {
        let png = self.render(svg)?.encode_png();
        png.map_err(|error| Failure::plain(format!("no PNG: {error}")))
    }

    /// A drawing for a GIF.
    pub(crate) fn print(&self, svg: &str) -> Outcome<Print> {
        let pixmap = self.render(svg)?;
        let side = |pixels: u32| {
            let side = u16::try_from(pixels);
            side.map_err(|_| Failure::plain("a GIF is at most 65,535 pixels wide"))
        };
        Ok(Print {
            width: side(pixmap.width())?,
            height: side(pixmap.height())?,
            // The background is opaque, so there is nothing to multiply back.
            pixels: (pixmap.pixels().iter())
                .map(|pixel| [pixel.red(), pixel.green(), pixel.blue()])
                .collect(),
        })
    }
}

/// The same drawing with letters that the fonts have: a browser takes an arrow from another
/// font, and here there is none.
fn with_known_letters(svg: &str) -> String {
    svg.replace('→', "›").replace('←', "‹")
}

/// Drawings one after the other as a GIF that begins again at its end. `delays` are in
/// hundredths of a second.
pub(crate) fn gif(prints: &[Print], delays: &[u16]) -> Outcome<Vec<u8>> {
    let wrong = |error: gif::EncodingError| Failure::plain(format!("no GIF: {error}"));
    let Some(first) = prints.first() else {
        return Err(Failure::plain("there is no step to draw"));
    };
    let mut palette = Palette::of(prints);
    let mut bytes = Vec::new();
    let (width, height, colours) = (first.width, first.height, palette.flat());
    let mut encoder = Encoder::new(&mut bytes, width, height, &colours).map_err(wrong)?;
    encoder.set_repeat(Repeat::Infinite).map_err(wrong)?;
    let mut before: Option<&Print> = None;
    for (print, &delay) in prints.iter().zip(delays) {
        let area = match before {
            None => Area::whole(print),
            Some(before) => Area::changed(before, print),
        };
        let buffer = area.indices(print, &mut palette);
        let frame = Frame {
            delay,
            dispose: DisposalMethod::Keep,
            left: area.left,
            top: area.top,
            width: area.right - area.left,
            height: area.bottom - area.top,
            buffer: buffer.into(),
            ..Frame::default()
        };
        encoder.write_frame(&frame).map_err(wrong)?;
        before = Some(print);
    }
    drop(encoder);
    Ok(bytes)
}

/// A rectangle of pixels.
struct Area {
    left: u16,
    top: u16,
    right: u16,
    bottom: u16,
}

impl Area {
    fn whole(print: &Print) -> Area {
        Area {
            left: 0,
            top: 0,
            right: print.width,
            bottom: print.height,
        }
    }

    /// What is different between two drawings; one pixel if nothing is.
    fn changed(before: &Print, after: &Print) -> Area {
        let mut area = Area {
            left: after.width,
            top: after.height,
            right: 0,
            bottom: 0,
        };
        let pairs = before.pixels.iter().zip(&after.pixels).enumerate();
        for (index, _) in pairs.filter(|(_, (before, after))| before != after) {
            let x = (index % usize::from(after.width)) as u16;
            let y = (index / usize::from(after.width)) as u16;
            area.left = area.left.min(x);
            area.top = area.top.min(y);
            area.right = area.right.max(x + 1);
            area.bottom = area.bottom.max(y + 1);
        }
        match area.right {
            0 => Area {
                left: 0,
                top: 0,
                right: 1,
                bottom: 1,
            },
            _ => area,
        }
    }

    fn indices(&self, print: &Print, palette: &mut Palette) -> Vec<u8> {
        let mut indices = Vec::new();
        for y in self.top..self.bottom {
            let line = usize::from(y) * usize::from(print.width);
            let (left, right) = (usize::from(self.left), usize::from(self.right));
            let pixels = &print.pixels[line + left..line + right];
            indices.extend(pixels.iter().map(|&pixel| palette.index(pixel)));
        }
        indices
    }
}

/// At most 256 colours for all drawings together, so that nothing flickers: those that most
/// pixels have, exactly, and for every other one the nearest of them.
struct Palette {
    colours: Vec<[u8; 3]>,
    known: BTreeMap<[u8; 3], u8>,
}

impl Palette {
    fn of(prints: &[Print]) -> Palette {
        let mut counts: BTreeMap<[u8; 3], u64> = BTreeMap::new();
        for print in prints {
            for run in print.pixels.chunk_by(|a, b| a == b) {
                *counts.entry(run[0]).or_default() += run.len() as u64;
            }
        }
        let mut ranked: Vec<([u8; 3], u64)> = counts.into_iter().collect();
        ranked.sort_by_key(|&(colour, count)| (std::cmp::Reverse(count), colour));
        ranked.truncate(256);
        Palette {
            colours: ranked.into_iter().map(|(colour, _)| colour).collect(),
            known: BTreeMap::new(),
        }
    }

    fn flat(&self) -> Vec<u8> {
        self.colours.concat()
    }

    fn index(&mut self, wanted: [u8; 3]) -> u8 {
        let colours = &self.colours;
        *self.known.entry(wanted).or_insert_with(|| {
            let distance = |colour: &[u8; 3]| -> u32 {
                let parts = colour.iter().zip(&wanted);
                parts.map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2)).sum()
            };
            let nearest = (0..colours.len()).min_by_key(|&index| distance(&colours[index]));
            nearest.unwrap_or_default() as u8
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use oomscope_model::transition::Move;
    use oomscope_picture::{Size, Theme};
    use oomscope_scenario::builtin::BUILTIN;
    use oomscope_scenario::link::Origin;
    use oomscope_scenario::parse::parse;
    use oomscope_scenario::replay::Replay;

    use super::{Press, with_known_letters};
    use crate::choice::Setup;
    use crate::figure::{Artist, with_fonts};
    use crate::input::Input;

    /// What is drawn in every step of every lead.
    fn drawings() -> Vec<String> {
        let mut drawings = Vec::new();
        for builtin in BUILTIN {
            let scenario = parse(builtin.text).scenario.expect("parsed");
            let machine = scenario.machine.clone();
            let mut replay = Replay::new(machine.clone());
            let lead = scenario.lead.clone().expect("a lead");
            replay
                .extend(lead.steps.into_iter().map(Move::Step))
                .expect("it can be played");
            let setup = Setup {
                version: scenario.version,
                input: Input {
                    scenario,
                    origin: Origin::Builtin(builtin.id.into()),
                    link: None,
                },
                machine,
            };
            let artist = Artist::new(&setup, &replay, Size::Wide, Theme::Light, true);
            drawings.extend((0..=replay.len()).map(|step| artist.svg(step)));
        }
        drawings
    }

    #[test]
    fn the_fonts_have_every_letter_that_is_drawn() {
        let press = Press::new(1.0).expect("the fonts can be read");
        let mut fonts = Vec::new();
        for face in press.options.fontdb.faces() {
            fonts.push((face.id, face.families[0].0.clone(), face.weight.0));
        }
        let names: Vec<(&str, u16)> = fonts
            .iter()
            .map(|(_, family, weight)| (family.as_str(), *weight))
            .collect();
        let plex = |face, weight| (face, weight);
        assert_eq!(
            names,
            [
                plex("IBM Plex Sans", 400),
                plex("IBM Plex Sans", 600),
                plex("IBM Plex Mono", 400)
            ]
        );
        let letters: BTreeSet<char> = drawings()
            .iter()
            .flat_map(|svg| with_known_letters(svg).chars().collect::<Vec<_>>())
            .filter(|letter| !letter.is_ascii())
            .collect();
        for (id, family, _) in &fonts {
            let missing: Vec<char> = press
                .options
                .fontdb
                .with_face_data(*id, |data, index| {
                    let font = skrifa::FontRef::from_index(data, index).expect("a font");
                    let map = skrifa::MetadataProvider::charmap(&font);
                    let missing = letters.iter().filter(|letter| map.map(**letter).is_none());
                    missing.copied().collect()
                })
                .expect("loaded");
            assert_eq!(missing, Vec::<char>::new(), "{family}");
        }
    }

    #[test]
    fn no_drawing_needs_css_variables() {
        for svg in drawings() {
            assert!(!svg.contains("var("));
            assert!(!svg.contains("--"), "{svg}");
            assert!(svg.contains("currentColor"));
        }
    }

    #[test]
    fn fonts_go_into_the_file() {
        let svg = &drawings()[0];
        let whole = with_fonts(svg);
        assert_eq!(whole.matches("@font-face").count(), 3);
        assert!(whole.len() > svg.len() + 60_000);
    }
}
