//! sonic-rs in a build for this very machine, in a child process.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The program that was built.
pub(crate) struct Native {
    program: PathBuf,
}

impl Native {
    /// Builds it, with the Cargo that runs this and a target folder of its own.
    pub(crate) fn build() -> Result<Self, String> {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let cargo = std::env::var_os("CARGO").ok_or("no Cargo runs this")?;
        let target = workspace.join("target/native");
        let output = Command::new(cargo)
            .args(["build", "--quiet", "--release", "--package", "arraypool-rivals-native"])
            .args(["--config", "build.rustflags=['-C','target-cpu=native']", "--target-dir"])
            .arg(&target)
            .current_dir(&workspace)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(Self { program: target.join("release/arraypool-rivals-native") })
    }

    /// Starts it with a text; fails if it reads something else than expected.
    pub(crate) fn open(&self, text: &[u8], answer: u64) -> Result<Reader, String> {
        let child = Command::new(&self.program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let mut reader = Reader::new(child).ok_or("no pipes")?;
        let found = reader.ask(&format!("{}\n", text.len()), text)?;
        if found == answer { Ok(reader) } else { Err("it reads something else".to_string()) }
    }
}

/// A child that reads one text when it is asked to.
pub(crate) struct Reader {
    child: Child,
    /// `None` only while it is dropped: the child ends with its input.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Reader {
    fn new(mut child: Child) -> Option<Self> {
        let (input, output) = (child.stdin.take(), child.stdout.take()?);
        Some(Self { child, input, output: BufReader::new(output) })
    }

    /// Nanoseconds that it took to read the text so many times.
    pub(crate) fn pass(&mut self, times: usize) -> Result<u64, String> {
        self.ask(&format!("{times}\n"), &[])
    }

    fn ask(&mut self, line: &str, text: &[u8]) -> Result<u64, String> {
        let input = self.input.as_mut().ok_or("no pipe")?;
        let mut answer = String::new();
        let mut talk = || {
            input.write_all(line.as_bytes())?;
            input.write_all(text)?;
            input.flush()?;
            self.output.read_line(&mut answer)
        };
        talk().map_err(|error: std::io::Error| error.to_string())?;
        answer.trim().parse().map_err(|_| format!("it answers `{answer}`"))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.input = None;
        // It has nothing left to read, and nobody asks how it ended.
        let _ = self.child.wait();
    }
}
