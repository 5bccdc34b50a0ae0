//! Everybody else: other pools, allocators, arenas; and the goals that are missed.

use super::results::Results;
use super::table::{NOTHING, cell, markdown, number, row};

const GROUP: &str = "strategies";
const WORKLOADS: [&str; 5] = ["pair-12", "pair-200", "stack", "churn-1024", "churn"];
/// Who is ours, the floor among them.
pub(crate) const OURS: [&str; 5] = ["floor", "metadata", "tagged", "metadata-bare", "tagged-bare"];

/// The general allocators, in the order of their colours.
pub(crate) const ALLOCATORS: [&str; 6] =
    ["glibc", "mimalloc", "jemalloc", "snmalloc", "rpmalloc", "jemalloc-sized"];

/// The fastest general allocator of a workload, by its median.
pub(crate) fn fastest(results: &Results, workload: &str) -> Option<(&'static str, f64)> {
    let time = |name: &'static str| {
        results.get(GROUP, &format!("{name}/{workload}/ns")).map(|time| (name, time))
    };
    ALLOCATORS.into_iter().filter_map(time).min_by(|(_, a), (_, b)| a.total_cmp(b))
}

/// How many times as fast as the fastest general allocator, and which one that is.
pub(crate) fn over_fastest(
    results: &Results,
    name: &str,
    workload: &str,
) -> Option<(&'static str, f64)> {
    let (fastest, _) = fastest(results, workload)?;
    // rpmalloc is not among those that are recorded as `malloc`.
    let recorded = if fastest == "rpmalloc" { fastest } else { "malloc" };
    let ratio = results
        .get(GROUP, &format!("{name}/{workload}/{recorded}"))
        .or_else(|| results.faster(GROUP, name, workload, fastest));
    Some((fastest, ratio?))
}

/// A name as a table has it.
pub(crate) fn shown(name: &str) -> String {
    match name {
        "floor" => "*the floor: nothing is checked*".to_string(),
        "metadata" => "**`Metadata`**".to_string(),
        "tagged" => "**`Tagged`**".to_string(),
        "metadata-bare" => "**`Metadata`, by bare address**".to_string(),
        "tagged-bare" => "**`Tagged`, by bare address**".to_string(),
        "metadata-fine" => "**`Metadata`, 14 classes**".to_string(),
        "tagged-fine" => "**`Tagged`, 14 classes**".to_string(),
        "direct" => "**`Direct`, which never gives back**".to_string(),
        "jemalloc-sized" => "jemalloc, told the size".to_string(),
        _ => name.to_string(),
    }
}

/// Everybody of a group with a time in one of these workloads, the loop left out.
fn names(results: &Results, workloads: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for figure in results.figures(GROUP) {
        let parts: Vec<&str> = figure.name.split('/').collect();
        if let [name, workload, "ns"] = parts[..]
            && workloads.contains(&workload)
            && name != "loop"
            && !names.iter().any(|other| other == name)
        {
            names.push(name.to_string());
        }
    }
    names
}

/// Nanoseconds of everybody in every workload, the fastest by churn first.
pub(crate) fn times(results: &Results) -> String {
    let mut names = names(results, &WORKLOADS);
    let time = |name: &str, workload: &str| results.get(GROUP, &format!("{name}/{workload}/ns"));
    let rank = |name: &String| {
        ["churn", "pair-12"].map(|workload| time(name, workload).unwrap_or(f64::INFINITY))
    };
    names.sort_by(|a, b| rank(a).partial_cmp(&rank(b)).unwrap_or(core::cmp::Ordering::Equal));
    let mut rows =
        vec![row(["ns per array", "pair, 12", "pair, 200", "stack", "churn, 1024", "churn"])];
    for name in names {
        let mut cells = vec![shown(&name)];
        cells.extend(WORKLOADS.iter().map(|workload| cell(time(&name, workload))));
        rows.push(cells);
    }
    markdown(&rows)
}

/// What everybody held over the day, least first.
pub(crate) fn day(results: &Results) -> String {
    let group = "study";
    let mut names = results.subjects_of_day();
    let mean = |name: &str| results.get(group, &format!("{name}/day/mean-over-used"));
    names.sort_by(|a, b| mean(a).partial_cmp(&mean(b)).unwrap_or(core::cmp::Ordering::Equal));
    let mut rows = vec![row([
        "",
        "resident, times what is used, mean of 24 hours",
        "most, MB",
        "left after all is given back, MB",
        "CPU ms, writing every byte included",
    ])];
    for name in names {
        let of = |figure: &str| cell(results.get(group, &format!("{name}/day/{figure}")));
        let figures = ["mean-over-used", "most-MB", "left-MB", "ms"].map(of);
        let mut cells = vec![shown(&name)];
        cells.extend(figures);
        rows.push(cells);
    }
    markdown(&rows)
}

