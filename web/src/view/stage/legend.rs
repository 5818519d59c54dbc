//! How to read the lines, in one quiet row.

use oomscope_picture::picture::{Glyph, STRUCK};
use yew::prelude::*;

/// The legend below the stage.
#[component]
pub fn Legend() -> Html {
    html! {
        <ul class="legend" aria-label="How to read the lines">
            <li><svg width="26" height="8" aria-hidden="true"><path d="M0,4H26" /></svg>{ "holds" }</li>
            <li><svg width="26" height="8" aria-hidden="true"><path d="M0,4H26" stroke-dasharray="6 4" /></svg>{ "waits" }</li>
            <li><svg width="26" height="8" aria-hidden="true"><path d="M0,4H26" stroke-dasharray="1.6 4" /></svg>{ "tries, fails" }</li>
            <li><svg width="26" height="8" aria-hidden="true"><path d="M0,2H26M0,6H26" /></svg>{ "cycle" }</li>
            <li><svg width="16" height="12" aria-hidden="true"><circle cx="5" cy="8" r="3" /><path d="M7,6l7,-5" /></svg>{ "a signal ends this wait" }</li>
            <li><svg width="14" height="14" viewBox="-8 -8 16 16" aria-hidden="true"><path d={Glyph::Bolt.path()} class="tri" /><path d={STRUCK} /></svg>{ "a signal this wait ignores" }</li>
            <li><svg width="14" height="14" aria-hidden="true"><circle cx="7" cy="7" r="6.5" /><path d="M5,4L10.5,7L5,10z" class="tri" /></svg>{ "may go next: press to choose" }</li>
        </ul>
    }
}
