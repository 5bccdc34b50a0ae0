//! The documents: files, read and checked before anything is measured.

#![forbid(unsafe_code)]

use std::fs;
use std::path::Path;

/// A document as text, and what `serde_json` makes of it.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) text: Vec<u8>,
    pub(crate) expected: serde_json::Value,
}

/// The document that is built in.
pub(crate) fn sample() -> Result<Input, String> {
    check("sample.json".to_owned(), include_bytes!("sample.json").to_vec())
}

/// Reads and checks a file.
pub(crate) fn read(path: &Path) -> Result<Input, String> {
    let shown = path.display().to_string();
    match fs::read(path) {
        Ok(text) => check(shown, text),
        Err(error) => Err(format!("{shown}: {error}")),
    }
}

fn check(name: String, text: Vec<u8>) -> Result<Input, String> {
    match serde_json::from_slice(&text) {
        Ok(expected) => Ok(Input { name, text, expected }),
        Err(error) => Err(place(&name, &error)),
    }
}

impl Input {
    /// The last part of the path, for a table.
    pub(crate) fn short_name(&self) -> &str {
        let name = Path::new(&self.name).file_name().and_then(|name| name.to_str());
        name.unwrap_or(&self.name)
    }
}

/// `file:line:column: what`, as compilers write it.
fn place(name: &str, error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let what = text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text);
    format!("{name}:{line}:{column}: {what}")
}
