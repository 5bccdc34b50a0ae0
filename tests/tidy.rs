//! The shape of the code itself: floors, files that may hold `unsafe`, lengths, first lines.

#![cfg(not(miri))]

#[path = "tidy/source.rs"]
mod source;

use source::{File, files, files_in};

/// The floors, by folder or file of `src`: code uses only floors below its own.
/// `lib.rs`, the map, stands above all of them.
const FLOORS: [(&str, u32); 11] = [
    ("error", 0),
    ("random", 0),
    ("sync", 0),
    ("arena", 1),
    ("pool", 2),
    ("shared", 3),
    ("json", 4),
    ("expr", 4),
    ("unwind", 4),
    ("capi", 5),
    ("tour", 6),
];

/// The files that may hold `unsafe`.
const UNSAFE: &[&str] = &[
    "src/arena/alloc.rs",
    "src/arena/allocator.rs",
    "src/arena/checkpoint.rs",
    "src/arena/chunk.rs",
    "src/arena/failing.rs",
    "src/arena/fill.rs",
    "src/arena/grow.rs",
    "src/arena/intern.rs",
    "src/arena/mod.rs",
    "src/arena/outer.rs",
    "src/arena/resize.rs",
    "src/arena/reuse.rs",
    "src/arena/source.rs",
    "src/arena/text.rs",
    "src/capi/arena/alloc.rs",
    "src/capi/arena/mod.rs",
    "src/capi/arena/state.rs",
    "src/capi/arguments.rs",
    "src/capi/expr.rs",
    "src/capi/handle.rs",
    "src/capi/json.rs",
    "src/capi/mempool.rs",
    "src/capi/mod.rs",
    "src/capi/pool/any.rs",
    "src/capi/pool/hand.rs",
    "src/capi/pool/mod.rs",
    "src/capi/shared.rs",
    "src/capi/status.rs",
    "src/capi/tests.rs",
    "src/capi/text.rs",
    "src/json/node/build.rs",
    "src/json/node/edit.rs",
    "src/json/node/mod.rs",
    "src/json/node/tree.rs",
    "src/json/scan/block/mod.rs",
    "src/json/scan/block/neon.rs",
    "src/json/scan/block/sse2.rs",
    "src/json/scan/block/words.rs",
    "src/json/scan/digits.rs",
    "src/json/scan/mod.rs",
    "src/pool/array.rs",
    "src/pool/books.rs",
    "src/pool/by_value.rs",
    "src/pool/classes.rs",
    "src/pool/diagnostics/asan.rs",
    "src/pool/diagnostics/direct.rs",
    "src/pool/diagnostics/end.rs",
    "src/pool/diagnostics/fill.rs",
    "src/pool/diagnostics/notes.rs",
    "src/pool/diagnostics/paths.rs",
    "src/pool/door.rs",
    "src/pool/grow.rs",
    "src/pool/locate.rs",
    "src/pool/mark.rs",
    "src/pool/mod.rs",
    "src/pool/raw.rs",
    "src/pool/release/direct.rs",
    "src/pool/release/metadata.rs",
    "src/pool/release/mod.rs",
    "src/pool/release/tagged.rs",
    "src/pool/returns.rs",
    "src/pool/stats.rs",
    "src/pool/typed.rs",
    "src/pool/vec/drain.rs",
    "src/pool/vec/edit.rs",
    "src/pool/vec/fill.rs",
    "src/pool/vec/mod.rs",
    "src/pool/vec/room.rs",
    "src/pool/vec/traits.rs",
    "src/shared/array.rs",
    "src/shared/claim.rs",
    "src/shared/depot.rs",
    "src/shared/hand.rs",
    "src/shared/home.rs",
    "src/shared/lane.rs",
    "src/shared/local.rs",
    "src/shared/mod.rs",
    "src/shared/owner.rs",
    "src/shared/reserve.rs",
    "src/shared/returns.rs",
    "src/shared/threads.rs",
];

/// Public items without an example: nobody outside the crate can name them. They are
/// seals, and what strategies keep to themselves.
const WITHOUT_EXAMPLE: &[(&str, &str)] = &[
    ("src/expr/real.rs", "Sealed"),
    ("src/json/edit/mod.rs", "Sealed"),
    ("src/json/index.rs", "Sealed"),
    ("src/pool/builder.rs", "Builder"),
    ("src/pool/builder.rs", "Sealed"),
    ("src/pool/release/metadata.rs", "List"),
    ("src/pool/release/metadata.rs", "Room"),
    ("src/pool/release/metadata.rs", "SlotRecord"),
    ("src/pool/release/tagged.rs", "Header"),
    ("src/pool/release/tagged.rs", "List"),
    ("src/shared/home.rs", "Sealed"),
];

