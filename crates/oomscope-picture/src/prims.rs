//! The backend that plotters draws into: shapes with class names.
//!
//! plotters speaks in colours, so a class travels as one. Coordinates are tenths of a
//! pixel, because plotters rounds to whole ones and the chart must line up with the
//! scrubber.

use plotters::style::RGBColor;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, DrawingBackend, DrawingErrorKind,
};

use crate::geometry::number;
use crate::plot::Prim;

/// Backend units per pixel.
pub(crate) const SCALE: f32 = 10.0;

/// What a shape of the chart is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Class {
    Area,
    Level,
    Min,
    Low,
    High,
}

const CLASSES: [(Class, &str); 5] = [
    (Class::Area, "mem-area"),
    (Class::Level, "mem-line"),
    (Class::Min, "mark-min"),
    (Class::Low, "mark-low"),
    (Class::High, "mark-high"),
];

impl Class {
    /// The colour that carries it through plotters.
    pub(crate) fn color(self) -> RGBColor {
        RGBColor(self as u8, 0, 0)
    }
}

/// Collects shapes.
pub(crate) struct PrimBackend<'a> {
    size: (u32, u32),
    prims: &'a mut Vec<Prim>,
}

impl<'a> PrimBackend<'a> {
    pub(crate) fn new(width: u32, height: u32, prims: &'a mut Vec<Prim>) -> PrimBackend<'a> {
        PrimBackend {
            size: (width, height),
            prims,
        }
    }
}

/// Collecting shapes cannot fail.
#[derive(Debug)]
pub(crate) enum Never {}

impl std::fmt::Display for Never {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {}
    }
}

impl std::error::Error for Never {}

type Drawn = Result<(), DrawingErrorKind<Never>>;

fn class<S: BackendStyle>(style: &S) -> &'static str {
    let index = usize::from(style.color().rgb.0);
    CLASSES.get(index).map_or("", |(_, name)| name)
}

fn path<I: IntoIterator<Item = BackendCoord>>(points: I, close: bool) -> String {
    let mut d = String::new();
    for (index, (x, y)) in points.into_iter().enumerate() {
        d.push(if index == 0 { 'M' } else { 'L' });
        d.push_str(&number(x as f32 / SCALE));
        d.push(',');
        d.push_str(&number(y as f32 / SCALE));
    }
    if close {
        d.push('z');
    }
    d
}

impl DrawingBackend for PrimBackend<'_> {
    type ErrorType = Never;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    /// Single pixels are never drawn here.
    fn draw_pixel(&mut self, _: BackendCoord, _: BackendColor) -> Drawn {
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        points: I,
        style: &S,
    ) -> Drawn {
        let points: Vec<BackendCoord> = points.into_iter().collect();
        let class = class(style);
        let at = |value: i32| value as f32 / SCALE;
        match points[..] {
            // The border of an area is transparent: there is none.
            _ if style.color().alpha == 0.0 => {}
            [] => {}
            [(x1, y1), (x2, y2)] => {
                self.prims.push(Prim::Line {
                    class,
                    x1: at(x1),
                    y1: at(y1),
                    x2: at(x2),
                    y2: at(y2),
                });
            }
            _ => self.prims.push(Prim::Path {
                class,
                d: path(points, false),
            }),
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        points: I,
        style: &S,
    ) -> Drawn {
        self.prims.push(Prim::Path {
            class: class(style),
            d: path(points, true),
        });
        Ok(())
    }
}
