//! Source files as a checker sees them: code, comments and strings told apart.

use std::fs;
use std::path::Path;

/// Folders with code of this package. `target` and packages within are not.
const FOLDERS: [&str; 4] = ["src", "tests", "benches", "examples"];

/// One file.
pub(crate) struct File {
    /// From the package's root, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
    /// The text with comments and strings blanked out, byte for byte.
    code: String,
    /// The text with strings blanked out, byte for byte.
    prose: String,
}

/// Every file of every folder.
pub(crate) fn files() -> Vec<File> {
    FOLDERS.iter().flat_map(|folder| files_in(folder)).collect()
}

/// Every file of a folder.
pub(crate) fn files_in(folder: &str) -> Vec<File> {
    let mut found = Vec::new();
    collect(Path::new(env!("CARGO_MANIFEST_DIR")), folder, &mut found);
    found
}

fn collect(root: &Path, folder: &str, found: &mut Vec<File>) {
    let Ok(entries) = fs::read_dir(root.join(folder)) else { return };
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("a readable folder").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    for name in names {
        let path = format!("{folder}/{name}");
        let place = root.join(&path);
        if place.is_dir() {
            let another_package = place.join("Cargo.toml").exists();
            if name != "target" && !another_package {
                collect(root, &path, found);
            }
        } else if name.ends_with(".rs") {
            let text = fs::read_to_string(&place).expect("a readable file");
            found.push(File::new(path, text));
        }
    }
}

/// What a byte of source belongs to.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Code,
    Comment,
    Text,
}

/// Tells what every byte belongs to.
fn parts(source: &[u8]) -> Vec<Part> {
    let mut parts = vec![Part::Code; source.len()];
    let mut at = 0;
    while at < source.len() {
        let (part, end) = match &source[at..] {
            [b'/', b'/', ..] => (Part::Comment, line_end(source, at)),
            [b'/', b'*', ..] => (Part::Comment, block_end(source, at)),
            [b'"', ..] => (Part::Text, string_end(source, at + 1)),
            [b'r', b'"' | b'#', ..] if !follows_word(source, at) => match raw_end(source, at) {
                Some(end) => (Part::Text, end),
                None => (Part::Code, at + 1),
            },
            [b'\'', rest @ ..] => match character_length(rest) {
                Some(length) => (Part::Text, at + 1 + length),
                None => (Part::Code, at + 1),
            },
            _ => (Part::Code, at + 1),
        };
        let end = end.min(source.len());
        parts[at..end].fill(part);
        at = end;
    }
    parts
}

fn line_end(source: &[u8], at: usize) -> usize {
    source[at..].iter().position(|&byte| byte == b'\n').map_or(source.len(), |length| at + length)
}

