//! The page's own program.

use std::rc::Rc;

use oomscope_web::app::{App, AppProps};
use oomscope_web::effect;
use oomscope_web::store::{Store, StoreRef};

fn main() {
    console_error_panic_hook::set_once();
    let Some(store) = Store::start(&effect::start()) else {
        return;
    };
    let props = AppProps {
        store: StoreRef(Rc::new(store)),
    };
    match gloo::utils::document().get_element_by_id("app") {
        Some(root) => {
            // The skeleton drawn by index.html makes room for the page.
            root.set_inner_html("");
            yew::Renderer::<App>::with_root_and_props(root, props).render();
        }
        None => {
            yew::Renderer::<App>::with_props(props).render();
        }
    }
}
