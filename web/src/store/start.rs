//! The first store, from the address.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use oomscope_model::kernel::Kernel;
use oomscope_model::machine::{Machine, Rules};
use oomscope_model::patches::{PatchSet, Version};
use oomscope_model::state::State;
use oomscope_scenario::builtin::BUILTIN;
use oomscope_scenario::link::Origin;
use oomscope_scenario::parse::parse;
use oomscope_scenario::scenario::Scenario;
use oomscope_scenario::walk::Walk;

use super::known::Known;
use super::tape::{Shown, Tape};
use super::{Demand, Embed, EmbedControls, Here, Speed, Store, Tab, Theme, Track, View, stage};

/// What the browser says when the page is opened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Start {
    /// The address without query and hash.
    pub base: String,
    /// The part after `?`.
    pub query: String,
    /// The part after `#`.
    pub hash: String,
    /// Width of the window.
    pub width: u32,
    /// Height of the window.
    pub height: u32,
    /// The system asks for less motion.
    pub reduced_motion: bool,
}

impl Track {
    /// A run of no steps.
    pub(crate) fn new(
        scenario: Rc<Scenario>,
        origin: Rc<Origin>,
        version: Version,
        patches: PatchSet,
        rules: Rules,
    ) -> Track {
        let machine = Machine {
            patches,
            kernel: Kernel::of(patches),
            rules,
            ..scenario.machine.clone()
        };
        let shown = Shown::start(&scenario, &machine, &State::start(&machine));
        Track {
            walk: Rc::new(Walk::of(&scenario)),
            tape: Rc::new(RefCell::new(Tape::new(&machine, version))),
            len: 0,
            shown: Rc::new(shown),
            known: Rc::new(Known::default()),
            scenario,
            origin,
            version,
            patches,
            rules,
        }
    }

    /// A scenario as its file says.
    pub(crate) fn of_scenario(scenario: Scenario, origin: Origin) -> Track {
        let (version, patches) = (scenario.version, scenario.machine.patches);
        let rules = scenario.machine.rules;
        Track::new(Rc::new(scenario), Rc::new(origin), version, patches, rules)
    }
}

impl Store {
    /// The store for an address. A hash that cannot be read leaves the first scenario on
    /// the page, at its start, under a loud notice. `None` only if the program carries no
    /// readable scenario at all.
    pub fn start(start: &Start) -> Option<Store> {
        let (view, theme) = view_of(&start.query);
        let first = BUILTIN
            .iter()
            .find_map(|builtin| Some((builtin.scenario()?, builtin.id)));
        let (scenario, origin) = match first {
            Some((scenario, id)) => (scenario, Origin::Builtin(id.to_string())),
            None => (
                parse(FALLBACK).scenario?,
                Origin::Text(FALLBACK.to_string()),
            ),
        };
        let track = Track::of_scenario(scenario, origin);
        let size = (start.width, start.height);
        let machine = track.tape.borrow().replay.machine_at(0);
        let stage = stage(view, size, &track.scenario, track.patches);
        let here = Here {
            state: State::start(&machine),
            events: Vec::new(),
            layout: Rc::new(oomscope_picture::layout(&machine, stage)),
            picture: OnceCell::new(),
            machine,
        };
        let mut store = Store {
            track,
            cursor: 0,
            here: Rc::new(here),
            undo: Rc::new(Vec::new()),
            demand: Demand::default(),
            matrix: None,
            chart: None,
            opened_pair: None,
            flags: Rc::default(),
            flags_of: Default::default(),
            playing: false,
            speed: Speed::X4,
            pending: 0.0,
            reduced_motion: start.reduced_motion,
            tab: Tab::default(),
            tracepoints: false,
            panel: None,
            selection: None,
            view,
            theme,
            size,
            notice: None,
            base: start.base.as_str().into(),
            opened: 0,
            touched: false,
        };
        if !start.hash.trim_start_matches('#').is_empty() {
            store.open_hash(&start.hash);
        }
        let good = store.notice.is_none();
        if let View::Embed(Embed { autoplay: true, .. }) = view
            && good
        {
            store.play();
        }
        store.update_demand();
        store.refresh_flags();
        Some(store)
    }
}

/// The smallest scenario, should no built-in one be readable.
const FALLBACK: &str = r#"format = 1
id = "nothing"
title = "Nothing"
story = "An empty machine."
kernel = "4.6"
[zone]
total = "16 MB"
page = "4 MB"
free = "8 MB"
min = "4 MB"
low = "4 MB"
high = "4 MB"
"#;

/// What `?embed=1&theme=dark…` asks for. Words that mean nothing here are for somebody else.
pub(crate) fn view_of(query: &str) -> (View, Theme) {
    let mut embed = Embed {
        controls: EmbedControls::Mini,
        autoplay: false,
        font: 1.0,
        graph: true,
        memory: true,
        log: false,
    };
    let mut embedded = false;
    let mut theme = Theme::Auto;
    for pair in query.trim_start_matches('?').split('&') {
        match pair.split_once('=').unwrap_or((pair, "")) {
            ("embed", "1") => embedded = true,
            ("controls", "full") => embed.controls = EmbedControls::Full,
            ("controls", "mini") => embed.controls = EmbedControls::Mini,
            ("controls", "none") => embed.controls = EmbedControls::None,
            ("autoplay", value) => embed.autoplay = value == "1",
            ("theme", "light") => theme = Theme::Light,
            ("theme", "dark") => theme = Theme::Dark,
            ("font", value) => {
                let wanted = value.parse().ok().filter(|font: &f64| font.is_finite());
                embed.font = wanted.map_or(1.0, |font| font.clamp(1.0, 2.5));
            }
            ("panel", value) => {
                let value = value.replace("%2C", ",");
                let has = |word| value.split(',').any(|part| part == word);
                embed.memory = has("mem");
                embed.log = has("log");
                embed.graph = has("graph") || !(embed.memory || embed.log);
            }
            _ => {}
        }
    }
    (
        if embedded {
            View::Embed(embed)
        } else {
            View::Full
        },
        theme,
    )
}
