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
    quoted
        .filter(|text| !["link", "digests"].contains(text))
        .collect()
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
    (0..=store.len())
        .map(|step| format!("{:016x}", at(step)))
        .collect()
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

/// Written or compared: what the model does now.
#[cfg(not(target_arch = "wasm32"))]
fn expect(name: &str, text: &str) {
    let path = format!("{}/tests/browser/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("OOMSCOPE_BLESS").is_some() {
        std::fs::write(path, text).expect("the fixture can be written");
    } else {
        let there = std::fs::read_to_string(path).expect("the fixture can be read");
        assert_eq!(text, there, "bless it if the model was meant to change");
    }
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
        .fold(open("#v1/writer-in-queue?at=stuck"), |store, action| {
            store.reduce(action)
        });
    let link = store.hash();
    let digests = digests(&store).join("\",\n    \"");
    let text =
        format!("{{\n  \"link\": \"{link}\",\n  \"digests\": [\n    \"{digests}\"\n  ]\n}}\n");
    expect("digests.json", &text);
}

/// A crowd that no search finishes with: for what must work while one is under way.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn the_crowd_is_too_large_to_search() {
    use oomscope_model::machine::Timing;

    let store = open("#v1/writer-in-queue");
    let process = |n: u32| {
        format!(
            "[[process]]\nname = \"job{n}\"\npid = {}\nrss = \"4 MB\"\nprogram = \"\"\"\nrepeat 3 {{\n  page_fault job{n}\n}}\n\"\"\"\n\n",
            2000 + n
        )
    };
    let crowd: String = (1..=5).map(process).collect();
    let text = store
        .scenario()
        .text
        .replace("[[kthread]]", &format!("{crowd}[[kthread]]"));
    let machine = text
        .split("[lead]")
        .next()
        .expect("the machine comes first");
    let machine = machine.replace("id = \"writer-in-queue\"", "id = \"crowd\"");
    let machine = machine.replace("256 MB", "276 MB");
    let store = store.reduce(Action::OpenText { text: machine });
    assert_eq!(store.scenario().id, "crowd", "{:?}", store.notice());
    let store = store.reduce(Action::SetTiming {
        timing: Timing::Adversarial,
    });
    expect(
        "crowd.json",
        &format!("{{\n  \"link\": \"{}\"\n}}\n", store.hash()),
    );
}
