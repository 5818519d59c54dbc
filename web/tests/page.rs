//! The page in a real browser, without a server: `cargo test --target
//! wasm32-unknown-unknown -p oomscope-web`. Natively there is nothing to run.
#![cfg(target_arch = "wasm32")]

use std::rc::Rc;
use std::time::Duration;

use oomscope_web::app::{App, AppProps};
use oomscope_web::effect;
use oomscope_web::store::{Store, StoreRef};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn the_page_draws_itself() {
    let root = gloo::utils::document()
        .create_element("div")
        .expect("a document can make a div");
    let store = Store::start(&effect::start()).expect("the built-in scenarios can be read");
    let props = AppProps {
        store: StoreRef(Rc::new(store)),
    };
    yew::Renderer::<App>::with_root_and_props(root.clone(), props).render();
    yew::platform::time::sleep(Duration::from_millis(50)).await;
    let text = root.text_content().unwrap_or_default();
    assert!(text.contains("oomscope"), "the page says {text:?}");
}
