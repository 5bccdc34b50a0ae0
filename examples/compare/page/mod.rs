//! COMPARISON.md's tables and pictures, made of what `cargo figures` recorded.
//!
//! Nothing here measures: a figure that no file of `docs/results` holds is a dash in
//! a table and no bar in a picture.

#![forbid(unsafe_code)]

mod charts;
mod claims;
mod peers;
mod pictures;
mod results;
mod scale;
mod strategies;
mod svg;
mod table;
mod uses;

use std::fs;
use std::path::Path;

pub(crate) use results::Results;

/// The page with the tables.
pub(crate) const PAGE: &str = "COMPARISON.md";
/// The folder of the pictures.
pub(crate) const PICTURES: &str = "docs/pictures";
/// The folder of what was recorded.
pub(crate) const RESULTS: &str = "docs/results";
/// The page with the instructions of a microcontroller.
const REAL_TIME: &str = "docs/REAL_TIME.md";

/// A file as it has to be.
#[derive(Debug, PartialEq)]
pub(crate) struct Made {
    /// From the project's folder.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// What the tables are made of.
pub(crate) struct Sources {
    pub(crate) results: Results,
    /// The page as it is, for all that is not between markers.
    pub(crate) page: String,
    /// What the firmware's test measured.
    pub(crate) firmware: Vec<Vec<String>>,
    /// What the misuse test observed.
    pub(crate) misuse: Vec<Vec<String>>,
}

impl Sources {
    /// Reads everything from the project's folder.
    pub(crate) fn read(root: &Path) -> Result<Self, String> {
        let text = |path: &str| {
            fs::read_to_string(root.join(path)).map_err(|error| format!("{path}: {error}"))
        };
        let page = text(PAGE)?;
        let real_time = text(REAL_TIME)?;
        let firmware = between(&real_time, "<!-- measured: ", "<!-- end of what was measured -->");
        let misuse = between(&page, "<!-- misuse:begin -->", "<!-- misuse:end -->");
        Ok(Self {
            results: Results::read(&root.join(RESULTS))?,
            firmware: table::read(firmware.ok_or("docs/REAL_TIME.md has no table")?),
            misuse: table::read(misuse.ok_or("COMPARISON.md has no table of misuse")?),
            page,
        })
    }
}

/// Every file as it has to be: the page, then the pictures.
pub(crate) fn make(sources: &Sources) -> Result<Vec<Made>, String> {
    let mut page = sources.page.clone();
    for (name, text) in tables(sources) {
        page = replaced(&page, name, &text)?;
    }
    let mut all = vec![Made { path: PAGE.to_string(), text: page }];
    all.extend(
        pictures::all(&sources.results)
            .into_iter()
            .map(|(name, text)| Made { path: format!("{PICTURES}/{name}.svg"), text }),
    );
    Ok(all)
}

/// Every table, by the name that its markers have.
fn tables(sources: &Sources) -> Vec<(&'static str, String)> {
    let results = &sources.results;
    vec![
        ("recorded", results.recordings()),
        ("strategies", strategies::table(sources)),
        ("peers", peers::times(results)),
        ("day", peers::day(results)),
        ("arenas", peers::arenas(results)),
        ("threads", peers::threads(results)),
        ("json", uses::json(results)),
        ("json-memory", uses::json_memory(results)),
        ("expr", uses::expressions(results)),
        ("diagnostics", uses::diagnostics(results)),
        ("from-c", uses::from_c(results)),
        ("claims", claims::table(results)),
        ("missed", peers::missed(results)),
        ("origin", results.origins()),
    ]
}

/// The text between two markers, the rest of the first one's line left out.
fn between<'t>(text: &'t str, begin: &str, end: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(begin)?;
    let (inside, _) = rest.split_once(end)?;
    inside.split_once('\n').map(|(_, inside)| inside)
}

/// The page with other text between the markers of a name.
fn replaced(page: &str, name: &str, text: &str) -> Result<String, String> {
    let (begin, end) = (format!("<!-- {name}:begin -->\n"), format!("<!-- {name}:end -->"));
    let missing = || format!("{PAGE} has no markers for `{name}`");
    let (before, rest) = page.split_once(&begin).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&end).ok_or_else(missing)?;
    Ok(format!("{before}{begin}{text}{end}{after}"))
}
