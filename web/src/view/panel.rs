//! The tabs beside the stage: log, task, rule, all tasks, story.

use oomscope_picture::{LogKind, TRACEPOINTS_SINCE};
use oomscope_scenario::scenario::Source;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use super::table::Table;
use super::{Props, on};
use crate::store::{Action, Selection, Tab, TaskDetail};

const TABS: [(Tab, &str, &str); 5] = [
    (Tab::Log, "log", "Log"),
    (Tab::Task, "task", "Task"),
    (Tab::Rule, "rule", "Rule"),
    (Tab::Tasks, "tasks", "All tasks"),
    (Tab::Story, "story", "Story"),
];

/// The tabs and the pane below them.
#[component]
pub fn Panel(props: &Props) -> Html {
    let Props { store, dispatch } = props;
    let now = store.tab();
    let word = TABS
        .iter()
        .find(|(tab, ..)| *tab == now)
        .map_or("log", |(_, word, _)| *word);
    let body = match now {
        Tab::Log => html! { <Log store={store.clone()} dispatch={dispatch.clone()} /> },
        Tab::Task => task(props),
        Tab::Rule => rule(props),
        Tab::Tasks => html! {
            <div class="scroll-x" tabindex="0" role="group" aria-label="All tasks">
                <Table store={store.clone()} dispatch={dispatch.clone()} />
            </div>
        },
        Tab::Story => story(props),
    };
    html! {
        <>
            <div class="tabs" role="tablist" aria-label="Look closer" onkeydown={arrows(props)}>
                { for TABS.iter().map(|(tab, word, title)| {
                    let selected = *tab == now;
                    html! {
                        <button key={*word} type="button" role="tab" id={format!("tab-{word}")}
                                aria-selected={selected.to_string()} aria-controls="pane"
                                tabindex={if selected { "0" } else { "-1" }}
                                onclick={on(dispatch, Action::Tab { tab: *tab })}>{ *title }</button>
                    }
                }) }
            </div>
            <div id="pane" class={classes!("pane", word)} role="tabpanel" aria-labelledby={format!("tab-{word}")} tabindex="0">
                { body }
            </div>
        </>
    }
}

/// Left and right go to the neighbouring tab, as in every row of tabs.
fn arrows(props: &Props) -> Callback<KeyboardEvent> {
    let (dispatch, now) = (props.dispatch.clone(), props.store.tab());
    Callback::from(move |event: KeyboardEvent| {
        let by = match event.key().as_str() {
            "ArrowRight" => 1,
            "ArrowLeft" => TABS.len() - 1,
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        let at = TABS.iter().position(|(tab, ..)| *tab == now).unwrap_or(0);
        if let Some((tab, word, _)) = TABS.get((at + by) % TABS.len()) {
            dispatch.emit(Action::Tab { tab: *tab });
            let button = gloo::utils::document().get_element_by_id(&format!("tab-{word}"));
            if let Some(button) =
                button.and_then(|found| wasm_bindgen::JsCast::dyn_into::<HtmlElement>(found).ok())
            {
                // A tab that cannot take the focus is still selected.
                let _ = button.focus();
            }
        }
    })
}

/// The kernel log up to this step; the newest line stays in sight.
#[component]
fn Log(props: &Props) -> Html {
    let store = &props.store;
    let end = use_node_ref();
    let lines = store.log();
    {
        let end = end.clone();
        use_effect_with(
            (lines.len(), store.cursor(), store.tracepoints()),
            move |_| {
                let pane = end.cast::<Element>().and_then(|list| list.parent_element());
                if let Some(pane) = pane {
                    pane.set_scroll_top(pane.scroll_height());
                }
            },
        );
    }
    html! {
        <>
            { tracepoints(props) }
            <ol id="log" ref={end}>
                if lines.is_empty() {
                    <li class="note">{ "The kernel has printed nothing yet." }</li>
                }
                { for lines.iter().enumerate().map(|(index, line)| html! {
                    <li key={index} class={kind_class(line.kind)}>{ &line.text }</li>
                }) }
            </ol>
        </>
    }
}

fn kind_class(kind: LogKind) -> Option<&'static str> {
    match kind {
        LogKind::Kernel => None,
        LogKind::Note => Some("note"),
        LogKind::Trace => Some("trace"),
    }
}

/// The switch for tracepoints. It stays in sight above the lines, one line high, and says
/// since when there are any where the kernel has none.
fn tracepoints(props: &Props) -> Html {
    let Props { store, dispatch } = props;
    let has = store.has_tracepoints();
    let shown = has && store.tracepoints();
    let word = if has {
        "Tracepoints".to_string()
    } else {
        format!("Tracepoints since {TRACEPOINTS_SINCE}")
    };
    let flip = has.then(|| on(dispatch, Action::Tracepoints { on: !shown }));
    html! {
        <div class={classes!("log-head", (!has).then_some("none"))}>
            <button type="button" role="switch" id="tracepoints" class="switch" disabled={!has}
                    aria-checked={shown.to_string()} aria-labelledby="tracepoints-name" onclick={flip.clone()} />
            <span class="name" id="tracepoints-name" onclick={flip}>{ word }</span>
        </div>
    }
}

