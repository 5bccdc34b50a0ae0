//! What the command line asks for.

use std::ffi::OsString;
use std::path::PathBuf;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
A batch of expressions, evaluated a thousand times a second.

Usage: cargo run --release --example control_loop [-- OPTIONS [FILE]]

Every millisecond, to an absolute deadline, the parameters of FILE are set and
its expressions evaluated. Without a FILE a built-in sample is used.

Options:
  --seconds N      how long to run [5]
  --strategy NAME  metadata or tagged [metadata]
  --plot FILE.svg  draw both histograms
  --help           print this and exit
";

/// What to do.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) seconds: u32,
    pub(crate) tagged: bool,
    pub(crate) plot: Option<PathBuf>,
    pub(crate) file: Option<PathBuf>,
}

/// Reads the arguments; `None`: help is asked for. The error says what is wrong.
pub(crate) fn parse(
    mut arguments: impl Iterator<Item = OsString>,
) -> Result<Option<Options>, String> {
    let mut options = Options { seconds: 5, tagged: false, plot: None, file: None };
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy().into_owned();
        let mut value = || arguments.next().ok_or_else(|| format!("{text} needs a value"));
        match &*text {
            "--help" | "-h" => return Ok(None),
            "--seconds" => {
                let value = value()?.to_string_lossy().into_owned();
                options.seconds = value
                    .parse()
                    .ok()
                    .filter(|seconds| (1..=86_400).contains(seconds))
                    .ok_or_else(|| format!("--seconds is 1 to 86400, not {value:?}"))?;
            }
            "--strategy" => {
                options.tagged = match &*value()?.to_string_lossy() {
                    "tagged" => true,
                    "metadata" => false,
                    other => return Err(format!("no strategy {other:?}: metadata or tagged")),
                };
            }
            "--plot" => options.plot = Some(value()?.into()),
            option if option.starts_with('-') => return Err(format!("unknown option {option}")),
            _ if options.file.is_none() => options.file = Some(argument.into()),
            _ => return Err("one FILE at a time".to_string()),
        }
    }
    Ok(Some(options))
}