/// The arena alone: objects, scopes, a syntax tree, names.
pub(crate) fn arenas(results: &Results) -> String {
    let mut rows = vec![row(["", "arraypool", "others"])];
    let mut line = |about: &str, ours: Option<f64>, others: &[(&str, Option<f64>)]| {
        let others: Vec<_> =
            others.iter().map(|(name, value)| format!("{name} {}", cell(*value))).collect();
        rows.push(vec![about.to_string(), cell(ours), others.join(", ")]);
    };
    let objects = |name: &str| results.get(GROUP, &format!("{name}/objects/ns"));
    let others = ["bumpalo", "bump-scope", "glibc", "rpmalloc"].map(|name| (name, objects(name)));
    line("an object of 32 bytes, a thousand before a reset, ns", objects("arena"), &others);
    let memory = |name: &str| results.get("memory", name);
    line(
        "a nested scope with an object, ns",
        memory("arena/scopes/ns"),
        &[("bump-scope", memory("bump-scope/scopes/ns"))],
    );
    line(
        "a name that an interner has, ns",
        memory("interner/names/ns"),
        &[("string-interner", memory("string-interner/names/ns"))],
    );
    for (about, figure) in [
        ("a tree of 100,000 nodes, built, ns", "tree-build/ns"),
        ("the same, walked, ns", "tree-walk/ns"),
        ("the same, torn down, ns", "tree-tear-down/ns"),
        ("the same, bytes per node", "tree/bytes-per-node"),
        ("the same, calls of the heap", "tree/heap-calls"),
        ("the same, misses of the first data cache in a walk", "walk/D1-misses"),
    ] {
        let of = |name: &str| memory(&format!("{name}/{figure}"));
        line(about, of("arena"), &[("boxes", of("boxed"))]);
    }
    markdown(&rows)
}

/// Whoever of the mallocs is faster in a workload of two threads, by its median.
fn better_malloc(results: &Results, workload: &str) -> Option<&'static str> {
    let time = |name: &'static str| {
        results.get("shared", &format!("{name}/{workload}/ns")).map(|time| (name, time))
    };
    let mallocs = ["mimalloc", "jemalloc", "jemalloc-sized"].into_iter().filter_map(time);
    mallocs.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(name, _)| name)
}

/// Threads: lanes, the default lane, hand-over, against allocators and pools.
pub(crate) fn threads(results: &Results) -> String {
    let group = "shared";
    let mut rows = vec![row(["", "`Metadata`", "`Tagged`"])];
    let mut line = |about: &str, form: &str, rest: &str| {
        let of = |name: &str| cell(results.get(group, &format!("{form}-{name}/{rest}")));
        rows.push(vec![about.to_string(), of("metadata"), of("tagged")]);
    };
    line("a lane's time, as a multiple of an unshared pool's", "lane", "churn/unshared");
    line(
        "two threads with a lane each: times as fast as two pools",
        "lane",
        "churn-2-threads/unshared",
    );
    line(
        "the same, with default lanes: times as fast as mimalloc",
        "default",
        "churn-2-threads/mimalloc",
    );
    let about = format!(
        "the same: times as fast as the better malloc, {}",
        better_malloc(results, "churn-2-threads").map_or_else(|| NOTHING.to_string(), shown)
    );
    line(&about, "default", "churn-2-threads/malloc");
    line(
        "one takes, the other gives back: times as fast as the better malloc",
        "lane",
        "hand-over/malloc",
    );
    for (about, rival) in [
        ("arrays of one length, default lane: times as fast as object-pool", "object-pool"),
        ("the same, opool", "opool"),
        ("the same, sharded-slab", "sharded-slab"),
    ] {
        line(about, "default", &format!("one-length/{rival}"));
    }
    markdown(&rows)
}

/// A figure that misses its goal, with as many digits as it takes to see that.
fn beside(value: f64, goal: &str) -> String {
    let short = number(value);
    let limit = goal.rsplit(' ').next().and_then(|limit| limit.parse::<f64>().ok());
    if limit.is_some() && short.parse().ok() == limit { value.to_string() } else { short }
}

/// Every goal that was set and is not reached.
pub(crate) fn missed(results: &Results) -> String {
    let goals = || results.all().filter(|(_, figure)| figure.goal.is_some());
    let missed = goals().filter_map(|(group, figure)| {
        let (goal, missed) = figure.goal.as_ref()?;
        missed.then(|| (group, figure, goal))
    });
    let mut rows = vec![row(["group", "figure", "measured", "goal"])];
    for (group, figure, goal) in missed {
        let value = beside(figure.value, goal);
        let goal = goal.replacen("<=", "at most", 1).replacen(">=", "at least", 1);
        let name = format!("`{}`", figure.name);
        rows.push(vec![group.to_string(), name, value, goal]);
    }
    let reached = goals().count() - (rows.len() - 1);
    format!(
        "{reached} of {} goals are reached; these are not:\n\n{}",
        goals().count(),
        markdown(&rows)
    )
}
