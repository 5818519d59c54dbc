//! What an address opens, and what it leaves alone.

use super::*;

#[test]
fn a_link_brings_back_the_run_and_the_step() {
    for builtin in BUILTIN {
        let store = open(&format!("#v1/{}", builtin.id));
        assert!(
            store.notice().is_none(),
            "{}: {:?}",
            builtin.id,
            store.notice()
        );
        let mut store = steps(&store, 30);
        if let Some(&first) = store.scenario().offered.first() {
            let on = !store.machine().patches.has(first);
            store = store.reduce(Action::Switch { patch: first, on });
        }
        let store = steps(&store, 9);
        let store = store.reduce(Action::StepBack);
        assert_is_replay(&store);
        assert_eq!(open(&store.hash()).hash(), store.hash());
        let start = open(&store.share_link_start());
        assert_eq!((start.cursor(), start.len()), (0, store.len()));
    }
}

#[test]
fn a_cut_link_leaves_what_is_on_the_page() {
    let store = steps(&queue(), 12);
    let hash = store.hash();
    let before = line(&store);
    for end in 2..hash.len() {
        let cut = store.reduce(Action::OpenHash {
            hash: hash[..end].to_string(),
        });
        assert_eq!(line(&cut), before, "{end}");
        assert!(cut.notice().is_some_and(|notice| notice.loud), "{end}");
    }
    let first = open(&hash[..hash.len() - 3]);
    assert!(first.notice().is_some_and(|notice| notice.loud));
    assert!(!first.is_playing());
    assert!(first.reduce(Action::Dismiss).notice().is_none());
}

#[test]
fn a_broken_scenario_leaves_what_is_on_the_page() {
    let store = steps(&queue(), 3);
    let broken = store.reduce(Action::OpenText {
        text: "format = 1\nid = ".to_string(),
    });
    assert_eq!(line(&broken), line(&store));
    assert!(broken.notice().is_some_and(|notice| notice.place.is_some()));
    let own = store.reduce(Action::OpenText {
        text: store.scenario().text.clone(),
    });
    assert_eq!((own.cursor(), own.opened()), (0, 1));
    assert_is_replay(&steps(&own, 4));
}

#[test]
fn an_address_says_how_to_show_the_page() {
    let start = Start {
        query: "?embed=1&controls=none&theme=dark&font=9&autoplay=1&panel=log,mem&lang=de"
            .to_string(),
        width: 800,
        height: 450,
        ..Start::default()
    };
    let store = Store::start(&start).expect("a scenario");
    let View::Embed(embed) = store.view() else {
        panic!("embedded")
    };
    assert_eq!(embed.controls, EmbedControls::None);
    assert_eq!(
        (embed.font, embed.graph, embed.memory, embed.log),
        (2.5, false, true, true)
    );
    assert!(store.is_playing());
    assert_eq!(store.theme().word(), "dark");
    let dialog = store.reduce(Action::Open {
        panel: crate::store::Panel::Help,
    });
    assert_eq!(dialog.panel(), None, "no dialogs in somebody else's page");
}
