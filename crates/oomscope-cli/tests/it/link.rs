//! `oomscope link`.

use crate::program::{json, oomscope, oomscope_with, say, two_markers};

#[test]
fn a_copied_link_says_what_was_shared() {
    let (code, made) = json("link writer-in-queue --patches killable-writers --to kill");
    assert_eq!(code, 0);
    assert_eq!(made["step"], 9);
    let link = made["link"].as_str().expect("text");
    assert!(link.starts_with("#c1."));
    let (code, read) = json(&format!("link --read {link}"));
    assert_eq!(code, 0);
    assert_eq!(read["kind"], "copied");
    assert_eq!(read["step"], 9);
    assert_eq!(read["patches"], made["patches"]);
    assert_eq!(read["run"], "cc1*2 vhost-1187*3 qemu-2 cc1*3");
    let said = say(&format!("run {link} --show chain"));
    assert!(
        said.out.contains("the run ends after 9 steps"),
        "{}",
        said.out
    );
}

#[test]
fn a_typed_link_says_only_what_differs() {
    let line = "link writer-in-queue --typed --to stuck -r adversarial -p killable-writers";
    let said = say(&format!("{line} --base https://host.example/"));
    let link = "https://host.example/#v1/writer-in-queue?p=killable-writers&at=stuck&t=adversarial";
    assert_eq!(said.out.trim_end(), link);
    let plain = say("link writer-in-queue --typed");
    assert_eq!(plain.out, "#v1/writer-in-queue\n");
}

#[test]
fn a_scenario_of_ones_own_travels_as_a_whole() {
    let text = include_str!("../../../../assets/scenarios/munlock-oops.toml");
    let text = text.replace("id = \"munlock-oops\"", "id = \"my-own\"");
    let said = oomscope_with(["link", "-", "--to", "2"], &text);
    assert_eq!(said.code, 0, "{}", said.err);
    let read = oomscope(["link", "--read", "--json", said.out.trim_end()]);
    let read: serde_json::Value = serde_json::from_str(&read.out).expect("JSON");
    assert_eq!(
        (&read["own_scenario"], &read["scenario"]),
        (&true.into(), &"my-own".into())
    );
    let typed = oomscope_with(["link", "-", "--typed"], &text);
    assert_eq!(typed.code, 2);
    assert!(
        typed.err.contains("names a built-in scenario"),
        "{}",
        typed.err
    );
}

#[test]
fn a_cut_link_is_refused() {
    let link = say("link munlock-oops --to 3").out;
    let cut = &link.trim_end()[..link.len() - 5];
    let said = oomscope(["link", "--read", cut]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("this link is cut"), "{}", said.err);
    let said = say("link --read munlock-oops");
    assert_eq!(said.code, 2);
    assert!(said.err.contains("is not a link"), "{}", said.err);
}

#[test]
fn a_link_that_nobody_could_open_is_not_made() {
    let said = oomscope_with(["link", "-"], &two_markers());
    assert_eq!((said.code, said.out.as_str()), (2, ""), "{}", said.err);
    for part in ["error: standard input:", "nobody could open such a link"] {
        assert!(said.err.contains(part), "{part}\n{}", said.err);
    }
}
