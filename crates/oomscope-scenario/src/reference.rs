//! The language reference, made from the tables that the parser uses.

use core::fmt::Write;

use crate::condition;
use crate::expect::{LockupKind, Outcome};
use crate::keys::SECTIONS;
use crate::rules;
use crate::verb::VERBS;

/// The reference of the scenario language, as markdown.
pub fn reference() -> String {
    let mut out = String::from(
        "# The scenario language\n\n\
         A scenario is a TOML file around programs whose words are the kernel's. This page is \
         made from the tables the parser uses.\n",
    );
    // Writing to a string cannot fail.
    let _ = write(&mut out);
    out
}

fn write(out: &mut String) -> core::fmt::Result {
    writeln!(out, "\n## Tables")?;
    for section in SECTIONS {
        writeln!(
            out,
            "\n### {}\n\n{}\n",
            section.name.replace("the head", "The head"),
            section.doc
        )?;
        writeln!(out, "| key | value | meaning |\n|---|---|---|")?;
        for key in section.keys {
            writeln!(out, "| `{}` | {} | {} |", key.word, key.form, key.doc)?;
        }
    }
    writeln!(
        out,
        "\n## Programs\n\n\
         One line per step, `#` begins a comment, `repeat N {{ … }}` runs what is inside N times. \
         A lock is named by its name or, for an address space, as `PROCESS.mmap_sem`. Something \
         to wait for exists as soon as a line names it.\n"
    )?;
    writeln!(out, "| line | meaning |\n|---|---|")?;
    for verb in VERBS {
        writeln!(out, "| `{}` | {} |", verb.usage(), verb.doc)?;
    }
    writeln!(out, "\n## Conditions\n\nSeveral are joined with ` and `.\n")?;
    writeln!(out, "| condition | holds when |\n|---|---|")?;
    for (word, form, doc) in condition::WORDS {
        writeln!(out, "| `{}` | {doc} |", format!("{word} {form}").trim_end())?;
    }
    let list = |words: Vec<&str>| {
        let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        quoted.join(", ")
    };
    writeln!(out, "\n## Outcomes and rules\n")?;
    writeln!(
        out,
        "Outcomes: {}.\n",
        list(Outcome::ALL.iter().map(|o| o.word()).collect())
    )?;
    writeln!(
        out,
        "Kinds of lockup: {}.\n",
        list(LockupKind::ALL.iter().map(|k| k.word()).collect())
    )?;
    writeln!(
        out,
        "Rules: {}.",
        list(rules::WORDS.iter().map(|(word, _)| *word).collect())
    )?;
    writeln!(
        out,
        "\n## Schedules\n\n\
         Names of tasks between spaces; `cc1*9` is nine steps of `cc1`. In a run also `+patch` and \
         `-patch`, `kill:cc1` (SIGKILL to its process) and `pages:4` (the kernel gives four pages \
         back)."
    )
}
