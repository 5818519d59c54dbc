//! The few signs on buttons, drawn with the ink of their text.

use yew::prelude::*;

fn icon(body: Html) -> Html {
    html! {
        <svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.7"
             stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{ body }</svg>
    }
}

fn filled(d: &'static str) -> Html {
    icon(html! { <path d={d} fill="currentColor" /> })
}

fn lines(d: &'static str) -> Html {
    icon(html! { <path d={d} /> })
}

pub(crate) fn play() -> Html {
    filled("M4,2.5L13,8L4,13.5z")
}

pub(crate) fn pause() -> Html {
    filled("M4,3h2.4v10H4zM9.6,3H12v10H9.6z")
}

pub(crate) fn forward() -> Html {
    filled("M3,3L9.5,8L3,13zM12.5,3V13")
}

pub(crate) fn back() -> Html {
    filled("M13,3L6.5,8L13,13zM3.5,3V13")
}

pub(crate) fn to_start() -> Html {
    filled("M14,3.5L8.5,8L14,12.5zM8,3.5L2.5,8L8,12.5z")
}

pub(crate) fn to_end() -> Html {
    filled("M2,3.5L7.5,8L2,12.5zM8,3.5L13.5,8L8,12.5z")
}

pub(crate) fn dice() -> Html {
    icon(html! {
        <>
            <rect x="2.2" y="2.2" width="11.6" height="11.6" rx="3" />
            <path d="M5.6,5.6h.01M10.4,5.6h.01M8,8h.01M5.6,10.4h.01M10.4,10.4h.01" stroke-width="2.2" />
        </>
    })
}

pub(crate) fn sun() -> Html {
    icon(html! {
        <>
            <circle cx="8" cy="8" r="3.1" />
            <path d="M8,1v1.4M8,13.6V15M1,8h1.4M13.6,8H15M3.05,3.05l1,1M11.95,11.95l1,1M3.05,12.95l1,-1M11.95,4.05l1,-1" />
        </>
    })
}

pub(crate) fn moon() -> Html {
    lines("M13.2,9.9A5.9,5.9 0 0 1 6.1,2.8A5.9,5.9 0 1 0 13.2,9.9z")
}

pub(crate) fn half() -> Html {
    icon(html! {
        <>
            <circle cx="8" cy="8" r="5.7" />
            <path d="M8,2.3A5.7,5.7 0 0 1 8,13.7z" fill="currentColor" stroke="none" />
        </>
    })
}

pub(crate) fn close() -> Html {
    lines("M3.5,3.5l9,9M12.5,3.5l-9,9")
}

pub(crate) fn down() -> Html {
    lines("M4.5,6.5L8,10L11.5,6.5")
}

pub(crate) fn cut_link() -> Html {
    lines("M6,5H4.5a3,3 0 0 0 0,6H6M10,5h1.5a3,3 0 0 1 0,6H10M6.5,2L7.2,3.5M9.5,14L8.8,12.5")
}

/// The logo: a ring that does not close, around what it waits for.
pub(crate) fn logo() -> Html {
    html! {
        <svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true">
            <circle cx="11" cy="11" r="8.2" class="arc" stroke-dasharray="39 12.5" transform="rotate(-24 11 11)" />
            <circle cx="11" cy="11" r="3.1" class="dot" />
        </svg>
    }
}
