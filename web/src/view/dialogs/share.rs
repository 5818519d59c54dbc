//! Links and the snippet for other pages.

use yew::prelude::*;

use crate::effect::copy::copy;
use crate::view::Props;

/// Links to this step and to the start, and the frame to paste elsewhere.
pub(super) fn share(props: &Props) -> Html {
    let store = &props.store;
    html! {
        <>
            <h3 id="share-here-title">{ format!("This run, at step {}", store.cursor()) }</h3>
            { link("share-here", store.share_link_here()) }
            <h3 id="share-start-title">{ "This run, from its start" }</h3>
            { link("share-start", store.share_link_start()) }
            if let Some(note) = store.share_note() {
                <p class="lead">{ note }</p>
            }
            <h3>{ "In a page or a slide" }</h3>
            <pre id="share-embed" tabindex="0">{ store.embed_snippet() }</pre>
            <p class="lead">{ "The link holds the scenario, the patches and every choice of the run. It says so loudly if a part of it is missing. Nothing is sent anywhere." }</p>
        </>
    }
}

fn link(id: &'static str, address: String) -> Html {
    let onclick = {
        let address = address.clone();
        Callback::from(move |event: MouseEvent| {
            copy(&address, id);
            if let Some(button) = event.target_dyn_into::<web_sys::Element>() {
                button.set_text_content(Some("Copied"));
            }
        })
    };
    html! {
        <div class="linkbox">
            <input id={id} readonly=true value={address} aria-labelledby={format!("{id}-title")} spellcheck="false" />
            // The key makes a new button for a new link, so that "Copied" does not stay.
            <button key={id} type="button" class="btn line" id={format!("{id}-copy")} {onclick}>{ "Copy" }</button>
        </div>
    }
}
