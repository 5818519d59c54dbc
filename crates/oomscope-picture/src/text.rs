//! The picture as plain text of at most 72 columns, for mails and tests.

use crate::picture::Picture;

/// Width of a line in a mail.
const COLUMNS: usize = 72;

/// Describes the picture line by line: memory, tasks, locks with their queues, edges, and
/// the chain.
pub fn to_text(picture: &Picture) -> String {
    let mut text = String::new();
    wrap(&mut text, "", &picture.memory.aria);
    for task in &picture.tasks {
        let mark = if task.on_chain { "* " } else { "  " };
        wrap(&mut text, mark, &format!("{}  [{}]", task.aria, task.path));
    }
    for lock in &picture.locks {
        let mut line = format!("{}: {}", lock.full_name, lock.chip.label.text);
        let mut queue: Vec<_> = (picture.tokens.iter())
            .filter(|token| token.lock == lock.lock && token.ejected.is_none())
            .collect();
        queue.sort_by_key(|token| token.place);
        for token in queue {
            let killable = if token.killable { ", killable" } else { "" };
            line.push_str(&format!(
                " <- {}. {} ({}{killable})",
                token.place, token.name.text, token.mode_label.text
            ));
        }
        if let Some(more) = &lock.overflow {
            line.push_str(&format!(" <- {} more", more.text));
        }
        let mark = if lock.on_chain { "* " } else { "  " };
        wrap(&mut text, mark, &line);
    }
    for strip in &picture.strips {
        wrap(&mut text, "  ", &strip.aria);
    }
    for token in picture
        .tokens
        .iter()
        .filter_map(|token| token.ejected.as_ref())
    {
        wrap(&mut text, "  ", &token.label.text);
    }
    if let Some(chain) = &picture.chain {
        wrap(&mut text, "=> ", &chain.text());
    }
    text
}

/// Breaks a line at spaces; what follows is indented.
fn wrap(text: &mut String, mark: &str, line: &str) {
    let mut column = mark.chars().count();
    text.push_str(mark);
    let mut first = true;
    for word in line.split(' ').filter(|word| !word.is_empty()) {
        let width = word.chars().count();
        if !first && column + 1 + width > COLUMNS {
            text.push_str("\n    ");
            column = 4;
        } else if !first {
            text.push(' ');
            column += 1;
        }
        first = false;
        // A word longer than a line is cut; nothing that a picture says is that long.
        let room = COLUMNS.saturating_sub(column);
        text.extend(word.chars().take(room));
        column += width.min(room);
    }
    text.push('\n');
}