/// The most lines of a file, and of a function in `src`.
const FILE_LINES: usize = 600;
const FUNCTION_LINES: usize = 70;

/// Fails with every finding, one per line.
#[track_caller]
fn none(findings: impl IntoIterator<Item = String>) {
    let findings: Vec<_> = findings.into_iter().collect();
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

/// A finding at a place of a file.
fn at(file: &File, offset: usize, what: &str) -> String {
    format!("{}:{}: {what}", file.path, file.line_of(offset))
}

/// The floor of a folder or file of `src`.
fn floor(name: &str) -> Option<u32> {
    FLOORS.iter().find(|(folder, _)| *folder == name).map(|&(_, floor)| floor)
}

/// What is wrong with a path from `file` to the part `to` of the crate.
fn escape(file: &File, to: &str) -> Option<String> {
    let from = file.module().first()?.clone();
    let Some(own) = floor(&from) else { return Some(format!("`{from}` is on no floor")) };
    match floor(to) {
        _ if to == from => None,
        Some(other) if other < own => None,
        Some(_) => Some(format!("`{from}` uses `{to}`, which is not on a floor below")),
        None => Some(format!("`{from}` uses `crate::{to}`, which is on no floor")),
    }
}

#[test]
fn code_uses_only_floors_below() {
    let mut findings = Vec::new();
    for file in files_in("src").iter().filter(|file| file.path != "src/lib.rs") {
        for (offset, to) in file.crate_paths() {
            findings.extend(escape(file, &to).map(|what| at(file, offset, &what)));
        }
    }
    none(findings);
}

#[test]
fn unsafe_stays_where_it_is_allowed() {
    let sources = files_in("src");
    let holders = sources.iter().filter(|file| !UNSAFE.contains(&&*file.path));
    none(holders.filter_map(|file| {
        let first = *file.words("unsafe").first()?;
        Some(at(file, first, "`unsafe` in a file that may hold none"))
    }));
}

#[test]
fn the_list_of_unsafe_files_is_no_longer_than_it_must_be() {
    let sources = files_in("src");
    let needless = UNSAFE.iter().filter(|path| {
        let file = sources.iter().find(|file| file.path == **path);
        file.is_none_or(|file| file.words("unsafe").is_empty())
    });
    none(needless.map(|path| format!("{path}: listed, but holds no `unsafe`")));
}

#[test]
fn atomics_are_chosen_in_one_place() {
    let mut findings = Vec::new();
    for file in files_in("src").iter().filter(|file| file.path != "src/sync.rs") {
        for path in ["core::sync", "std::sync", "alloc::sync", "loom"] {
            let places = file.words(path).into_iter();
            findings
                .extend(places.map(|place| at(file, place, &format!("`{path}` is for sync.rs"))));
        }
    }
    none(findings);
}

#[test]
fn files_are_not_too_long() {
    let all = files();
    let long = all.iter().filter(|file| file.lines() > FILE_LINES);
    none(long.map(|file| format!("{}: {} lines of at most {FILE_LINES}", file.path, file.lines())));
}

#[test]
fn files_begin_with_what_they_are() {
    let all = files();
    let bare = all.iter().filter(|file| !file.text.starts_with("//! "));
    none(bare.map(|file| format!("{}:1: does not begin with `//! ` and a sentence", file.path)));
}

#[test]
fn functions_are_not_too_long() {
    let mut findings = Vec::new();
    for file in &files_in("src") {
        for (offset, lines) in file.functions() {
            if lines > FUNCTION_LINES {
                let what = format!("a function of {lines} lines, at most {FUNCTION_LINES}");
                findings.push(at(file, offset, &what));
            }
        }
    }
    none(findings);
}

/// A lint sees to it that what is `pub` can be named from outside. Items of traits show
/// in the example of their trait, and the C interface in its header.
#[test]
fn public_items_have_an_example() {
    let mut findings = Vec::new();
    let sources = files_in("src");
    for file in sources.iter().filter(|file| !file.path.starts_with("src/capi/")) {
        for (offset, name, has_example) in file.public_items() {
            let excepted = WITHOUT_EXAMPLE.contains(&(&*file.path, name));
            if has_example == excepted {
                let what = if excepted { "does have an example" } else { "has no example" };
                findings.push(at(file, offset, &format!("`{name}` {what}")));
            }
        }
    }
    none(findings);
}

#[test]
fn nothing_is_left_over() {
    let mut findings = Vec::new();
    for file in &files() {
        for word in ["todo!", "unimplemented!", "dbg!"] {
            findings.extend(file.words(word).into_iter().map(|place| at(file, place, word)));
        }
        for word in ["FIXME", "XXX", "TODO", "HACK"] {
            findings.extend(file.notes(word).into_iter().map(|place| at(file, place, word)));
        }
    }
    none(findings);
}
