//! The pictures, by name.

use super::charts::{self, Bar, Curve, Panel};
use super::peers::OURS;
use super::results::Results;
use super::svg::Ink;
use super::uses::DOCUMENTS;

/// The general allocators, in the order of their colours.
const ALLOCATORS: [&str; 5] = ["glibc", "mimalloc", "jemalloc", "snmalloc", "rpmalloc"];

/// Elements of 32 bytes in the array of a pair, and arrays alive in a crowd.
const LENGTHS: [&str; 7] = ["1", "4", "16", "64", "256", "1024", "4096"];
const CROWDS: [&str; 7] = ["16", "128", "1024", "8192", "65536", "262144", "1000000"];

/// Every picture with its name.
pub(crate) fn all(results: &Results) -> Vec<(&'static str, String)> {
    vec![
        ("strategies", strategies(results)),
        ("peers", peers(results)),
        ("lengths", over(results, "pair", &LENGTHS, "One live array over its length, nanoseconds")),
        ("crowd", over(results, "crowd", &CROWDS, "Replacement over live arrays, nanoseconds")),
        ("day", day(results)),
        ("batch", batch(results)),
        ("json", json(results)),
        ("expressions", expressions(results)),
    ]
}

/// The colour of a name.
fn ink(name: &str) -> Ink {
    match name.split('-').next() {
        Some("direct") => Ink::Direct,
        Some("metadata") => Ink::Metadata,
        Some("tagged") => Ink::Tagged,
        Some("floor" | "used") => Ink::Floor,
        _ => Ink::Other(ALLOCATORS.iter().position(|other| *other == name).unwrap_or(4)),
    }
}

/// The strategies, their floor and the fastest allocator of each workload.
fn strategies(results: &Results) -> String {
    let workloads = [
        ("pair-12", "one live array"),
        ("stack", "stack of 1000"),
        ("churn-1024", "churn of 1024"),
        ("churn", "churn of 4096"),
    ];
    let groups: Vec<(&str, Vec<Bar>)> = workloads
        .iter()
        .map(|(workload, shown)| {
            let time = |name: &str| results.get("strategies", &format!("{name}/{workload}/ns"));
            let mut bars: Vec<Bar> =
                ["floor", "metadata", "tagged"].map(|name| (ink(name), time(name))).to_vec();
            let allocators = ALLOCATORS.iter().filter_map(|name| time(name));
            bars.push((Ink::Other(0), allocators.min_by(f64::total_cmp)));
            bars.push((Ink::Other(1), time("glibc")));
            (*shown, bars)
        })
        .collect();
    let legend = [
        (Ink::Floor, "nothing is checked"),
        (Ink::Metadata, "Metadata"),
        (Ink::Tagged, "Tagged"),
        (Ink::Other(0), "fastest allocator there"),
        (Ink::Other(1), "glibc"),
    ];
    charts::groups("An array taken and given back, nanoseconds", "ns", &legend, &groups)
}

/// Everybody in the churn, the fastest on top.
fn peers(results: &Results) -> String {
    let mut bars: Vec<(String, Ink, f64)> = results
        .figures("strategies")
        .filter_map(|figure| {
            let name = figure.name.strip_suffix("/churn/ns").filter(|name| *name != "loop")?;
            let own = OURS.contains(&name);
            Some((name.to_string(), if own { ink(name) } else { Ink::Other(4) }, figure.value))
        })
        .collect();
    bars.sort_by(|a, b| a.2.total_cmp(&b.2));
    charts::rows(
        "Random replacement among 4096 arrays",
        "nanoseconds per array taken and given back; four of five of up to 16 elements of 32 bytes",
        &bars,
    )
}

/// Time over what is counted.
fn over(results: &Results, workload: &str, steps: &[&str], title: &str) -> String {
    let names = [
        ("floor", "nothing is checked"),
        ("metadata", "Metadata"),
        ("tagged", "Tagged"),
        ("glibc", "glibc"),
        ("mimalloc", "mimalloc"),
        ("snmalloc", "snmalloc"),
    ];
    let values = |name: &str| -> Vec<f64> {
        let time = |step: &&str| results.get("curves", &format!("{name}/{workload}-{step}/ns"));
        steps.iter().map_while(time).collect()
    };
    let curves: Vec<Curve<'_>> = names
        .iter()
        .map(|(name, shown)| Curve { ink: ink(name), name: shown, values: values(name) })
        .collect();
    let steps: Vec<String> = steps.iter().map(|step| (*step).to_string()).collect();
    charts::curves(title, "ns", &steps, &curves)
}

