//! The stage: the picture as SVG.
//!
//! Boxes and lanes never move. What does move (tokens and levels) keeps its element from
//! step to step, by key, and changes only its `transform`, so that the browser slides it
//! without laying anything out again.

mod draw;
mod edges;
mod legend;
mod lit;
mod memory;
mod strips;
mod tasks;
mod tokens;

use std::collections::BTreeSet;

use oomscope_model::machine::TaskId;
use oomscope_model::transition::Move;
use oomscope_picture::{Picture, Size};
use yew::prelude::*;

use super::Props;
use crate::store::{Action, Selection, Store, StoreRef};

/// What all parts of the drawing need.
pub(crate) struct Scene<'a> {
    pub(crate) store: &'a StoreRef,
    pub(crate) dispatch: &'a Callback<Action>,
    pub(crate) picture: &'a Picture,
    /// What belongs to the selection; `None` if nothing is selected.
    pub(crate) lit: Option<BTreeSet<String>>,
    /// Who took the last step.
    pub(crate) mover: Option<TaskId>,
}

impl Scene<'_> {
    /// The class that makes a part faint while something else is looked at.
    pub(crate) fn dim(&self, id: &str) -> Option<&'static str> {
        match &self.lit {
            Some(lit) if !lit.contains(id) => Some("dim"),
            _ => None,
        }
    }

    pub(crate) fn select(&self, what: Selection) -> Callback<MouseEvent> {
        let dispatch = self.dispatch.clone();
        let selected = self.store.selection() == Some(what);
        Callback::from(move |event: MouseEvent| {
            event.stop_propagation();
            let what = (!selected).then_some(what);
            dispatch.emit(Action::Select { what });
        })
    }
}

/// The stage with its legend.
#[component]
pub fn Stage(props: &Props) -> Html {
    let Props { store, dispatch } = props;
    let picture = store.picture();
    let scene = Scene {
        store,
        dispatch,
        picture: &picture,
        lit: store.selection().map(|what| lit::lit(&picture, what)),
        mover: mover(store),
    };
    let size = store.layout().stage.size;
    let shape = match size {
        Size::Wide => "wide",
        Size::Narrow => "narrow",
        Size::Embed | Size::Small => "close",
    };
    let classes = classes!(
        "stage",
        shape,
        scene.lit.is_some().then_some("focusing"),
        store.is_playing().then_some("playing"),
    );
    // Larger than this the type looks like a poster's; the drawing stays in the middle.
    let widest = format!("max-width:{}px", (picture.width * 1.45).round());
    html! {
        <section id="stage" class={classes} aria-label="Picture" tabindex="-1"
                 onclick={scene.deselect()}>
            <svg viewBox={format!("0 0 {} {}", picture.width, picture.height)} style={widest}
                 preserveAspectRatio="xMidYMid meet" role="group" aria-label={picture.label.clone()}>
                { memory::vessel(&scene) }
                <g key="edges">{ for picture.edges.iter().map(|edge| edges::edge(&scene, edge)) }</g>
                <g key="tasks">{ for picture.tasks.iter().map(|task| tasks::task(&scene, task)) }</g>
                <g key="locks">{ for picture.locks.iter().map(|lock| tasks::lock(&scene, lock)) }</g>
                <g key="strips">{ for picture.strips.iter().map(|strip| strips::strip(&scene, strip)) }</g>
                <g key="tokens">{ for tokens::tokens(&scene) }</g>
                <g key="hops" aria-hidden="true">
                    { for picture.edges.iter().map(|edge| edges::words(&scene, edge)) }
                </g>
                <g key="flights" aria-hidden="true">{ for tokens::flights(&scene) }</g>
                <g key="next">{ tasks::choices(&scene) }</g>
            </svg>
            <legend::Legend />
        </section>
    }
}

impl Scene<'_> {
    /// A click beside everything looks at nothing in particular again.
    fn deselect(&self) -> Callback<MouseEvent> {
        let dispatch = self.dispatch.clone();
        let any = self.store.selection().is_some();
        Callback::from(move |_| {
            if any {
                dispatch.emit(Action::Select { what: None });
            }
        })
    }
}

/// Who took the step that led to the cursor.
pub(crate) fn mover(store: &Store) -> Option<TaskId> {
    match store.last_move()? {
        Move::Step(transition) => Some(transition.0),
        Move::Act(_) => None,
    }
}
