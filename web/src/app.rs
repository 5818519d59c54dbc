//! The root of the page: one reducer, the effects, and the views.

use std::rc::Rc;

use yew::prelude::*;

use crate::effect;
use crate::store::{Action, Store, StoreRef};
use crate::view;

/// The store in the form that the reducer hook wants.
struct Root(StoreRef);

impl Reducible for Root {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        Rc::new(Root(StoreRef(Rc::new(self.0.reduce(action)))))
    }
}

/// What the page starts from.
#[derive(Clone, PartialEq, Properties)]
pub struct AppProps {
    /// The first store.
    pub store: StoreRef,
}

/// The whole page.
#[component]
pub fn App(props: &AppProps) -> Html {
    let root = use_reducer(|| Root(props.store.clone()));
    let dispatcher = root.dispatcher();
    let dispatch = use_memo((), |()| {
        Callback::from(move |action| dispatcher.dispatch(action))
    });
    let store = root.0.clone();

    effect::use_all(&store, &dispatch);

    html! {
        <Attributes store={store.clone()}>
            <view::Page {store} dispatch={(*dispatch).clone()} />
        </Attributes>
    }
}

/// What the root element gets.
#[derive(Clone, PartialEq, Properties)]
struct AttributesProps {
    store: StoreRef,
    children: Html,
}

/// The root element says where the page is, for tests and scripts that drive it.
#[component]
fn Attributes(props: &AttributesProps) -> Html {
    let store: &Store = &props.store;
    html! {
        <div id="page" class="root"
             data-step={store.cursor().to_string()}
             data-length={store.len().to_string()}
             data-digest={format!("{:016x}", store.state().digest())}
             data-scenario={store.scenario().id.clone()}
             data-verdict={store.verdict().word}
             data-playing={store.is_playing().to_string()}
             data-searching={store.demand().is_active().to_string()}>
            { props.children.clone() }
        </div>
    }
}
