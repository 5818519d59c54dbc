//! `oomscope draw`.

use std::fs;

use expect_test::expect;
use resvg::tiny_skia::Pixmap;

use crate::program::{folder, json, say};

/// Draws into a file and reads it.
fn drawn(name: &str, line: &str) -> Vec<u8> {
    let path = folder().join(name);
    let said = say(&format!("draw {line} -o {name}"));
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        said.out.starts_with(&format!("{name}: step ")),
        "{}",
        said.out
    );
    fs::read(path).expect("it was written")
}

/// How many colours there are in a picture.
fn colours(pixmap: &Pixmap) -> usize {
    let mut colours: Vec<[u8; 3]> = rgb(pixmap);
    colours.sort_unstable();
    colours.dedup();
    colours.len()
}

fn rgb(pixmap: &Pixmap) -> Vec<[u8; 3]> {
    let pixels = pixmap.pixels().iter();
    pixels.map(|it| [it.red(), it.green(), it.blue()]).collect()
}

#[test]
fn text_goes_to_the_terminal() {
    let said = say("draw writer-in-queue --at writer");
    assert_eq!(said.code, 0);
    expect![[r#"
        Memory: 8 MB of 256 MB free
        * qemu: waits [wait_for → flush]
          qemu-2: waits, waits for mmap_sem for writing, place 1 of 1 [mmap →
            down_write]
          cc1: runs [page fault]
          postgres: done [user mode]
        * vhost-1187: wants a page, holds mmap_sem for reading [page fault →
            alloc]
          oom_reaper: idle [wait_event: no victim]
          qemu.mmap_sem: read: vhost-1187 <- 1. qemu-2 (write)
          oom_lock: free
        => qemu waits for vhost-1187 to complete flush, vhost-1187 needs a page;
            the OOM killer has chosen nobody yet.
    "#]]
    .assert_eq(&said.out);
}

#[test]
fn svg_has_colours_and_fonts_inside() {
    let svg = String::from_utf8(drawn("a.svg", "writer-in-queue")).expect("text");
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"));
    assert!(svg.contains("@font-face") && !svg.contains("var("));
    assert!(svg.contains("A writer in the queue: step 17 of 17"));
    let bare = "writer-in-queue --no-fonts --bare";
    let small = String::from_utf8(drawn("b.svg", bare)).expect("text");
    assert!(small.len() < 30_000 && !small.contains("step 17"));
}

#[test]
fn png_is_a_picture_with_words() {
    let light = Pixmap::decode_png(&drawn("a.png", "munlock-oops")).expect("a PNG");
    assert!(light.width() > 1500 && light.height() > 800);
    assert!(colours(&light) > 100);
    let dark = drawn("b.png", "munlock-oops --theme dark --size narrow --scale 1");
    let dark = Pixmap::decode_png(&dark).expect("a PNG");
    assert!(dark.width() < dark.height());
    let middle = |pixmap: &Pixmap| {
        let mut sum: Vec<u32> = rgb(pixmap)
            .iter()
            .map(|pixel| pixel.iter().map(|&part| u32::from(part)).sum())
            .collect();
        sum.sort_unstable();
        sum[sum.len() / 2]
    };
    assert!(middle(&light) > 600 && middle(&dark) < 150);
}

#[test]
fn gif_ends_with_the_last_step() {
    let still = drawn("c.png", "munlock-oops --scale 1");
    let still = Pixmap::decode_png(&still).expect("a PNG");
    let bytes = drawn("c.gif", "munlock-oops --from 3 --pause 0.5");
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let mut decoder = options.read_info(bytes.as_slice()).expect("a GIF");
    let width = usize::from(decoder.width());
    assert_eq!(width, still.width() as usize);
    let mut canvas = vec![[0_u8; 3]; width * usize::from(decoder.height())];
    let mut frames = 0;
    let mut changes = 0;
    while let Some(frame) = decoder.read_next_frame().expect("a frame") {
        frames += 1;
        let before = canvas.clone();
        for (index, pixel) in frame.buffer.chunks(4).enumerate() {
            let x = usize::from(frame.left) + index % usize::from(frame.width);
            let y = usize::from(frame.top) + index / usize::from(frame.width);
            canvas[y * width + x] = [pixel[0], pixel[1], pixel[2]];
        }
        changes += usize::from(before != canvas);
    }
    let steps = json("run munlock-oops").1["steps"]
        .as_array()
        .expect("steps")
        .len();
    assert_eq!(frames, steps - 3 + 1);
    assert_eq!(changes, frames, "every step looks different");
    let still = rgb(&still);
    assert_eq!(still.len(), canvas.len());
    let distance: u64 = (still.iter().flatten())
        .zip(canvas.iter().flatten())
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    assert!(distance < canvas.len() as u64, "256 colours are enough");
}

#[test]
fn a_link_is_drawn_where_it_looks() {
    let link = say("link writer-in-queue --to kill").out;
    let (code, answer) = json(&format!("draw {}", link.trim_end()));
    assert_eq!((code, &answer["step"]), (0, &9.into()));
    assert!(answer["svg"].as_str().expect("text").starts_with("<svg "));
}

#[test]
fn what_cannot_be_drawn_is_told() {
    let cases = [
        (
            "draw munlock-oops -o picture.jpg",
            "end it in .svg, .png, .gif or .txt",
        ),
        (
            "draw munlock-oops -o nowhere/x.svg",
            "nowhere/x.svg: No such file",
        ),
        (
            "draw munlock-oops --scale 99 -o x.png",
            "not a number from 0.1 to 8",
        ),
        (
            "draw munlock-oops --at 900 -o x.gif",
            "step 900 was not reached",
        ),
    ];
    for (line, sentence) in cases {
        let said = say(line);
        assert_eq!(said.code, 2, "{line}: {}", said.err);
        assert!(said.err.contains(sentence), "{line}: {}", said.err);
    }
}
