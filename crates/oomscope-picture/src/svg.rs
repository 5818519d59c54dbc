//! The picture as a file of its own.

mod strips;

use crate::geometry::{Font, Point, Rect, number};
use crate::picture::{
    Anchor, Edge, Glyph, Label, LockBox, Pending, Picture, STRUCK, Segment, SegmentKind, TaskBox,
    Token, Tone, Vessel,
};
use crate::plot::Prim;

/// Which palette an exported picture carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Theme {
    /// Dark ink on paper.
    Light,
    /// Light ink on black.
    Dark,
}

/// A complete SVG with its own colours; the history, if any, goes below the stage.
pub fn to_svg(picture: &Picture, history: &[Prim], theme: Theme) -> String {
    let below = history.iter().map(prim_bottom).fold(0.0, f32::max);
    let height = picture.height + if below > 0.0 { below + 24.0 } else { 0.0 };
    let mut svg = Svg::default();
    svg.raw(&format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" role=\"img\" aria-label=\"",
        w = number(picture.width),
        h = number(height)
    ));
    svg.text(&picture.label);
    svg.raw("\"><style>");
    svg.raw(palette(theme));
    svg.raw(STYLE);
    svg.raw("</style>");
    svg.raw(strips::HATCH);
    svg.raw("<rect class=\"bg\" width=\"100%\" height=\"100%\"/>");
    svg.vessel(&picture.memory);
    for edge in &picture.edges {
        svg.edge(edge);
    }
    picture.tasks.iter().for_each(|task| svg.task(task));
    picture.locks.iter().for_each(|lock| svg.lock(lock));
    picture.strips.iter().for_each(|strip| svg.strip(strip));
    picture.tokens.iter().for_each(|token| svg.token(token));
    picture.edges.iter().for_each(|edge| svg.marks(edge));
    if !history.is_empty() {
        svg.raw(&format!(
            "<g transform=\"translate(0,{})\">",
            number(picture.height + 12.0)
        ));
        history.iter().for_each(|prim| svg.prim(prim));
        svg.raw("</g>");
    }
    svg.raw("</svg>\n");
    svg.0
}

/// Shapes alone, for a page that brings its own colours.
pub fn prims_to_svg(prims: &[Prim]) -> String {
    let mut svg = Svg::default();
    prims.iter().for_each(|prim| svg.prim(prim));
    svg.0
}

fn palette(theme: Theme) -> &'static str {
    match theme {
        Theme::Light => {
            "svg{--bg:#FAF9F6;--panel:#FFFFFF;--ink:#1A1F26;--soft:#56606D;--line:#DAD8D1;--run:#0069A6;--wait:#945800;--stuck:#B84300;--ok:#007553;--mem:#3B8FC4;--memink:#1E6D9B;--memfill:#CFE5F4;--reap:#A04077;--sig:#7B6100;--stuckbg:#FDF0E7;--sigbg:#F8F3DC;--okbg:#E7F5EF;--chip:#F1EFEA;--hold:#77828F}"
        }
        Theme::Dark => {
            "svg{--bg:#0E1116;--panel:#151A21;--ink:#E8EBEF;--soft:#9AA7B5;--line:#2B343F;--run:#56B4E9;--wait:#E69F00;--stuck:#FF8243;--ok:#2CC295;--mem:#56B4E9;--memink:#74C0EC;--memfill:#1D3D54;--reap:#DE8FB9;--sig:#F0E442;--stuckbg:#2A1A10;--sigbg:#26240F;--okbg:#0F2A22;--chip:#1E252E;--hold:#74828F}"
        }
    }
}