/// Block comments nest.
fn block_end(source: &[u8], mut at: usize) -> usize {
    let mut depth = 0;
    while at < source.len() {
        match &source[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string_end(source: &[u8], mut at: usize) -> usize {
    while at < source.len() && source[at] != b'"' {
        at += if source[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

/// The end of `r"..."` or `r#"..."#`; `None`: it is a raw identifier.
fn raw_end(source: &[u8], at: usize) -> Option<usize> {
    let hashes = source[at + 1..].iter().take_while(|&&byte| byte == b'#').count();
    let start = at + 1 + hashes;
    if source.get(start) != Some(&b'"') {
        return None;
    }
    let close: Vec<_> = [b'"'].into_iter().chain((0..hashes).map(|_| b'#')).collect();
    let length = source[start + 1..].windows(close.len()).position(|window| window == close)?;
    Some(start + 1 + length + close.len())
}

/// The length of a character literal behind its first quote; `None`: a lifetime.
fn character_length(rest: &[u8]) -> Option<usize> {
    if rest.first() == Some(&b'\\') {
        return rest.iter().skip(2).position(|&byte| byte == b'\'').map(|length| length + 3);
    }
    // One character has 1 to 4 bytes.
    let text = rest.get(..rest.len().min(5))?;
    let length = text.iter().position(|&byte| byte == b'\'')?;
    let one = core::str::from_utf8(&text[..length]).ok()?.chars().count() == 1;
    one.then_some(length + 1)
}

fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

fn follows_word(source: &[u8], at: usize) -> bool {
    at > 0 && is_word(source[at - 1]) && source[at - 1] != b'b' && source[at - 1] != b'c'
}

/// The source with all but some parts blanked out.
fn keep(source: &str, parts: &[Part], kept: &[Part]) -> String {
    let bytes = source.bytes().zip(parts);
    let blank = |(byte, part)| match byte {
        b'\n' => '\n',
        _ if kept.contains(part) && byte.is_ascii() => char::from(byte),
        _ => ' ',
    };
    bytes.map(blank).collect()
}

impl File {
    pub(crate) fn new(path: String, text: String) -> Self {
        let parts = parts(text.as_bytes());
        let code = keep(&text, &parts, &[Part::Code]);
        let prose = keep(&text, &parts, &[Part::Code, Part::Comment]);
        Self { path, text, code, prose }
    }

    pub(crate) fn lines(&self) -> usize {
        self.text.lines().count()
    }

    pub(crate) fn line_of(&self, offset: usize) -> usize {
        self.code[..offset].matches('\n').count() + 1
    }

    /// Where a word or path stands in the code.
    pub(crate) fn words(&self, word: &str) -> Vec<usize> {
        whole_words(&self.code, word)
    }

    /// Where a word stands in code or comments.
    pub(crate) fn notes(&self, word: &str) -> Vec<usize> {
        whole_words(&self.prose, word)
    }

    /// The path of the module that a file of `src` is: `pool`, `release`.
    pub(crate) fn module(&self) -> Vec<String> {
        let path = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        let steps = path.split('/').filter(|step| !matches!(*step, "mod" | "lib"));
        steps.map(str::to_string).collect()
    }

    /// Every path that leads to a part of the crate: `crate::pool::run` is
    /// `pool`, and so is `super::super::pool` three floors in.
    pub(crate) fn crate_paths(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for place in self.words("crate::") {
            let rest = place + "crate::".len();
            found.extend(heads(&self.code[rest..]).into_iter().map(|head| (place, head)));
        }
        for (place, supers) in self.supers() {
            let module: Vec<_> = self.module().into_iter().chain(self.inline(place)).collect();
            let rest = place + supers * "super::".len();
            match module.len().checked_sub(supers) {
                // What is reached lies in the file's own folder.
                Some(1..) => {}
                Some(0) => found.extend(heads(&self.code[rest..]).into_iter().map(|h| (place, h))),
                None => found.push((place, "super::".repeat(supers))),
            }
        }
        found
    }

    /// Where a chain of `super::` begins, and how long it is.
    fn supers(&self) -> Vec<(usize, usize)> {
        let mut chains: Vec<(usize, usize)> = Vec::new();
        for place in self.words("super::") {
            match chains.last_mut() {
                Some((start, length)) if *start + *length * "super::".len() == place => {
                    *length += 1
                }
                _ => chains.push((place, 1)),
            }
        }
        chains
    }

    /// The modules written out in this file that a place lies in.
    fn inline(&self, place: usize) -> Vec<String> {
        let modules = self.words("mod").into_iter().filter_map(|start| {
            let open = start + self.code[start..].find(['{', ';'])?;
            let body = self.code[open..].starts_with('{').then(|| block(&self.code, open))?;
            let name = self.code[start + 3..open].trim().to_string();
            (open..open + body).contains(&place).then_some(name)
        });
        modules.collect()
    }

    /// Every public item, fields and modules aside: its name, and whether its
    /// documentation has an example. What is hidden from the documentation is none.
    pub(crate) fn public_items(&self) -> Vec<(usize, &str, bool)> {
        const ITEMS: [&str; 8] =
            ["const", "enum", "fn", "static", "struct", "trait", "type", "union"];
        let mut found = Vec::new();
        for start in self.words("pub") {
            let rest = &self.code[start + 3..];
            let words = rest.split(|c: char| !matches!(c, '_' | '$') && !c.is_alphanumeric());
            let mut words = words.filter(|word| !["", "C", "unsafe", "extern"].contains(word));
            let (kind, name) = match (words.next(), words.next()) {
                (Some("const"), Some("fn")) => ("fn", words.next()),
                (Some(kind), name) => (kind, name),
                (None, _) => continue,
            };
            let is_item = rest.starts_with(' ') && ITEMS.contains(&kind);
            // What a macro makes has its documentation where that is called.
            let Some(name) = name.filter(|name| is_item && !name.starts_with('$')) else {
                continue;
            };
            let above = self.above(start);
            if !above.contains("#[doc(hidden)]") {
                found.push((start, name, above.contains("```")));
            }
        }
        found
    }

    /// Documentation and attributes of the item at a place.
    fn above(&self, place: usize) -> &str {
        let line = self.text[..place].rfind('\n').map_or(0, |end| end + 1);
        let mut first = line;
        while first > 0 {
            let before = self.text[..first - 1].rfind('\n').map_or(0, |end| end + 1);
            let text = self.text[before..first].trim();
            let belongs = text.starts_with("//") || text.starts_with("#[") || text.ends_with(")]");
            if !belongs {
                break;
            }
            first = before;
        }
        &self.text[first..line]
    }

    /// Where functions begin, and how many lines each has.
    pub(crate) fn functions(&self) -> Vec<(usize, usize)> {
        let lengths = self.words("fn").into_iter().filter_map(|start| {
            let named = self.code[start + 2..].trim_start().starts_with(char::is_alphabetic);
            let open = start + self.code[start..].find(['{', ';'])?;
            let has_body = named && self.code[open..].starts_with('{');
            let end = open + has_body.then(|| block(&self.code, open))?;
            Some((start, self.code[start..end].lines().count()))
        });
        lengths.collect()
    }
}

fn whole_words(text: &str, word: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let alone = |place: &usize| {
        let end = place + word.len();
        let before = *place > 0 && is_word(bytes[place - 1]);
        let after =
            word.ends_with(char::is_alphanumeric) && bytes.get(end).is_some_and(|&b| is_word(b));
        !before && !after
    };
    text.match_indices(word).map(|(place, _)| place).filter(alone).collect()
}

/// The length of the block that opens at `open`.
fn block(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, byte) in code[open..].bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return offset + 1;
        }
    }
    code.len() - open
}

/// The first step of a path, or of every path in braces.
fn heads(path: &str) -> Vec<String> {
    let path = path.trim_start();
    if !path.starts_with('{') {
        return vec![path.chars().take_while(|&c| c == '_' || c.is_alphanumeric()).collect()];
    }
    let inner = &path[1..block(path, 0) - 1];
    let mut depth = 0_usize;
    let split = |c: char| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    };
    inner.split(split).map(str::trim).filter(|one| !one.is_empty()).flat_map(heads).collect()
}

/// The checker reads what the compiler reads.
#[test]
fn code_comments_and_strings_are_told_apart() {
    let source = r##"
let a = "unsafe \" // {"; // unsafe "
let b = r#"unsafe "quoted" {"#; /* unsafe /* nested */ unsafe */
let c = ('"', '\'', 'ä'); let d: &'static str = b"unsafe";
fn r#unsafe<'a>() { unsafe {} }
"##;
    let file = File::new("src/pool/a.rs".to_string(), source.to_string());
    assert_eq!(file.words("unsafe").len(), 2, "{}", file.code);
    assert_eq!(file.notes("unsafe").len(), 5, "{}", file.prose);
    assert_eq!(file.functions(), [(source.find("fn r#").expect("it is there"), 1)]);
    assert_eq!(file.code.len(), source.len());
}

#[test]
fn public_items_are_found_with_their_examples() {
    let source = "
/// Bare.
#[derive(
    Debug)]
pub struct Bare { pub field: u8 }

/// ```
/// shown()
/// ```
#[inline]
pub const unsafe fn shown() {}
#[doc(hidden)]
pub fn hidden() {}
pub(crate) fn inner() {}
pub const LIMIT: u8 = 1;
";
    let file = File::new("src/pool/a.rs".to_string(), source.to_string());
    let items = file.public_items();
    let found: Vec<_> = items.into_iter().map(|(_, name, example)| (name, example)).collect();
    assert_eq!(found, [("Bare", false), ("shown", true), ("LIMIT", false)]);
}

#[test]
fn paths_out_of_a_folder_are_found() {
    let source = "
use crate::{arena::Arena, pool::{run, table}};
use super::json; use super::super::expr::{a, b};
mod tests { use super::*; fn f() { super::super::super::shared::x() } }
";
    let file = File::new("src/pool/release/mod.rs".to_string(), source.to_string());
    let found: Vec<_> = file.crate_paths().into_iter().map(|(_, head)| head).collect();
    assert_eq!(found, ["arena", "pool", "expr", "shared"]);
}
