//! A fixed copied link gives, step by step, the same states natively, in a browser's
//! WebAssembly and on the page; `browser/digests.json` holds their digests.
//!
//! `OOMSCOPE_BLESS=1 cargo test -p oomscope-web --test digests` writes it again.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use oomscope_web::store::{Action, Start, Store};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

const FIXTURE: &str = include_str!("browser/digests.json");

/// Everything between quotation marks: the link, then one digest per step.
fn strings() -> Vec<&'static str> {
    let quoted = FIXTURE.split('"').skip(1).step_by(2);
    quoted.filter(|text| !["link", "digests"].contains(text)).collect()
}

fn open(hash: &str) -> Store {
    let start = Start {
        hash: hash.to_string(),
        width: 1440,
        height: 900,
        ..Start::default()
    };
    Store::start(&start).expect("a built-in scenario is readable")
}

fn digests(store: &Store) -> Vec<String> {
    let at = |step| store.reduce(Action::Seek { step }).state().digest();
    (0..=store.len()).map(|step| format!("{:016x}", at(step))).collect()
}

#[test]
fn a_fixed_link_gives_the_same_states_everywhere() {
    let strings = strings();
    let (link, expected) = strings.split_first().expect("the fixture has a link");
    let store = open(link);
    assert!(store.notice().is_none(), "{:?}", store.notice());
    assert_eq!(digests(&store), expected);
    assert_eq!(store.hash(), *link);
}

/// The link: stuck, switched, and on to the end.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn the_fixture_is_what_the_model_does_now() {
    use oomscope_model::patches::PatchId;

    let patch = PatchId::named("killable-writers").expect("a known patch");
    let actions = [Action::Switch { patch, on: true }, Action::End];
    let store = actions
        .into_iter()
        .fold(open("#v1/writer-in-queue?at=stuck"), |store, action| store.reduce(action));
    let digests = digests(&store).join("\",\n    \"");
    let text = format!(
        "{{\n  \"link\": \"{}\",\n  \"digests\": [\n    \"{digests}\"\n  ]\n}}\n",
        store.hash()
    );
    if std::env::var_os("OOMSCOPE_BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/digests.json");
        std::fs::write(path, text).expect("the fixture can be written");
    } else {
        assert_eq!(text, FIXTURE, "bless it if the model was meant to change");
    }
}
