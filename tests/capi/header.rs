//! The header is what the sources say.

use std::path::Path;
use std::{env, fs};

/// Set it to write the header anew.
const UPDATE: &str = "UPDATE_HEADER";

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn made() -> String {
    let config =
        cbindgen::Config::from_file(root().join("cbindgen.toml")).expect("a configuration");
    let bindings = cbindgen::Builder::new().with_crate(root()).with_config(config).generate();
    let mut header = Vec::new();
    bindings.expect("the sources of the header").write(&mut header);
    tidy(&versioned(&String::from_utf8(header).expect("UTF-8")))
}

/// With the version of Cargo.toml in its places.
fn versioned(header: &str) -> String {
    let header = header.replace("@MAJOR@", env!("CARGO_PKG_VERSION_MAJOR"));
    let header = header.replace("@MINOR@", env!("CARGO_PKG_VERSION_MINOR"));
    header.replace("@PATCH@", env!("CARGO_PKG_VERSION_PATCH"))
}

/// One condition around neighbours instead of one around each.
fn tidy(header: &str) -> String {
    const IF: &str = "#if defined(AP_HEAP)\n";
    let joined = header.replace(&format!("#endif\n\n{IF}"), "\n");
    let joined = joined.replace(&format!("#endif\n{IF}"), "");
    let opened = joined.replace(&format!("{{\n{IF}"), "{\n");
    opened.replace("#endif\n}", "}")
}

#[test]
fn the_header_is_up_to_date() {
    let (path, made) = (root().join("include/arraypool.h"), made());
    if env::var_os(UPDATE).is_some() {
        fs::write(&path, &made).expect("a writable header");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == made, "{} is out of date: run with {UPDATE}=1", path.display());
}

#[test]
fn the_header_declares_nothing_of_others() {
    let made = made();
    let foreign: Vec<_> = made
        .lines()
        .filter(|line| line.starts_with("extern") && *line != "extern \"C\" {")
        .collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}
