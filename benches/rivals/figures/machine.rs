//! Where and when figures were measured: machine, compiler, commit, command, date, and
//! against which versions.

use core::fmt;
use core::num::NonZero;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{fs, thread};

/// What a figure depends on.
#[derive(Debug)]
pub(crate) struct Machine {
    processor: String,
    system: String,
    /// How many programs were running, on average, in the minute before.
    load: String,
    compiler: String,
    commit: String,
    command: String,
    date: String,
    peers: String,
}

impl Machine {
    /// Finds out; what cannot be found out is `unknown`.
    pub(crate) fn look(group: &str, seed: u64) -> Self {
        let compiler = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_string());
        let mut command = format!("cargo figures {group}");
        if std::env::args().any(|word| word == "--quick") {
            command.push_str(" --quick");
        }
        let count = thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            processor: processor().map_or_else(unknown, |name| format!("{count} of {name}")),
            system: system().unwrap_or_else(unknown),
            load: load().unwrap_or_else(unknown),
            compiler: said(&compiler, &["-V"]).unwrap_or_else(unknown),
            commit: said("git", &["rev-parse", "--short", "HEAD"]).unwrap_or_else(unknown),
            command: format!("{command} --seed {seed}"),
            date: date(),
            peers: peers().unwrap_or_else(unknown),
        }
    }

    /// Each of them with its name.
    pub(crate) fn lines(&self) -> [(&'static str, &str); 8] {
        [
            ("command", &self.command),
            ("processors", &self.processor),
            ("system", &self.system),
            ("load before", &self.load),
            ("compiler", &self.compiler),
            ("commit", &self.commit),
            ("date", &self.date),
            ("peers", &self.peers),
        ]
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processor, system, load, compiler, commit, command, date, .. } = self;
        write!(f, "{command}\non {processor}, {system}, ")?;
        write!(f, "load {load}, {compiler}, commit {commit}, {date}")
    }
}

fn unknown() -> String {
    "unknown".to_string()
}

fn processor() -> Option<String> {
    let about = fs::read_to_string("/proc/cpuinfo").ok()?;
    let of = |what: &str| {
        let mut lines = about.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(name, _)| name.trim() == what).map(|(_, value)| value.trim().to_string())
    };
    let name = of("model name")?;
    let generation = of("cpu family").zip(of("model"));
    Some(
        generation.map_or(name.clone(), |(family, model)| {
            format!("{name} (family {family}, model {model})")
        }),
    )
}

/// The distribution and the kernel's version. What a builder put behind the numbers of the
/// kernel tells of his machines, not of figures.
fn system() -> Option<String> {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    let beyond = |c: char| !c.is_ascii_digit() && c != '.';
    let kernel = release.split(beyond).next().filter(|numbers| !numbers.is_empty())?;
    let about = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = about.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    let name = name.map(|name| format!("{}, ", name.trim_matches(['"', '\''])));
    Some(format!("{}Linux {kernel}", name.unwrap_or_default()))
}

/// Whom the figures compare with, and in which versions: the dependencies of this package,
/// as they are locked, and the system's allocator.
fn peers() -> Option<String> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(package.join("Cargo.toml")).ok()?;
    let locked = fs::read_to_string(package.join("../../Cargo.lock")).ok()?;
    let (_, wanted) = manifest.split_once("[dependencies]\n")?;
    let names = wanted.lines().take_while(|line| !line.is_empty()).filter_map(|line| {
        line.split_once(" = ").map(|(name, _)| name).filter(|name| *name != "arraypool")
    });
    let version = |name: &str| {
        let (_, entry) = locked.split_once(&format!("name = \"{name}\"\nversion = \""))?;
        Some(format!("{name} {}", entry.split_once('"')?.0))
    };
    let glibc = said("ldd", &["--version"]);
    let glibc = glibc.as_deref().and_then(|line| line.rsplit(' ').next());
    let all = glibc.map(|version| format!("glibc {version}"));
    Some(all.into_iter().chain(names.filter_map(version)).collect::<Vec<_>>().join(", "))
}

/// How many programs the last minute had running.
fn load() -> Option<String> {
    let about = fs::read_to_string("/proc/loadavg").ok()?;
    about.split_whitespace().next().map(str::to_string)
}

/// The first line that a program prints, if it succeeds.
fn said(program: &str, words: &[&str]) -> Option<String> {
    let output = Command::new(program).args(words).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let line = text.lines().next()?.trim();
    (output.status.success() && !line.is_empty()).then(|| line.to_string())
}

/// Today's date, in UTC.
fn date() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (year, month, day) = civil(now.as_secs() / 86_400);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Year, month and day of a number of days since the first of January 1970, as
/// in Howard Hinnant's "chrono-compatible low-level date algorithms".
fn civil(days: u64) -> (u64, u64, u64) {
    // Years begin in March, so that the odd day is the last of a year.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}
