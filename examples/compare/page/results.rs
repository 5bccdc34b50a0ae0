//! What `cargo figures GROUP --csv` recorded, and where it is from.

use core::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The groups that are recorded, in the order of the page.
const GROUPS: [&str; 9] =
    ["strategies", "curves", "study", "memory", "shared", "json", "expr", "diagnostics", "capi"];

/// Lines that most files have in common, and what they are called on the page: the machine
/// and whom its figures compare with.
const COMMON: [(&str, &str); 4] = [
    ("processors", "processors"),
    ("system", "system"),
    ("compiler", "compiler"),
    ("peers", "versions"),
];

/// One figure.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) value: f64,
    /// What it had to be, and whether it was not.
    pub(crate) goal: Option<(String, bool)>,
}

/// One file.
#[derive(Debug, Clone, Default)]
struct Recorded {
    /// The lines with a `#`: what, then which.
    origin: Vec<(String, String)>,
    figures: Vec<Figure>,
}

/// Everything that was recorded, by group.
#[derive(Debug, Clone, Default)]
pub(crate) struct Results {
    groups: Vec<(&'static str, Recorded)>,
}

impl Results {
    /// Reads the file of each group; one that is not there has no figures.
    pub(crate) fn read(folder: &Path) -> Result<Self, String> {
        let mut groups = Vec::new();
        for group in GROUPS {
            let path = folder.join(format!("{group}.csv"));
            if let Ok(text) = fs::read_to_string(&path) {
                let recorded = Recorded::parse(&text).map_err(|why| format!("{group}: {why}"))?;
                groups.push((group, recorded));
            }
        }
        Ok(Self { groups })
    }

    fn recorded(&self, group: &str) -> Option<&Recorded> {
        self.groups.iter().find(|(name, _)| *name == group).map(|(_, recorded)| recorded)
    }

    /// A figure by group and name.
    pub(crate) fn get(&self, group: &str, name: &str) -> Option<f64> {
        self.figures(group).find(|figure| figure.name == name).map(|figure| figure.value)
    }

    /// How many times more the first is than the second.
    pub(crate) fn ratio(&self, group: &str, over: &str, under: &str) -> Option<f64> {
        Some(self.get(group, over)? / self.get(group, under)?)
    }

    /// How many times as fast as the other one is in a workload: as it was recorded, which
    /// is the median over rounds; the quotient of two medians where it was not.
    pub(crate) fn faster(
        &self,
        group: &str,
        one: &str,
        workload: &str,
        other: &str,
    ) -> Option<f64> {
        let time = |who: &str| {
            // A program that is a workload of its own has both in its name, or one name for both.
            [format!("{who}/{workload}/ns"), format!("{who}-{workload}/ns"), format!("{who}/ns")]
                .iter()
                .find_map(|name| self.get(group, name))
        };
        let recorded = self.get(group, &format!("{one}/{workload}/{other}"));
        recorded.or_else(|| Some(time(other)? / time(one)?))
    }

    /// All figures of a group.
    pub(crate) fn figures(&self, group: &str) -> impl Iterator<Item = &Figure> {
        self.recorded(group).into_iter().flat_map(|recorded| &recorded.figures)
    }

    /// All figures, with their groups.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &Figure)> {
        GROUPS.iter().flat_map(|group| self.figures(group).map(move |figure| (*group, figure)))
    }

    /// Everybody who had a day in the study.
    pub(crate) fn subjects_of_day(&self) -> Vec<String> {
        let names = self.figures("study").map(|figure| figure.name.as_str());
        names.filter_map(|name| name.strip_suffix("/day/most-MB")).map(str::to_string).collect()
    }

