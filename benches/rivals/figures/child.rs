//! A part of a group, in a process of its own, which tells numbers.

use std::process::{Command, Stdio};

use crate::options::CHILD;

/// Starts this program for one part, with memory that nobody has used, and waits for
/// the `count` numbers that it prints.
pub(crate) fn numbers(words: &[&str], count: usize) -> Result<Vec<f64>, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(program)
        .arg(CHILD)
        .args(words)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("it ends with {}", output.status));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Result<Vec<f64>, _> = text.split_whitespace().map(str::parse).collect();
    match numbers {
        Ok(numbers) if numbers.len() == count => Ok(numbers),
        _ => Err(format!("it tells `{text}`")),
    }
}
