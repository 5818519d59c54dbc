//! Writes pictures to look at when OOMSCOPE_GALLERY names a directory.


use oomscope_model::patches::Version;
use oomscope_picture::{Size, Theme, layout, picture, to_svg};

#[test]
fn gallery() {
    let machine = crate::common::writer_in_queue(Version(4, 6));
    let state = crate::common::stuck(&machine);
    for (name, size) in [("wide", Size::Wide), ("narrow", Size::Narrow), ("embed", Size::Embed)] {
        let picture = picture(&machine, &state, &layout(&machine, size), &[]);
        let svg = to_svg(&picture, &[], Theme::Light);
        if let Ok(dir) = std::env::var("OOMSCOPE_GALLERY") {
            std::fs::write(format!("{dir}/stuck-{name}.svg"), &svg).unwrap();
        }
        println!("{}", picture.label);
    }
}
