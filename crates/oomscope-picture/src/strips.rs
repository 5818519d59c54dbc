//! What a cast has besides tasks and locks, one strip for each: address spaces and their page
//! tables, the mmu notifiers over them, what reclaim can find, who may take the last pages,
//! and work that is handed over. Which strips there are, and of how many cells, is a matter
//! of the cast alone; what they say is a matter of the state.

mod lists;
mod memcg;
mod mm;
mod reserves;
mod work;

use oomscope_model::event::Event;
use oomscope_model::machine::{Backing, Gfp, Machine, MmId, Op, TaskId};

use crate::boxes::label;
use crate::draw::Scene;
use crate::geometry::{Font, Point, Rect, fit, text_width};
use crate::layout::Stage;
use crate::picture::{Anchor, Glyph, Label, Tone};

/// What a strip is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum StripKind {
    /// The VMAs of an address space, and its page tables.
    Mm(MmId),
    /// The mmu notifiers of an address space, in the order in which they are called.
    Notifiers(MmId),
    /// The memory cgroups, and how full each is.
    Memcgs,
    /// The lists on which reclaim finds pages.
    Lists,
    /// Who may take pages below the marks.
    Reserves,
    /// What the reaper and the worker have been given to do.
    Work,
}

/// Where a strip is.
#[derive(Clone, PartialEq, Debug)]
pub struct StripPlace {
    /// What it is about.
    pub kind: StripKind,
    /// All of it: a line of text, and the cells below.
    pub rect: Rect,
    /// Its cells, from left to right.
    pub cells: Vec<Rect>,
}

/// A strip as it is drawn.
#[derive(Clone, PartialEq, Debug)]
pub struct Strip {
    /// `strip-mm-0`, `strip-lists`.
    pub id: String,
    /// All of it.
    pub rect: Rect,
    /// What it is about.
    pub title: Label,
    /// What holds for all of it: `3 users, MMF_OOM_SKIP`.
    pub note: Option<Label>,
    /// Its parts.
    pub cells: Vec<Cell>,
    /// Short arrows from a cell to the next beside it: the order matters.
    pub links: Vec<(Point, Point)>,
    /// What a reader hears.
    pub aria: String,
}

/// What is left in a cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Content {
    /// Something.
    There,
    /// Something that whoever comes by may not take: hatched.
    Locked,
    /// Nothing any more: a dashed outline.
    Gone,
}

/// A part of a strip.
#[derive(Clone, PartialEq, Debug)]
pub struct Cell {
    /// Its box.
    pub rect: Rect,
    /// How much of it is filled, 0 to 1.
    pub level: f32,
    /// What it is.
    pub name: Label,
    /// How it is.
    pub detail: Label,
    /// The shape that goes with the colour.
    pub glyph: Option<Glyph>,
    /// Where that is.
    pub glyph_at: Point,
    /// Colour.
    pub tone: Tone,
    /// Whether something is in it.
    pub content: Content,
}

impl Cell {
    /// The part that is filled.
    pub fn fill(&self) -> Rect {
        let Rect { x, y, w, h } = self.rect;
        Rect::new(x + 1.5, y + 1.5, (w - 3.0) * self.level, h - 3.0)
    }
}

/// What a cell says, before it has a place.
pub(crate) struct Says {
    pub(crate) name: String,
    pub(crate) detail: String,
    pub(crate) glyph: Option<Glyph>,
    pub(crate) tone: Tone,
    pub(crate) level: f32,
    pub(crate) content: Content,
}

/// What a strip says, before it has a place.
pub(crate) struct Told {
    pub(crate) title: String,
    pub(crate) note: String,
    pub(crate) cells: Vec<Says>,
}

/// The strips of a cast, and how many cells each has.
pub fn strips_of(machine: &Machine, stage: Stage) -> Vec<(StripKind, usize)> {
    let mut strips = Vec::new();
    for mm in (0..machine.mms.len() as u8).map(MmId) {
        let info = &machine.mms[mm.0 as usize];
        if has_parts(machine, mm) {
            strips.push((StripKind::Mm(mm), info.vmas.len() + 1));
        }
        if !info.notifiers.is_empty() {
            strips.push((StripKind::Notifiers(mm), info.notifiers.len()));
        }
    }
    if !machine.memcgs.is_empty() {
        strips.push((StripKind::Memcgs, machine.memcgs.len()));
    }
    if !machine.lrus.is_empty() {
        strips.push((StripKind::Lists, machine.lrus.len()));
    }
    let special = special_askers(machine);
    if stage.reserves || !special.is_empty() {
        strips.push((StripKind::Reserves, 2 + special.len()));
    }
    if stage.handed_over {
        strips.push((StripKind::Work, 1 + usize::from(stage.kworker)));
    }
    strips
}

