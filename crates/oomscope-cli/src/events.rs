//! Events with names instead of numbers.

use oomscope_model::event::Event;
use oomscope_model::machine::Machine;
use oomscope_model::patches::{PATCHES, PatchId};
use serde_json::{Map, Value};

/// An event with the names of tasks, locks and address spaces.
pub(crate) struct Told {
    name: String,
    fields: Vec<(String, String)>,
}

impl Told {
    /// Puts an event of this machine into words. Ids become names wherever they stand.
    pub(crate) fn new(machine: &Machine, event: &Event) -> Told {
        let text = named(machine, &format!("{event:?}"));
        let (name, rest) = match text.split_once(" {") {
            Some((name, rest)) => (name, rest.trim_end_matches('}').trim()),
            None => (text.as_str(), ""),
        };
        let fields = parts(rest).into_iter().filter_map(|part| {
            let (key, value) = part.split_once(':')?;
            Some((key.trim().into(), value.trim().into()))
        });
        Told {
            name: name.into(),
            fields: fields.collect(),
        }
    }

    /// `LockTaken task=cc1 lock=i_mutex mode=Write`.
    pub(crate) fn text(&self) -> String {
        let fields = self.fields.iter();
        fields.fold(self.name.clone(), |text, (key, value)| {
            format!("{text} {key}={value}")
        })
    }

    /// `{"event": "LockTaken", "task": "cc1", …}`.
    pub(crate) fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("event".into(), self.name.clone().into());
        for (key, value) in &self.fields {
            object.insert(key.clone(), plain(value));
        }
        Value::Object(object)
    }
}

/// Numbers, truth values and nothing as JSON has them; everything else is a string.
fn plain(value: &str) -> Value {
    match value {
        "None" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => match value.parse::<i64>() {
            Ok(number) => number.into(),
            Err(_) => value.into(),
        },
    }
}

/// Splits at commas that are in no brackets.
fn parts(text: &str) -> Vec<&str> {
    let mut depth = 0;
    let pieces = text.split(move |c: char| {
        match c {
            '(' | '{' | '[' => depth += 1,
            ')' | '}' | ']' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    });
    pieces.map(str::trim).filter(|it| !it.is_empty()).collect()
}

/// Replaces `TaskId(3)` and its like by names, and takes `Some( )` away.
fn named(machine: &Machine, text: &str) -> String {
    const KINDS: [&str; 6] = [
        "TaskId(",
        "LockId(",
        "MmId(",
        "ProcessId(",
        "PatchId(",
        "Some(",
    ];
    let mut out = String::new();
    let mut rest = text;
    loop {
        let next = KINDS
            .iter()
            .filter_map(|kind| Some((rest.find(kind)?, *kind)));
        let Some((at, kind)) = next.min() else {
            out.push_str(rest);
            return out;
        };
        out.push_str(&rest[..at]);
        let inside = &rest[at + kind.len()..];
        let end = closing(inside);
        let content = &inside[..end];
        match kind {
            "Some(" => out.push_str(&named(machine, content)),
            _ => out.push_str(&name(machine, kind, content)),
        }
        rest = inside.get(end + 1..).unwrap_or_default();
    }
}

/// Where the bracket that stands open before the text is closed.
fn closing(text: &str) -> usize {
    let mut depth = 1;
    let end = text.find(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    end.unwrap_or(text.len())
}

fn name(machine: &Machine, kind: &str, number: &str) -> String {
    let index: usize = number.parse().unwrap_or(usize::MAX);
    let found = match kind {
        "TaskId(" => machine.tasks.get(index).map(|task| task.name.as_str()),
        "LockId(" => machine.locks.get(index).map(|lock| lock.name.as_str()),
        "MmId(" => machine.mms.get(index).map(|mm| mm.name.as_str()),
        "ProcessId(" => machine.processes.get(index).map(|it| it.name.as_str()),
        _ => (index < PATCHES.len()).then(|| PatchId(index as u8).get().id),
    };
    found.unwrap_or(number).into()
}