/// What is resident, hour by hour.
fn day(results: &Results) -> String {
    let values = |name: &str| -> Vec<f64> {
        (1..=24)
            .map_while(|hour| results.get("study", &format!("{name}/day/{hour:02}/MB")))
            .collect()
    };
    let names = [
        ("used", "asked for"),
        ("metadata", "Metadata"),
        ("tagged", "Tagged"),
        ("tagged-fine", "Tagged, 14 classes"),
        ("glibc", "glibc"),
        ("mimalloc", "mimalloc"),
        ("jemalloc", "jemalloc"),
        ("snmalloc", "snmalloc"),
    ];
    let curves: Vec<Curve<'_>> = names
        .iter()
        .map(|(name, shown)| {
            let ink = if *name == "tagged-fine" { Ink::Other(4) } else { ink(name) };
            Curve { ink, name: shown, values: values(name) }
        })
        .collect();
    let hours: Vec<String> = (1..=24)
        .map(|hour| if hour % 3 == 0 { format!("{hour}:00") } else { String::new() })
        .collect();
    charts::curves("A day of a million operations: resident memory, MB", "MB", &hours, &curves)
}

/// Used, held and wasted over a batch.
fn batch(results: &Results) -> String {
    let names = [("direct", "Direct"), ("metadata", "Metadata"), ("tagged", "Tagged")];
    let panels: Vec<Panel<'_>> = names
        .iter()
        .map(|(name, shown)| {
            let values = |what: &str| -> Vec<f64> {
                let at = |look: usize| format!("{name}/batch/{:03}/{what}-KB", look * 5);
                let later = (1..=20).map_while(|look| results.get("study", &at(look)));
                core::iter::once(0.0).chain(later).collect()
            };
            Panel { ink: ink(name), name: shown, used: values("used"), held: values("held") }
        })
        .collect();
    let title = "A batch of 4000 arrays: taken, half of them replaced, all given back";
    charts::panels(title, "KB", ["first array", "last one back"], &panels)
}

/// Reading JSON, as multiples of `serde_json`'s speed.
fn json(results: &Results) -> String {
    let names = ["direct", "metadata", "tagged", "sonic-rs", "simd-json-tape", "jiter"];
    let inks =
        [Ink::Direct, Ink::Metadata, Ink::Tagged, Ink::Other(0), Ink::Other(1), Ink::Other(3)];
    let groups: Vec<(&str, Vec<Bar>)> = DOCUMENTS
        .iter()
        .map(|text| {
            let of = |name: &str| {
                let time = |who: &str| format!("{who}/read-{text}/ns");
                results.ratio("json", &time("serde_json"), &time(name))
            };
            let bars = names.iter().zip(inks).map(|(name, ink)| (ink, of(name))).collect();
            (*text, bars)
        })
        .collect();
    let legend: Vec<(Ink, &str)> = inks.into_iter().zip(names).collect();
    charts::groups("JSON read and dropped: times as fast as serde_json", "×", &legend, &groups)
}

/// Evaluating expressions, per expression.
fn expressions(results: &Results) -> String {
    let names = ["floor", "arraypool", "fasteval", "nanoexpr", "exmex", "meval"];
    let inks =
        [Ink::Floor, Ink::Metadata, Ink::Other(0), Ink::Other(1), Ink::Other(2), Ink::Other(3)];
    let workloads = [("w1", "with transcendental functions"), ("w2", "without")];
    let groups: Vec<(&str, Vec<Bar>)> = workloads
        .iter()
        .map(|(workload, shown)| {
            let of = |name: &str| results.get("expr", &format!("{name}/{workload}/ns"));
            let bars = names.iter().zip(inks).map(|(name, ink)| (ink, of(name))).collect();
            (*shown, bars)
        })
        .collect();
    let mut legend: Vec<(Ink, &str)> = inks.into_iter().zip(names).collect();
    legend[0].1 = "closures of Rust";
    charts::groups("An expression evaluated, nanoseconds", "ns", &legend, &groups)
}
