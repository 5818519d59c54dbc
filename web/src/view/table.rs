//! The picture's twin: one row per task, as a real table.

use yew::prelude::*;

use super::{Props, on};
use crate::store::{Action, Selection};

/// All tasks in words, each a button that looks closer.
#[component]
pub fn Table(props: &Props) -> Html {
    table(props, true)
}

/// The same, out of sight, for those who read: nothing in it takes the focus, which nobody
/// would see there.
#[component]
pub fn Twin(props: &Props) -> Html {
    table(props, false)
}

fn table(props: &Props, seen: bool) -> Html {
    let Props { store, dispatch } = props;
    let strips = &store.picture().strips;
    html! {
        <>
        <table id="tasks-table">
            <caption class="away">{ format!("All tasks at step {}", store.cursor()) }</caption>
            <thead>
                <tr>
                    { for ["Task", "State", "Holds", "Waits for", "Place in queue", "Blocked by"].iter()
                        .map(|head| html! { <th scope="col">{ *head }</th> }) }
                </tr>
            </thead>
            <tbody>
                { for store.task_rows().iter().map(|row| {
                    let what = Selection::Task(row.id);
                    let selected = store.selection() == Some(what);
                    let select = on(dispatch, Action::Select { what: Some(what) });
                    html! {
                        <tr key={row.id.0} class={classes!(selected.then_some("selected"))}>
                            <th scope="row">
                                if seen {
                                    <button type="button" class="linkish" onclick={select}>{ &row.task }</button>
                                } else {
                                    { &row.task }
                                }
                            </th>
                            <td>{ &row.state }</td>
                            <td>{ &row.holds }</td>
                            <td>{ &row.waits_for }</td>
                            <td>{ &row.queue_position }</td>
                            <td>{ &row.blocked_by }</td>
                        </tr>
                    }
                }) }
            </tbody>
        </table>
        if !strips.is_empty() {
            <ul class="strips" aria-label="Memory and other parts">
                { for strips.iter().map(|strip| html! { <li key={strip.id.clone()}>{ &strip.aria }</li> }) }
            </ul>
        }
        </>
    }
}