    /// The commit on which each group was recorded, and which of them in fewer rounds.
    pub(crate) fn recordings(&self) -> String {
        let commits = self.said("commit");
        let commits: Vec<String> = commits
            .iter()
            .map(|(commit, groups)| format!("`{commit}` for {}", groups.join(", ")))
            .collect();
        let commands = self.said("command").into_iter();
        let quick =
            commands.filter(|(command, _)| command.split(' ').any(|word| word == "--quick"));
        let quick: Vec<&str> = quick.flat_map(|(_, groups)| groups).collect();
        let mut text = format!("Commits: {}.\n", commits.join("; "));
        if !quick.is_empty() {
            let _ =
                writeln!(text, "With `--quick`, that is in fewer rounds: {}.", quick.join(", "));
        }
        text
    }

    /// One row per file: what was run and when, and what was left out; then what files have
    /// in common, once, with the files' names where they do not all agree.
    pub(crate) fn origins(&self) -> String {
        let mut text = String::from("| file | |\n|---|---|\n");
        for group in GROUPS {
            let Some(recorded) = self.recorded(group) else {
                let _ = writeln!(text, "| {group} | not recorded yet |");
                continue;
            };
            let own = recorded.origin.iter();
            let own = own.filter(|(name, _)| COMMON.iter().all(|(common, _)| common != name));
            let lines: Vec<String> = own
                .map(|(name, value)| match name.as_str() {
                    "command" => format!("`{value}`"),
                    "date" => value.clone(),
                    _ => format!("{name}: {value}"),
                })
                .collect();
            let link = format!("[{group}](docs/results/{group}.csv)");
            let _ = writeln!(text, "| {link} | {} |", lines.join("; ").replace('|', "\\|"));
        }
        for (name, shown) in COMMON {
            let all = self.said(name);
            for (value, groups) in &all {
                let of =
                    if all.len() > 1 { format!(" ({})", groups.join(", ")) } else { String::new() };
                let _ = writeln!(text, "| {shown}{of} | {} |", value.replace('|', "\\|"));
            }
        }
        text
    }

    /// What files say to a line of their origins, each with the groups that say so.
    fn said(&self, wanted: &str) -> Vec<(&str, Vec<&str>)> {
        let mut all: Vec<(&str, Vec<&str>)> = Vec::new();
        for (group, recorded) in &self.groups {
            for (_, value) in recorded.origin.iter().filter(|(name, _)| name == wanted) {
                match all.iter_mut().find(|(other, _)| other == value) {
                    Some((_, groups)) => groups.push(group),
                    None => all.push((value, vec![group])),
                }
            }
        }
        all
    }

    /// Changes a figure, to see what changes with it.
    #[cfg(test)]
    pub(crate) fn set(&mut self, group: &'static str, name: &str, value: f64) {
        if self.recorded(group).is_none() {
            self.groups.push((group, Recorded::default()));
        }
        let found = self.groups.iter_mut().find(|(name, _)| *name == group);
        let (_, Recorded { figures, .. }) = found.expect("it was put there");
        figures.retain(|figure| figure.name != name);
        figures.push(Figure { name: name.to_string(), value, goal: None });
    }
}

impl Recorded {
    fn parse(text: &str) -> Result<Self, String> {
        let mut recorded = Self::default();
        for line in text.lines() {
            if let Some(origin) = line.strip_prefix("# ") {
                let (name, value) = origin.split_once(": ").ok_or(format!("`{line}`"))?;
                recorded.origin.push((name.to_string(), value.to_string()));
            } else if line != "name,value,operator,limit,verdict" {
                recorded.figures.push(figure(line).ok_or(format!("`{line}`"))?);
            }
        }
        Ok(recorded)
    }
}

/// A line of a file: name, value, operator, limit, verdict.
fn figure(line: &str) -> Option<Figure> {
    let parts: Vec<&str> = line.split(',').collect();
    let [name, value, operator, limit, verdict] = parts[..] else { return None };
    let goal = (!operator.is_empty()).then(|| (format!("{operator} {limit}"), verdict == "MISS"));
    Some(Figure { name: name.to_string(), value: value.parse().ok()?, goal })
}
