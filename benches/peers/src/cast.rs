//! Makes a scenario larger: the same text with some of its tasks copied.

/// Tables that name tasks and that no machine needs.
const LEFT_OUT: [&str; 3] = ["[lead]", "[[marker]]", "[[expect]]"];

/// The text with as many tasks as wanted: copies, in turn, of every `[[kthread]]` and
/// `[[process.thread]]` whose name ends in `-1`, called `-2`, `-3` and so on.
pub(crate) fn grown(text: &str, tasks: usize) -> String {
    let tables = tables(text);
    let kinds: Vec<(&str, &str)> = tables
        .iter()
        .filter_map(|table| Some((copied_name(table)?, table.as_str())))
        .collect();
    let mut grown = String::new();
    let mut written = false;
    for table in &tables {
        if copied_name(table).is_none() {
            grown.push_str(table);
        } else if !std::mem::replace(&mut written, true) {
            for task in 0..tasks {
                let (name, table) = kinds[task % kinds.len()];
                let own = format!("{}{}", name.trim_end_matches('1'), task / kinds.len() + 1);
                grown.push_str(&table.replace(&format!("\"{name}\""), &format!("\"{own}\"")));
            }
        }
    }
    grown
}

/// The text cut before each table, without those that are left out.
fn tables(text: &str) -> Vec<String> {
    let mut tables = vec![String::new()];
    for line in text.lines() {
        if line.starts_with('[') {
            tables.push(String::new());
        }
        if let Some(last) = tables.last_mut() {
            last.push_str(line);
            last.push('\n');
        }
    }
    tables.retain(|table| !LEFT_OUT.iter().any(|head| table.starts_with(head)));
    tables
}

fn copied_name(table: &str) -> Option<&str> {
    let is_task = ["[[kthread]]", "[[process.thread]]"]
        .iter()
        .any(|head| table.starts_with(head));
    let line = table.lines().find(|line| line.starts_with("name = "))?;
    let name = line.split('"').nth(1)?;
    (is_task && name.ends_with("-1")).then_some(name)
}