/// The selected task: where it is in the kernel, its program, its chain.
fn task(props: &Props) -> Html {
    let store = &props.store;
    let Some(detail) = store.task_detail() else {
        return html! {
            <>
                <p class="empty">{ "Select a task in the picture to see its program, its kernel stack and the chain it hangs on." }</p>
                { pick(props) }
            </>
        };
    };
    html! {
        <>
            <p class="big">{ &detail.name } <span class="soft">{ format!(" pid {}", detail.pid) }</span></p>
            <p>{ &detail.status }</p>
            { take_step(props, &detail) }
            { fact("Holds", &detail.holds) }
            { fact("Waits for", &detail.waits) }
            { fact("Chain", &detail.chain) }
            <h3>{ "Program" }</h3>
            <ol class="program">
                { for detail.program.iter().map(|(text, now)| html! {
                    <li class={classes!(now.then_some("now"))} aria-current={now.then_some("step")}>{ text }</li>
                }) }
            </ol>
            <h3>{ "Kernel stack" }</h3>
            if detail.stack.is_empty() {
                <p class="empty">{ "In user mode." }</p>
            } else {
                <ol class="frames">{ for detail.stack.iter().map(|frame| html! { <li>{ frame }</li> }) }</ol>
            }
        </>
    }
}

fn fact(title: &'static str, text: &str) -> Html {
    if text.is_empty() {
        return Html::default();
    }
    html! { <><h3>{ title }</h3><p>{ text.to_string() }</p></> }
}

/// You are the scheduler.
fn take_step(props: &Props, detail: &TaskDetail) -> Html {
    if !props.store.choices().contains(&detail.task) {
        return Html::default();
    }
    html! {
        <p><button type="button" class="btn line" id="take-step"
                   onclick={on(&props.dispatch, Action::Choose { task: detail.task })}>
            { "▸ Let it take the next step" }
        </button></p>
    }
}

/// The cast, for those who do not press on pictures.
fn pick(props: &Props) -> Html {
    let picture = props.store.picture();
    html! {
        <ul class="cast">
            { for picture.tasks.iter().map(|task| html! {
                <li key={task.id.clone()}>
                    <button type="button" class="btn" onclick={on(&props.dispatch, Action::Select { what: Some(Selection::Task(task.task)) })}>
                        { &task.full_name }
                    </button>
                </li>
            }) }
        </ul>
    }
}

/// The rule that this step carried out.
fn rule(props: &Props) -> Html {
    match props.store.rule() {
        Some(rule) => html! {
            <>
                <p class="big">{ rule.title }</p>
                <p>{ rule.text }</p>
                <p class="source">{ "Source: " }<code>{ rule.source }</code></p>
            </>
        },
        None => {
            html! { <p class="empty">{ "No rule of the kernel decided anything in this step. Step on, and the rule that decides stands here." }</p> }
        }
    }
}

fn story(props: &Props) -> Html {
    let scenario = props.store.scenario();
    html! {
        <div class="story">
            if scenario.hypothetical {
                <p class="hypothetical">
                    <strong>{ "Hypothetical." }</strong>
                    { " Derived from the code or invented; nobody has reported it from the field." }
                </p>
            }
            if let Some(bound) = &scenario.bound {
                <p class="hypothetical">
                    { "Too large to be searched to the end. The tests look at " }
                    { crate::store::verdict::thousands(bound.states) }
                    { " states of each mix; the same machine in small, " }<code>{ &bound.sibling }</code>{ ", is searched whole." }
                </p>
            }
            { for scenario.story.split("\n\n").map(|paragraph| html! { <p>{ prose(paragraph.trim()) }</p> }) }
            if !scenario.sources.is_empty() {
                <h3>{ "Sources" }</h3>
                <ul class="sources">{ for scenario.sources.iter().map(source) }</ul>
            }
        </div>
    }
}

/// A story's words, with what stands between asterisks set off.
pub(crate) fn prose(text: &str) -> Html {
    let set = |(nth, part): (usize, &str)| match nth % 2 {
        1 => html! { <em>{ part }</em> },
        _ => html! { { part } },
    };
    text.split('*').enumerate().map(set).collect()
}

/// A source; only an address becomes a link, and only when somebody presses it.
pub(crate) fn source(source: &Source) -> Html {
    let reference = &source.url_or_ref;
    html! {
        <li>
            if reference.starts_with("https://") {
                <a href={reference.clone()} target="_blank" rel="noreferrer">{ &source.label }</a>
            } else {
                { &source.label }
                if !reference.is_empty() {
                    <br /><span class="ref">{ reference }</span>
                }
            }
        </li>
    }
}
