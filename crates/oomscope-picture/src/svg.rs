//! The picture as a file of its own.

use crate::picture::Picture;
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
    let _ = (picture, history, theme);
    String::new()
}
