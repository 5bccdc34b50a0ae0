//! Tables as Markdown has them, and numbers as a table has them.

use core::fmt::Write as _;

/// What stands where nothing was measured.
pub(crate) const NOTHING: &str = "–";

/// A table, its first row the heads.
pub(crate) fn markdown<R: AsRef<[String]>>(rows: &[R]) -> String {
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        let _ = writeln!(text, "| {} |", row.as_ref().join(" | "));
        if index == 0 {
            let _ = writeln!(text, "|{}", "---|".repeat(row.as_ref().len()));
        }
    }
    text
}

/// A row of words.
pub(crate) fn row<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_string).to_vec()
}

/// The cells of every row of a table, its heads and the line below them left out.
pub(crate) fn read(text: &str) -> Vec<Vec<String>> {
    let rows = text.lines().filter(|line| line.starts_with('|')).skip(2);
    let cells = |line: &str| {
        let inside = line.trim().trim_start_matches('|').trim_end_matches('|');
        inside.split('|').map(|cell| cell.trim().to_string()).collect()
    };
    rows.map(cells).collect()
}

/// Three digits, more in front of the point if there are.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_string(),
        below if below < 9.995 => format!("{value:.2}"),
        below if below < 99.95 => format!("{value:.1}"),
        _ => thousands(value),
    }
}

/// A whole number, its digits in threes.
fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let (sign, digits) = digits.strip_prefix('-').map_or(("", &*digits), |rest| ("-", rest));
    let mut text = sign.to_string();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Words of a table without its marks, as a picture has them.
pub(crate) fn plain(words: &str) -> String {
    words.replace(['*', '`'], "")
}

/// The number, or what stands where nothing was measured.
pub(crate) fn cell(value: Option<f64>) -> String {
    value.map_or_else(|| NOTHING.to_string(), number)
}

/// The number with its unit behind it.
pub(crate) fn with(value: Option<f64>, unit: &str) -> String {
    value.map_or_else(|| NOTHING.to_string(), |value| format!("{}{unit}", number(value)))
}
