//! Points, boxes, rounded orthogonal paths and an estimate of how wide text is.
//!
//! Nothing here measures real fonts: a picture must come out the same on every machine,
//! so widths are estimated from a small table that errs on the wide side.

/// A point in stage units (CSS pixels at scale 1), y downwards.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Point {
    /// To the right.
    pub x: f32,
    /// Downwards.
    pub y: f32,
}

/// An upright box.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Rect {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width.
    pub w: f32,
    /// Height.
    pub h: f32,
}

/// The two type faces: words and kernel identifiers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Font {
    /// Words.
    Sans,
    /// Kernel identifiers.
    Mono,
}

impl Point {
    /// A point.
    pub const fn new(x: f32, y: f32) -> Point {
        Point { x, y }
    }
}

impl Rect {
    /// A box.
    pub const fn new(x: f32, y: f32, w: f32, h: f32) -> Rect {
        Rect { x, y, w, h }
    }

    /// Right edge.
    pub fn right(self) -> f32 {
        self.x + self.w
    }

    /// Bottom edge.
    pub fn bottom(self) -> f32 {
        self.y + self.h
    }

    /// Middle.
    pub fn center(self) -> Point {
        Point::new(self.x + self.w / 2.0, self.y + self.h / 2.0)
    }

    /// Whether the two boxes share more than an edge.
    pub fn overlaps(self, other: Rect) -> bool {
        self.x < other.right()
            && other.x < self.right()
            && self.y < other.bottom()
            && other.y < self.bottom()
    }

    /// Whether the other box lies inside this one; half a unit of slack for rounding.
    pub fn contains(self, other: Rect) -> bool {
        other.x >= self.x - 0.5
            && other.y >= self.y - 0.5
            && other.right() <= self.right() + 0.5
            && other.bottom() <= self.bottom() + 0.5
    }
}

/// The path data of a polyline whose corners are rounded with up to this radius.
pub fn rounded(points: &[Point], radius: f32) -> String {
    let mut d = String::new();
    for (index, &point) in points.iter().enumerate() {
        let before = index.checked_sub(1).map(|i| points[i]);
        match (before, points.get(index + 1)) {
            (None, _) => put(&mut d, 'M', &[point]),
            (Some(_), None) => put(&mut d, 'L', &[point]),
            (Some(before), Some(&after)) => {
                let r = radius
                    .min(length(before, point) / 2.0)
                    .min(length(point, after) / 2.0);
                put(&mut d, 'L', &[towards(point, before, r)]);
                put(&mut d, 'Q', &[point, towards(point, after, r)]);
            }
        }
    }
    d
}

/// Writes a number with at most one decimal, as short as SVG allows.
pub fn number(value: f32) -> String {
    let tenths = (value * 10.0).round() as i32;
    if tenths % 10 == 0 {
        format!("{}", tenths / 10)
    } else {
        let sign = if tenths < 0 { "-" } else { "" };
        format!("{sign}{}.{}", tenths.abs() / 10, tenths.abs() % 10)
    }
}

/// How wide this text is, estimated, at this size.
pub fn text_width(text: &str, size: f32, font: Font) -> f32 {
    let em: f32 = text
        .chars()
        .map(|c| match (font, c) {
            (Font::Mono, _) => 0.61,
            (
                _,
                'i' | 'j' | 'l' | 't' | 'f' | 'r' | ' ' | '.' | ',' | ':' | ';' | '\'' | 'I' | '|',
            ) => 0.34,
            (_, 'm' | 'w' | 'M' | 'W' | '→' | '%') => 0.88,
            (_, 'A'..='Z') => 0.66,
            _ => 0.57,
        })
        .sum();
    em * size
}

/// The text, or as much of its start as fits, with an ellipsis.
pub fn fit(text: &str, width: f32, size: f32, font: Font) -> String {
    if text_width(text, size, font) <= width {
        return text.to_string();
    }
    let mut kept = String::new();
    for c in text.chars() {
        let mut longer = kept.clone();
        longer.push(c);
        if text_width(&longer, size, font) + text_width("…", size, font) > width {
            break;
        }
        kept = longer;
    }
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

/// A name that fits: cut in the middle, because names of threads differ at their ends.
pub fn fit_name(name: &str, width: f32, size: f32) -> String {
    let count = name.chars().count();
    if count < 6 || text_width(name, size, Font::Sans) <= width {
        return fit(name, width, size, Font::Sans);
    }
    let tail: String = name.chars().skip(count - 2).collect();
    let head = fit(
        name,
        width - text_width(&tail, size, Font::Sans),
        size,
        Font::Sans,
    );
    let joined = format!("{head}{tail}");
    if head.chars().count() > 1 && text_width(&joined, size, Font::Sans) <= width {
        joined
    } else {
        fit(name, width, size, Font::Sans)
    }
}

fn put(d: &mut String, command: char, points: &[Point]) {
    d.push(command);
    for (index, point) in points.iter().enumerate() {
        if index > 0 {
            d.push(' ');
        }
        d.push_str(&number(point.x));
        d.push(',');
        d.push_str(&number(point.y));
    }
}

fn length(a: Point, b: Point) -> f32 {
    (a.x - b.x).abs() + (a.y - b.y).abs()
}

/// The point this far from `from` on the way to `to`; for axis-parallel lines.
fn towards(from: Point, to: Point, distance: f32) -> Point {
    let step = |a: f32, b: f32| {
        if b > a + 0.01 {
            distance
        } else if b < a - 0.01 {
            -distance
        } else {
            0.0
        }
    };
    Point::new(from.x + step(from.x, to.x), from.y + step(from.y, to.y))
}