const STYLE: &str = "text{font-family:'IBM Plex Sans',system-ui,sans-serif;fill:var(--ink)}\
.mono{font-family:'IBM Plex Mono',ui-monospace,monospace}\
.bg{fill:var(--bg)}.soft{fill:var(--soft)}.strong{font-weight:600}\
.box{fill:var(--panel);stroke:var(--line)}.absent{opacity:.45}\
.slot{fill:none;stroke:var(--line);stroke-width:1.2;stroke-dasharray:3 4}\
.chip{fill:var(--chip)}.tone-stuck .chip{fill:var(--stuckbg)}\
.tone-run{--c:var(--run)}.tone-wait{--c:var(--wait)}.tone-stuck{--c:var(--stuck)}\
.tone-ok{--c:var(--ok)}.tone-memory{--c:var(--memink)}.tone-reaper{--c:var(--reap)}\
.tone-signal{--c:var(--sig)}.tone-neutral{--c:var(--hold)}\
.c{fill:var(--c)}.on>.box{stroke:var(--c);stroke-width:2}\
.fill{fill:var(--c)}.thin{fill:none;stroke:var(--c);stroke-width:1.6}.gap{fill:none;stroke:var(--panel);stroke-width:3.4}.draw{fill:none;stroke:var(--c);stroke-width:2;stroke-linecap:round;stroke-linejoin:round}\
.edge{fill:none;stroke:var(--c);stroke-width:1.5}.edge.hop{stroke-width:2.5}\
.edge.under{stroke-width:5}.edge.gap{stroke:var(--bg);stroke-width:1.8}\
.halo{paint-order:stroke;stroke:var(--bg);stroke-width:4px;stroke-linejoin:round}\
.disc{fill:var(--c)}.disc+text{fill:var(--bg)}\
.cross{fill:var(--bg);stroke:var(--c);stroke-width:1.8}\
.level{fill:var(--memfill)}.hatch{stroke:var(--mem);stroke-width:1.6;opacity:.45}.hatched{fill:url(#hatch)}\
.seg{fill:var(--chip);stroke:var(--panel)}.seg.free{fill:var(--memfill)}.seg.victim{fill:var(--stuckbg)}.seg.marked{fill:var(--sigbg)}\
.mark{fill:none;stroke:var(--memink);stroke-width:1.4}.marktext{fill:var(--memink)}\
.mem-area{fill:var(--memfill)}.mem-line{fill:none;stroke:var(--mem);stroke-width:2}\
.mem-frame{fill:var(--panel);stroke:var(--line)}.mark-min,.mark-low,.mark-high{stroke:var(--mem);stroke-dasharray:1 4}\
.axis-label{fill:var(--soft)}\
.flag-kill{stroke:var(--sig);fill:none;stroke-width:1.5}.flag-reap-try{stroke:var(--reap);fill:none;stroke-width:1.6}\
.flag-reap{stroke:var(--ok);fill:none;stroke-width:1.5}.flag-give-up{stroke:var(--reap);fill:none;stroke-width:1.5}\
.flag-patch-on,.flag-patch-off{stroke:var(--ink);fill:none;stroke-width:1.5}\
.flag-point-of-no-return{stroke:var(--stuck);fill:none;stroke-width:1.5;stroke-dasharray:4 3}\
.text-kill{fill:var(--sig)}.text-reap-try,.text-give-up{fill:var(--reap)}.text-reap{fill:var(--ok)}\
.text-patch-on,.text-patch-off{fill:var(--ink)}.text-point-of-no-return{fill:var(--stuck)}";

/// SVG text under construction. Everything that comes from a scenario or a log goes
/// through [`Svg::text`].
#[derive(Default)]
struct Svg(String);

