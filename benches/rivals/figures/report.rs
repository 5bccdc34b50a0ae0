//! Prints figures, one line each, and records them.

use core::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::machine::Machine;
use crate::measure::Times;

/// Which side of its limit a figure has to be on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

impl Goal {
    fn reached(self, value: f64) -> bool {
        match self {
            Self::AtMost(limit) => value <= limit,
            Self::AtLeast(limit) => value >= limit,
        }
    }

    fn parts(self) -> (&'static str, f64) {
        match self {
            Self::AtMost(limit) => ("<=", limit),
            Self::AtLeast(limit) => (">=", limit),
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (operator, limit) = self.parts();
        write!(f, "{operator} {limit:.2}")
    }
}

struct Figure {
    name: String,
    value: f64,
    goal: Option<Goal>,
}

/// All figures of a group, printed as they come.
pub(crate) struct Report {
    figures: Vec<Figure>,
    skipped: Vec<String>,
    machine: Machine,
}

impl Report {
    pub(crate) fn new(group: &str, seed: u64) -> Self {
        let machine = Machine::look(group, seed);
        println!("{machine}");
        Self { figures: Vec::new(), skipped: Vec::new(), machine }
    }

    /// A figure with a goal. It reaches the goal as it is printed, with two decimals.
    pub(crate) fn goal(&mut self, name: impl Into<String>, value: f64, goal: Goal) {
        let name = name.into();
        let value = (value * 100.0).round() / 100.0;
        let verdict = if goal.reached(value) { "ok" } else { "MISS" };
        println!("figure {name} {value:.2} goal {goal} {verdict}");
        self.figures.push(Figure { name, value, goal: Some(goal) });
    }

    /// A figure without a goal.
    pub(crate) fn fact(&mut self, name: impl Into<String>, value: f64) {
        let name = name.into();
        println!("figure {name} {value:.2}");
        self.figures.push(Figure { name, value, goal: None });
    }

    /// What everyone took per operation.
    pub(crate) fn times(&mut self, workload: &str, times: &Times) {
        for (name, nanoseconds) in times.medians() {
            println!("time {name} {workload} {nanoseconds:.2} ns");
            let name = format!("{name}/{workload}/ns");
            self.figures.push(Figure { name, value: nanoseconds, goal: None });
        }
    }

    /// What could not be measured here, and why.
    pub(crate) fn skipped(&mut self, what: &str, why: &str) {
        println!("skipped: {what}: {why}");
        self.skipped.push(format!("{what}: {why}"));
    }

    pub(crate) fn goals(&self) -> usize {
        self.figures.iter().filter(|figure| figure.goal.is_some()).count()
    }

    pub(crate) fn missed(&self) -> usize {
        let missed = |figure: &&Figure| figure.goal.is_some_and(|goal| !goal.reached(figure.value));
        self.figures.iter().filter(missed).count()
    }

    /// Writes every figure to a file of comma-separated values, below lines with a
    /// `#` that say where they are from.
    pub(crate) fn write_csv(&self, path: &Path) -> io::Result<()> {
        let mut file = BufWriter::new(File::create(path)?);
        for (name, value) in self.machine.lines() {
            writeln!(file, "# {name}: {value}")?;
        }
        for skipped in &self.skipped {
            writeln!(file, "# skipped: {skipped}")?;
        }
        writeln!(file, "name,value,operator,limit,verdict")?;
        for Figure { name, value, goal } in &self.figures {
            let goal = goal.map_or_else(
                || ",,".to_string(),
                |goal| {
                    let (operator, limit) = goal.parts();
                    let verdict = if goal.reached(*value) { "ok" } else { "MISS" };
                    format!("{operator},{limit},{verdict}")
                },
            );
            writeln!(file, "{name},{value:.3},{goal}")?;
        }
        file.flush()
    }
}
