//! The strips of a picture, as SVG.

use super::Svg;
use crate::geometry::{Point, Rect};
use crate::picture::{Cell, Content, Strip, Tone};

/// A pattern for what nobody may take.
pub(super) const HATCH: &str = "<pattern id=\"hatch\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><path d=\"M0,0V7\" class=\"hatch\"/></pattern>";

impl Svg {
    pub(super) fn strip(&mut self, strip: &Strip) {
        self.open(&strip.id, "strip");
        self.label(&strip.title, "");
        if let Some(note) = &strip.note {
            self.label(note, "soft");
        }
        for cell in &strip.cells {
            self.cell(cell);
        }
        for &(from, to) in &strip.links {
            self.link(from, to);
        }
        self.raw("</g>");
    }

    fn cell(&mut self, cell: &Cell) {
        let rect = cell.rect;
        self.open("", cell.tone.class());
        let outline = match cell.content {
            Content::Gone => "slot",
            Content::There | Content::Locked => "box",
        };
        self.rect(rect, 6.0, outline);
        if cell.level > 0.0 && cell.content != Content::Gone {
            let filled = cell.fill();
            self.rect(filled, 5.0, "level");
            if cell.content == Content::Locked {
                self.rect(filled, 5.0, "hatched");
            }
        }
        if let Some(glyph) = cell.glyph {
            self.glyph(glyph, cell.glyph_at);
        }
        let faint = if cell.content == Content::Gone {
            "soft"
        } else {
            ""
        };
        self.label(&cell.name, faint);
        let plain = matches!(cell.tone, Tone::Neutral | Tone::Memory);
        self.label(&cell.detail, if plain { "soft" } else { "c" });
        self.raw("</g>");
    }

    /// The arrow from one cell of a chain to the next.
    fn link(&mut self, from: Point, to: Point) {
        self.open("", Tone::Neutral.class());
        let line = Rect::new(from.x, from.y - 0.7, to.x - from.x - 6.0, 1.4);
        self.rect(line, 0.0, "fill");
        self.arrow(to, Point::new(1.0, 0.0));
        self.raw("</g>");
    }
}
