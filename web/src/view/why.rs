//! The deciding step: one line below the verdict, and the way to both runs that part there.

use yew::prelude::*;

use super::{Props, on};
use crate::store::{Action, Decides, Side};

/// Its room is always there: nothing moves when the words come.
#[component]
pub fn Why(props: &Props) -> Html {
    let Props { store, dispatch } = props;
    let why = store.why();
    let look = why.decides.is_none().then_some("soft");
    html! {
        <div id="why" class={classes!("why", look)} role="group" aria-label="The deciding step">
            <p class="why-say" title={why.sentence.clone()}>{ &why.sentence }</p>
            if let Some(decides) = why.decides {
                <div class="why-runs">
                    { run(dispatch, decides, Side::Bad) }
                    { run(dispatch, decides, Side::Good) }
                </div>
            }
        </div>
    }
}

/// The way to one of the runs, at the first step in which they differ.
fn run(dispatch: &Callback<Action>, Decides { step, shown }: Decides, side: Side) -> Html {
    let (id, word, says) = match side {
        Side::Bad => (
            "why-bad",
            "Bad run",
            "Opens the run that goes wrong at the step that decides (x)",
        ),
        Side::Good => (
            "why-good",
            "Good run",
            "Opens the nearest run that ends well at the same step (g)",
        ),
    };
    html! {
        <button type="button" {id} class="btn line" title={says}
                aria-pressed={(shown == Some(side)).to_string()}
                onclick={on(dispatch, Action::OpenRun { side })}>
            { format!("{word}, step {step}") }
        </button>
    }
}
