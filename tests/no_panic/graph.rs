//! Which functions of a file of assembly name which others.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::Path;

/// The functions of a file, and the symbols that their instructions name.
pub(crate) struct Graph {
    functions: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    /// Reads the assembly that a folder got last.
    pub(crate) fn newest_in(folder: &Path) -> Self {
        let files = fs::read_dir(folder).expect("a folder of what was built");
        let paths = files.filter_map(|file| Some(file.ok()?.path()));
        let newest = paths
            .filter(|path| path.extension().is_some_and(|extension| extension == "s"))
            .max_by_key(|path| fs::metadata(path).and_then(|about| about.modified()).ok());
        Self::of(&fs::read_to_string(newest.expect("a file of assembly")).expect("text"))
    }

    /// Reads the assembly of an ELF target: a function is what lies between the label
    /// that a `.type` directive announces and its `.size`.
    fn of(text: &str) -> Self {
        let mut functions = BTreeMap::<String, BTreeSet<String>>::new();
        let (mut announced, mut current) = (None, None);
        for line in text.lines() {
            let code = line.trim();
            if let Some(name) = code.strip_prefix(".type").and_then(of_a_function) {
                announced = Some(name);
            } else if code.starts_with(".size") {
                current = None;
            } else if let Some(label) = line.strip_suffix(':') {
                if announced.as_deref() == Some(label) {
                    functions.entry(label.to_owned()).or_default();
                    current = announced.take();
                }
            } else if let Some(function) = &current {
                if let Some(named) = functions.get_mut(function) {
                    named.extend(symbols(code));
                }
            }
        }
        Self { functions }
    }

    /// The names of all functions.
    pub(crate) fn functions(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(String::as_str)
    }

    /// The shortest way from a function to one whose name is a `goal`, past those
    /// that are `apart`, one name a line.
    pub(crate) fn way(
        &self,
        from: &str,
        goal: impl Fn(&str) -> bool,
        apart: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let mut before = BTreeMap::<&str, &str>::new();
        let mut queue = VecDeque::from([from]);
        while let Some(name) = queue.pop_front() {
            if name != from && goal(name) {
                let mut way = vec![name];
                while let Some(&step) = way.last().and_then(|last| before.get(last)) {
                    way.push(step);
                }
                way.reverse();
                return Some(way.join("\n    "));
            }
            for next in self.functions.get(name).into_iter().flatten() {
                if next != from && !before.contains_key(next.as_str()) && !apart(next) {
                    before.insert(next, name);
                    queue.push_back(next);
                }
            }
        }
        None
    }
}

/// The name in what follows `.type`, if that is one of a function.
fn of_a_function(announcement: &str) -> Option<String> {
    let (name, kind) = announcement.trim().split_once(',')?;
    kind.contains("function").then(|| name.trim_matches('"').to_owned())
}

/// What may be a symbol in an instruction, or in a word of data between them.
/// Registers and mnemonics lead nowhere.
fn symbols(code: &str) -> impl Iterator<Item = String> {
    let is_code = !code.starts_with('.') || code.starts_with(".long") || code.starts_with(".quad");
    let code = if is_code { code } else { "" };
    let parts = code.split(|c: char| !(c.is_ascii_alphanumeric() || "_$.".contains(c)));
    parts.filter(|part| part.len() > 2 && !part.starts_with('.')).map(str::to_owned)
}
