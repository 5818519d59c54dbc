//! The page in a real browser, without a server: `cargo test --target
//! wasm32-unknown-unknown -p oomscope-web`. Natively there is nothing to run.
#![cfg(target_arch = "wasm32")]

use std::time::Duration;

use oomscope_web::page::Page;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn the_page_draws_itself() {
    let root = gloo::utils::document()
        .create_element("div")
        .expect("a document can make a div");
    yew::Renderer::<Page>::with_root(root.clone()).render();
    yew::platform::time::sleep(Duration::from_millis(50)).await;
    let text = root.text_content().unwrap_or_default();
    assert!(text.contains("oomscope"), "the page says {text:?}");
}
