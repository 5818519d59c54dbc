//! The whole page, put together.

use web_sys::HtmlElement;
use yew::prelude::*;

use super::Props;
use super::controls::{Caption, Transport};
use super::dialogs::Dialogs;
use super::embed::Embed;
use super::header::Header;
use super::notice::Notice;
use super::panel::Panel;
use super::plot::{Plot, Scrubber, thumb};
use super::stage::Stage;
use super::switches::Switches;
use super::table::Twin;
use super::verdict::Verdict;
use crate::store::{Tab, View};

/// Everything that one sees.
#[component]
pub fn Page(props: &Props) -> Html {
    match props.store.view() {
        View::Full => html! { <div class="page">{ full(props) }</div> },
        View::Embed(wish) => {
            let font = format!("--font:{}", wish.font);
            html! { <div class="page embed" style={font}><Embed view={props.clone()} {wish} /></div> }
        }
    }
}

fn full(props: &Props) -> Html {
    let Props { store, dispatch } = props;
    let time = format!("--thumb:{}px", thumb(store));
    html! {
        <>
            <button type="button" class="btn fill skip" onclick={to_stage()}>{ "Skip to the picture" }</button>
            <Header store={store.clone()} dispatch={dispatch.clone()} />
            <Verdict store={store.clone()} dispatch={dispatch.clone()} />
            <main class="work">
                <Stage store={store.clone()} dispatch={dispatch.clone()} />
                <section class="time" aria-label="Time" style={time}>
                    <Caption store={store.clone()} dispatch={dispatch.clone()} />
                    <Plot store={store.clone()} dispatch={dispatch.clone()} />
                    <div class="dock">
                        <Scrubber store={store.clone()} dispatch={dispatch.clone()} />
                        <Transport store={store.clone()} dispatch={dispatch.clone()} />
                    </div>
                </section>
                <aside class="side" aria-label="Patches and details">
                    <Switches store={store.clone()} dispatch={dispatch.clone()} />
                    <Panel store={store.clone()} dispatch={dispatch.clone()} />
                </aside>
                // The picture's twin is always there for those who read; the tab shows the same one.
                if store.tab() != Tab::Tasks {
                    <section class="away print-table" aria-label="All tasks">
                        <Twin store={store.clone()} dispatch={dispatch.clone()} />
                    </section>
                }
            </main>
            <Notice store={store.clone()} dispatch={dispatch.clone()} />
            <Dialogs store={store.clone()} dispatch={dispatch.clone()} />
        </>
    }
}

/// A link to `#stage` would replace the run in the address, so this is a button.
fn to_stage() -> Callback<MouseEvent> {
    Callback::from(|_| {
        let stage = gloo::utils::document().get_element_by_id("stage");
        if let Some(stage) =
            stage.and_then(|found| wasm_bindgen::JsCast::dyn_into::<HtmlElement>(found).ok())
        {
            // A stage that cannot take the focus is still there to be read.
            let _ = stage.focus();
        }
    })
}