/// Whether there is more to tell of an address space than how large it is.
fn has_parts(machine: &Machine, mm: MmId) -> bool {
    let info = &machine.mms[mm.0 as usize];
    let plain = |vma: &oomscope_model::machine::VmaInfo| {
        vma.backing == Backing::Anon && !vma.locked && vma.i_mmap.is_none()
    };
    let shared = machine
        .process_ids()
        .filter(|&process| machine.actor(machine.process(process).leader).mm == Some(mm));
    let borrowed = machine.tasks.iter().any(|actor| {
        (actor.program.iter()).any(|line| match line.op {
            Op::RemoteRead { mm: other, .. } | Op::Mrelease { mm: other } => other == mm,
            _ => false,
        })
    });
    info.vmas.len() > 1
        || !info.vmas.iter().all(plain)
        || info.aio.is_some()
        || info.ksm
        || info.teardown.is_some()
        || shared.count() > 1
        || borrowed
}

/// The most tasks that the strip of the reserves names.
const ASKERS_MAX: usize = 2;

/// Those whose requests have rights of their own: transactions and special flags.
pub(crate) fn special_askers(machine: &Machine) -> Vec<TaskId> {
    let special = Gfp::HIGH | Gfp::HARDER | Gfp::MEMALLOC | Gfp::NOFAIL;
    machine
        .task_ids()
        .filter(|&task| {
            machine
                .actor(task)
                .program
                .iter()
                .any(|line| match line.op {
                    Op::TransStart { .. } | Op::Memalloc { on: true } => true,
                    Op::Alloc { gfp, .. } | Op::KmemAlloc { gfp, .. } => gfp.0 & special != 0,
                    _ => false,
                })
        })
        .take(ASKERS_MAX)
        .collect()
}

/// Height of the line of text above the cells.
const TITLE_H: f32 = 21.0;

/// Between two cells; a chain has room for its arrows.
fn gap(kind: StripKind) -> f32 {
    match kind {
        StripKind::Notifiers(_) => 24.0,
        _ => 7.0,
    }
}

/// Height of a cell.
const CELL_H: f32 = 40.0;

/// A cell is never wider, nor narrower as long as there are rows to go to.
const CELL_W: (f32, f32) = (84.0, 208.0);

/// Below each strip, and between two columns of them.
const BETWEEN: (f32, f32) = (12.0, 20.0);

/// Places the strips below each other, in so many columns, from height 0 down; and how high
/// all of them are.
pub(crate) fn places(
    strips: &[(StripKind, usize)],
    left: f32,
    width: f32,
    columns: usize,
) -> (Vec<StripPlace>, f32) {
    let (below, beside) = BETWEEN;
    let pitch = (width + beside) / columns as f32;
    let mut places = Vec::new();
    let mut y = 0.0;
    for row in strips.chunks(columns) {
        let mut lowest = y;
        for (nth, &(kind, count)) in row.iter().enumerate() {
            let place = place(kind, count, left + nth as f32 * pitch, y, pitch - beside);
            lowest = place.rect.bottom().max(lowest);
            places.push(place);
        }
        y = lowest + below;
    }
    let height = if places.is_empty() { 0.0 } else { y + 4.0 };
    (places, height)
}

/// One strip; its cells wrap where they would become too narrow to read.
fn place(kind: StripKind, count: usize, x: f32, y: f32, width: f32) -> StripPlace {
    let gap = gap(kind);
    let (least, most) = CELL_W;
    let fitting = ((width + gap) / (least + gap)) as usize;
    let rows = count.div_ceil(fitting.max(1)).max(1);
    let per_row = count.div_ceil(rows).max(1);
    let pitch = ((width + gap) / per_row as f32).min(most + gap);
    let below = CELL_H + gap.min(7.0);
    let cell = |index: usize| {
        let (row, column) = (index / per_row, index % per_row);
        Rect::new(
            x + column as f32 * pitch,
            y + TITLE_H + row as f32 * below,
            pitch - gap,
            CELL_H,
        )
    };
    let height = TITLE_H + rows as f32 * below - (below - CELL_H);
    StripPlace {
        kind,
        rect: Rect::new(x, y, width, height),
        cells: (0..count).map(cell).collect(),
    }
}

/// Moves strips down by so much.
pub(crate) fn lower(strips: &mut [StripPlace], by: f32) {
    for strip in strips {
        for rect in strip.cells.iter_mut().chain([&mut strip.rect]) {
            rect.y += by;
        }
    }
}