impl Svg {
    fn raw(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '&' => self.0.push_str("&amp;"),
                '"' => self.0.push_str("&quot;"),
                c if c.is_control() => self.0.push(' '),
                c => self.0.push(c),
            }
        }
    }

    fn label(&mut self, label: &Label, class: &str) {
        let anchor = match label.anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let mono = if label.font == Font::Mono {
            " mono"
        } else {
            ""
        };
        let strong = if label.strong { " strong" } else { "" };
        self.raw(&format!(
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\" class=\"{class}{mono}{strong}\"{anchor}>",
            number(label.at.x),
            number(label.at.y),
            number(label.size)
        ));
        self.text(&label.text);
        self.raw("</text>");
    }

    fn rect(&mut self, rect: Rect, radius: f32, class: &str) {
        self.raw(&format!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\" class=\"{class}\"/>",
            number(rect.x),
            number(rect.y),
            number(rect.w.max(0.0)),
            number(rect.h.max(0.0)),
            number(radius)
        ));
    }

    fn open(&mut self, id: &str, class: &str) {
        self.raw(&format!("<g id=\"{id}\" class=\"{class}\">"));
    }

    fn glyph(&mut self, glyph: Glyph, at: Point) {
        let class = if glyph.is_stroke() { "draw" } else { "fill" };
        self.raw(&format!(
            "<path transform=\"translate({},{})\" d=\"{}\" class=\"{class}\"/>",
            number(at.x),
            number(at.y),
            glyph.path()
        ));
    }

    fn task(&mut self, task: &TaskBox) {
        let on = if task.on_chain { " on" } else { "" };
        let absent = if task.absent { " absent" } else { "" };
        self.open(
            &task.id,
            &format!("{}{on}{absent}", task.status.tone.class()),
        );
        self.rect(task.rect, 8.0, "box");
        self.glyph(task.status.glyph, task.glyph_at);
        if let Some(signal) = task.signal {
            self.bolt(signal);
        }
        self.label(&task.name, "");
        self.label(&task.status_label, "c");
        self.label(&task.detail, "soft");
        if let Some(badge) = &task.badge_label {
            self.open("", Tone::Signal.class());
            self.label(badge, "c");
            self.raw("</g>");
        }
        self.raw("</g>");
    }

    fn bolt(&mut self, signal: Pending) {
        self.open("", Tone::Signal.class());
        let (x, y) = (number(signal.at.x), number(signal.at.y));
        let mut stroke = |d: &str, class: &str| {
            let path =
                format!("<path transform=\"translate({x},{y})\" d=\"{d}\" class=\"{class}\"/>");
            self.raw(&path);
        };
        stroke(
            Glyph::Bolt.path(),
            if signal.fatal { "fill" } else { "thin" },
        );
        if signal.ignored {
            stroke(STRUCK, "gap");
            stroke(STRUCK, "thin");
        }
        self.raw("</g>");
    }

    fn lock(&mut self, lock: &LockBox) {
        let on = if lock.on_chain { " on" } else { "" };
        self.open(&lock.id, &format!("{}{on}", lock.tone.class()));
        if let Some(title) = &lock.lane_title {
            self.label(title, "soft");
        }
        for slot in &lock.slots {
            self.rect(slot.rect, slot.rect.h / 2.0, "slot");
            self.label(&slot.number, "soft");
        }
        if let Some(overflow) = &lock.overflow {
            self.label(overflow, "soft strong");
        }
        self.rect(lock.rect, 8.0, "box");
        self.label(&lock.name, "");
        if let Some(kind) = &lock.kind {
            self.label(kind, "soft");
        }
        self.rect(lock.chip.rect, 5.0, "chip");
        self.label(&lock.chip.label, if lock.on_chain { "c" } else { "soft" });
        self.raw("</g>");
    }

    fn token(&mut self, token: &Token) {
        self.open(&token.id, &format!("{} on", token.tone.class()));
        if let Some(ejection) = &token.ejected {
            self.raw(&format!(
                "<path d=\"{}\" class=\"edge hop\" stroke-dasharray=\"2 5\"/>",
                ejection.d
            ));
            self.arrow(ejection.to, Point::new(-1.0, -0.3));
            self.label(&ejection.label, "c halo");
        } else {
            self.rect(token.rect, token.rect.h / 2.0, "box");
            self.label(&token.name, "c");
            self.label(&token.mode_label, "soft");
            if token.killable {
                self.hinge(token.rect);
            }
        }
        self.raw("</g>");
    }

    /// The hinge of a killable wait: the pill can open at its top.
    fn hinge(&mut self, rect: Rect) {
        let (x, y) = (rect.right() - rect.h / 2.0, rect.y);
        self.raw(&format!(
            "<path d=\"M{},{}l9,-8\" class=\"draw\"/><circle cx=\"{}\" cy=\"{}\" r=\"3\" class=\"cross\"/>",
            number(x),
            number(y),
            number(x),
            number(y)
        ));
    }

    fn edge(&mut self, edge: &Edge) {
        let dash = edge.kind.dash();
        let dash = if dash.is_empty() {
            String::new()
        } else {
            format!(" stroke-dasharray=\"{dash}\"")
        };
        let hop = if edge.hop.is_some() { " hop" } else { "" };
        self.open(
            &edge.id,
            &format!("{} {}", edge.tone.class(), edge.kind.class()),
        );
        if edge.double {
            // A double stroke is a broad one with a gap drawn over it.
            self.raw(&format!(
                "<path d=\"{}\" class=\"edge under\"{dash}/>",
                edge.d
            ));
            self.raw(&format!("<path d=\"{}\" class=\"edge gap\"/>", edge.d));
        } else {
            self.raw(&format!(
                "<path d=\"{}\" class=\"edge{hop}\"{dash}/>",
                edge.d
            ));
        }
        if edge.arrow
            && let [.., before, last] = edge.points[..]
        {
            let way = Point::new((last.x - before.x).signum(), (last.y - before.y).signum());
            let flat = (last.x - before.x).abs() > (last.y - before.y).abs();
            let way = if flat {
                Point::new(way.x, 0.0)
            } else {
                Point::new(0.0, way.y)
            };
            self.arrow(last, way);
        }
        if let Some(at) = edge.cross {
            let (x, y) = (number(at.x), number(at.y));
            self.raw(&format!(
                "<circle cx=\"{x}\" cy=\"{y}\" r=\"8\" class=\"cross\"/>"
            ));
            self.raw(&format!(
                "<path d=\"M{x},{y}m-3,-3l6,6m0,-6l-6,6\" class=\"draw\"/>"
            ));
        }
        self.raw("</g>");
    }

    fn arrow(&mut self, tip: Point, way: Point) {
        let (back, side) = (13.0, 6.5);
        let a = Point::new(
            tip.x - way.x * back - way.y * side,
            tip.y - way.y * back + way.x * side,
        );
        let b = Point::new(
            tip.x - way.x * back + way.y * side,
            tip.y - way.y * back - way.x * side,
        );
        self.raw(&format!(
            "<path d=\"M{},{}L{},{}L{},{}z\" class=\"fill\"/>",
            number(tip.x),
            number(tip.y),
            number(a.x),
            number(a.y),
            number(b.x),
            number(b.y)
        ));
    }

    fn marks(&mut self, edge: &Edge) {
        self.open("", edge.tone.class());
        if let Some(label) = &edge.label {
            self.label(label, "c halo");
        }
        if let Some(hop) = edge.hop {
            let (x, y) = (hop.at.x, hop.at.y);
            self.raw(&format!(
                "<circle cx=\"{}\" cy=\"{}\" r=\"10.5\" class=\"disc\"/><text x=\"{}\" y=\"{}\" font-size=\"12.5\" class=\"strong\" text-anchor=\"middle\">{}</text>",
                number(x),
                number(y),
                number(x),
                number(y + 4.5),
                hop.number
            ));
        }
        self.raw("</g>");
    }

    fn vessel(&mut self, memory: &Vessel) {
        self.open("memory", "tone-memory");
        self.label(&memory.title, "");
        self.label(&memory.total, "soft");
        self.raw("<clipPath id=\"vessel\">");
        self.rect(memory.rect, 9.0, "");
        self.raw("</clipPath>");
        self.rect(memory.rect, 9.0, "box");
        self.raw("<g clip-path=\"url(#vessel)\">");
        memory
            .segments
            .iter()
            .for_each(|segment| self.segment(segment));
        self.raw("</g>");
        self.raw("<g style=\"pointer-events:none\"><g class=\"frame\">");
        self.rect(memory.rect, 9.0, "slot\" style=\"stroke-dasharray:none");
        self.raw("</g></g>");
        for mark in &memory.marks {
            self.raw(&format!("<path d=\"{}\" class=\"mark\"/>", mark.d));
            self.label(&mark.label, "marktext");
        }
        self.raw("</g>");
    }

    fn segment(&mut self, segment: &Segment) {
        self.open(&segment.id, segment.tone.class());
        let class = match (segment.kind, segment.tone) {
            (SegmentKind::Free, _) => "seg free",
            (_, Tone::Stuck) => "seg victim",
            (_, Tone::Signal) => "seg marked",
            _ => "seg",
        };
        if segment.rect.h > 0.0 {
            self.rect(segment.rect, 0.0, class);
        }
        if let Some(name) = &segment.name {
            self.label(
                name,
                if segment.tone == Tone::Neutral {
                    ""
                } else {
                    "c"
                },
            );
        }
        if let Some(detail) = &segment.detail {
            self.label(detail, "soft");
        }
        self.raw("</g>");
    }

    fn prim(&mut self, prim: &Prim) {
        let n = number;
        match prim {
            Prim::Path { class, d } => self.raw(&format!("<path class=\"{class}\" d=\"{d}\"/>")),
            Prim::Line {
                class,
                x1,
                y1,
                x2,
                y2,
            } => self.raw(&format!(
                "<path class=\"{class}\" d=\"M{},{}L{},{}\"/>",
                n(*x1),
                n(*y1),
                n(*x2),
                n(*y2)
            )),
            Prim::Rect { class, x, y, w, h } => self.rect(Rect::new(*x, *y, *w, *h), 0.0, class),
            Prim::Circle { class, cx, cy, r } => self.raw(&format!(
                "<circle class=\"{class}\" cx=\"{}\" cy=\"{}\" r=\"{}\"/>",
                n(*cx),
                n(*cy),
                n(*r)
            )),
            Prim::Text {
                class,
                x,
                y,
                anchor,
                size,
                text,
            } => self.label(
                &Label {
                    text: text.clone(),
                    at: Point::new(*x, *y),
                    anchor: *anchor,
                    size: *size,
                    font: Font::Sans,
                    strong: false,
                },
                class,
            ),
        }
    }
}

fn prim_bottom(prim: &Prim) -> f32 {
    match prim {
        Prim::Rect { y, h, .. } => y + h,
        Prim::Line { y1, y2, .. } => y1.max(*y2),
        Prim::Circle { cy, r, .. } => cy + r,
        Prim::Text { y, .. } => *y,
        Prim::Path { .. } => 0.0,
    }
}
