//! The header: what this is, which scenario, which kernel.

use yew::prelude::*;

use super::{Props, icons, on};
use crate::store::{Action, Panel, Theme};

/// The header.
#[component]
pub fn Header(props: &Props) -> Html {
    let Props { store, dispatch } = props;
    let scenario = store.scenario();
    let open = |panel: Panel| on(dispatch, Action::Open { panel });
    html! {
        <header class="top">
            <div class="logo">{ icons::logo() }<span>{ "oomscope" }</span></div>
            <div class="title">
                <h1>{ &scenario.title }</h1>
                <p>
                    if scenario.hypothetical {
                        <span class="hypothetical">{ "Hypothetical" }</span>
                    }
                    { origin(props) }
                </p>
            </div>
            <nav aria-label="Page">
                <button type="button" class="btn line" id="kernel" onclick={open(Panel::Kernel)}
                        aria-haspopup="dialog">
                    { kernel(&store.kernel_label()) }{ icons::down() }
                </button>
                <button type="button" class="btn" id="scenario-menu" onclick={open(Panel::Scenarios)}
                        aria-haspopup="dialog">{ "Scenarios" }</button>
                <button type="button" class="btn" id="share" onclick={open(Panel::Share)}
                        aria-haspopup="dialog">{ "Share" }</button>
                { theme_button(props) }
                <button type="button" class="btn icon" id="help" onclick={open(Panel::Help)}
                        aria-haspopup="dialog" aria-label="Help" title="Help and keys (?)">{ "?" }</button>
            </nav>
        </header>
    }
}

/// Where the story comes from: its first source.
fn origin(props: &Props) -> String {
    let source = props.store.scenario().sources.first();
    source.map_or_else(String::new, |source| format!("after {}", source.label))
}

/// `Kernel 4.6 + 1 patch`; a phone shows only the number.
fn kernel(label: &str) -> Html {
    let (word, rest) = label.split_once(' ').unwrap_or(("", label));
    let (version, more) = rest.split_at(rest.find([' ', ',']).unwrap_or(rest.len()));
    html! {
        <span><span class="word">{ format!("{word} ") }</span>{ version }<span class="word">{ more }</span></span>
    }
}

/// One button that goes round: as the system wishes, light, dark.
fn theme_button(props: &Props) -> Html {
    let (sign, now, next) = match props.store.theme() {
        Theme::Auto => (icons::half(), "as the system wishes", Theme::Light),
        Theme::Light => (icons::sun(), "light", Theme::Dark),
        Theme::Dark => (icons::moon(), "dark", Theme::Auto),
    };
    let label = format!("Colours: {now}");
    html! {
        <button type="button" class="btn icon" id="theme" aria-label={label.clone()} title={label}
                onclick={on(&props.dispatch, Action::Theme { theme: next })}>{ sign }</button>
    }
}