/// Draws all strips.
pub(crate) fn strips(scene: &Scene<'_>, recent: &[Event]) -> Vec<Strip> {
    (scene.layout.strips.iter())
        .map(|place| {
            let told = match place.kind {
                StripKind::Mm(mm) => mm::address_space(scene, mm, recent),
                StripKind::Notifiers(mm) => mm::notifiers(scene, mm),
                StripKind::Memcgs => memcg::told(scene),
                StripKind::Lists => lists::told(scene),
                StripKind::Reserves => reserves::told(scene),
                StripKind::Work => work::told(scene),
            };
            strip(place, told)
        })
        .collect()
}

fn strip(place: &StripPlace, told: Told) -> Strip {
    let rect = place.rect;
    let title = Label {
        strong: true,
        ..label(
            fit(&told.title, rect.w, 12.5, Font::Sans),
            Point::new(rect.x, rect.y + 13.0),
            12.5,
        )
    };
    let room = rect.w - text_width(&title.text, 12.5, Font::Sans) - 18.0;
    // Without their prefix flags still say what they are, and they say more than a count.
    let short = told.note.replace("MMF_", "");
    let flags = short.split_once(", ").map_or("", |(_, flags)| flags);
    let fits = |words: &&str| text_width(words, 12.0, Font::Sans) <= room;
    let all = [told.note.as_str(), short.as_str(), flags];
    let words = all.into_iter().find(fits);
    let words = words.unwrap_or(&told.note);
    let note = (!told.note.is_empty() && room > 40.0).then(|| Label {
        anchor: Anchor::End,
        ..label(
            fit(words, room, 12.0, Font::Sans),
            Point::new(rect.right(), rect.y + 13.0),
            12.0,
        )
    });
    let heard: Vec<String> = told
        .cells
        .iter()
        .map(|cell| format!("{} {}", cell.name, cell.detail))
        .collect();
    let mut aria = format!("{}: {}", told.title, heard.join("; "));
    if !told.note.is_empty() {
        aria = format!("{aria}; {}", told.note);
    }
    Strip {
        id: id(place.kind),
        rect,
        title,
        note,
        cells: (told.cells.into_iter().zip(&place.cells))
            .map(|(says, &rect)| cell(rect, says))
            .collect(),
        links: links(place),
        aria,
    }
}

/// The arrows of a chain, within a row.
fn links(place: &StripPlace) -> Vec<(Point, Point)> {
    if !matches!(place.kind, StripKind::Notifiers(_)) {
        return Vec::new();
    }
    let pairs = place.cells.windows(2);
    pairs
        .filter(|pair| pair[0].y == pair[1].y)
        .map(|pair| {
            let y = pair[0].center().y;
            (
                Point::new(pair[0].right() + 2.0, y),
                Point::new(pair[1].x - 2.0, y),
            )
        })
        .collect()
}

fn cell(rect: Rect, says: Says) -> Cell {
    let room = rect.w - 15.0;
    let sign = if says.glyph.is_some() { 15.0 } else { 0.0 };
    // Where there is no room for both, what happens is worth more than how much there is, and
    // a name more than what its task has become.
    let detail = match says.detail.split_once(", ") {
        Some((_, last)) if text_width(&says.detail, 12.0, Font::Sans) > room => last,
        _ => &says.detail,
    };
    let name = match says.name.split_once(", ") {
        Some((first, _)) if text_width(&says.name, 12.5, Font::Sans) > room - sign => first,
        _ => &says.name,
    };
    let line = |text: &str, room: f32, size: f32, dy: f32| {
        label(
            fit(text, room, size, Font::Sans),
            Point::new(rect.x + 8.0, rect.y + dy),
            size,
        )
    };
    Cell {
        rect,
        level: says.level.clamp(0.0, 1.0),
        name: Label {
            strong: true,
            ..line(name, room - sign, 12.5, 16.5)
        },
        detail: line(detail, room, 12.0, 32.5),
        glyph: says.glyph,
        glyph_at: Point::new(rect.right() - 13.0, rect.y + 12.5),
        tone: says.tone,
        content: says.content,
    }
}

fn id(kind: StripKind) -> String {
    match kind {
        StripKind::Mm(mm) => format!("strip-mm-{}", mm.0),
        StripKind::Notifiers(mm) => format!("strip-notifiers-{}", mm.0),
        StripKind::Memcgs => "strip-memcgs".to_string(),
        StripKind::Lists => "strip-lists".to_string(),
        StripKind::Reserves => "strip-reserves".to_string(),
        StripKind::Work => "strip-work".to_string(),
    }
}
