//! The pictures, by name.

use super::charts::{self, Axis, Bar, Curve, Group, Panel};
use super::peers::{ALLOCATORS, OURS, fastest, shown};
use super::results::Results;
use super::svg::{Heads, Ink, Stroke};
use super::table::{number, plain};
use super::uses::{DOCUMENTS, EVALUATORS, READERS, exp_rs};

/// Elements of 32 bytes in the array of a pair, and arrays alive in a crowd.
const LENGTHS: [&str; 7] = ["1", "4", "16", "64", "256", "1024", "4096"];
const CROWDS: [&str; 7] = ["16", "128", "1024", "8192", "65536", "262144", "1000000"];

/// Every picture with its name.
pub(crate) fn all(results: &Results) -> Vec<(&'static str, String)> {
    vec![
        ("strategies", strategies(results)),
        ("peers", peers(results)),
        ("lengths", over(results, "pair", &LENGTHS, "One live array over its length")),
        ("crowd", over(results, "crowd", &CROWDS, "Replacement over live arrays")),
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

/// A name as a table has it, without its marks.
fn words(name: &str) -> String {
    plain(&shown(name))
}

/// The strategies, their floor and the fastest general allocator of each workload.
fn strategies(results: &Results) -> String {
    let workloads = [
        ("pair-12", "one live array"),
        ("stack", "stack of 1000"),
        ("churn-1024", "churn of 1024"),
        ("churn", "churn of 4096"),
    ];
    let own = ["floor", "metadata", "tagged"];
    const FASTEST: Ink = Ink::Other(3);
    let group = |(workload, name): (&str, &'static str)| {
        let time = |name: &str| results.get("strategies", &format!("{name}/{workload}/ns"));
        let mut bars = own.map(|name| Bar::new(ink(name), time(name))).to_vec();
        if let Some((name, value)) = fastest(results, workload) {
            bars.push(Bar { ink: FASTEST, value: Some(value), name: words(name) });
        }
        bars.push(Bar::new(ink("glibc"), time("glibc")));
        Group { name, bars }
    };
    let groups = workloads.map(group);
    let mut legend = own.map(|name| (ink(name), words(name))).to_vec();
    legend.push((FASTEST, "the fastest general allocator, by name".to_string()));
    legend.push((ink("glibc"), words("glibc")));
    let heads =
        Heads { title: "An array taken and given back", about: "nanoseconds, lower is better" };
    charts::groups(heads, "ns", &legend, &groups, groups.len())
}

/// Everybody in the churn, the fastest on top.
fn peers(results: &Results) -> String {
    let mut bars: Vec<(String, Ink, f64)> = results
        .figures("strategies")
        .filter_map(|figure| {
            let name = figure.name.strip_suffix("/churn/ns").filter(|name| *name != "loop")?;
            let own = OURS.contains(&name);
            Some((words(name), if own { ink(name) } else { Ink::Other(4) }, figure.value))
        })
        .collect();
    bars.sort_by(|a, b| a.2.total_cmp(&b.2));
    let heads = Heads {
        title: "Random replacement among 4096 arrays",
        about: "nanoseconds per array taken and given back, lower is better; \
                four of five of up to 16 elements of 32 bytes",
    };
    charts::rows(heads, &bars)
}

/// Time over what is counted.
fn over(results: &Results, workload: &str, steps: &[&str], title: &str) -> String {
    let names = ["floor", "metadata", "tagged", "glibc", "mimalloc", "snmalloc"];
    let values = |name: &str| -> Vec<f64> {
        let time = |step: &&str| results.get("curves", &format!("{name}/{workload}-{step}/ns"));
        steps.iter().map_while(time).collect()
    };
    let curves = names.map(|name| Curve {
        ink: ink(name),
        stroke: Stroke::Solid,
        name: words(name),
        values: values(name),
    });
    let steps: Vec<String> = steps.iter().map(|step| (*step).to_string()).collect();
    let about = "nanoseconds per array taken and given back, lower is better; logarithmic scales";
    charts::curves(Heads { title, about }, (Axis::Logarithmic, "ns"), &steps, &curves)
}

/// What is resident, hour by hour.
fn day(results: &Results) -> String {
    let values = |name: &str| -> Vec<f64> {
        (1..=24)
            .map_while(|hour| results.get("study", &format!("{name}/day/{hour:02}/MB")))
            .collect()
    };
    let names =
        ["used", "metadata", "tagged", "tagged-fine", "glibc", "mimalloc", "jemalloc", "snmalloc"];
    let curves = names.map(|name| {
        // What was asked for is no contender, and the finer table is one of a strategy's.
        let dashed = ["used", "tagged-fine"].contains(&name);
        let stroke = if dashed { Stroke::Dashed } else { Stroke::Solid };
        let shown = if name == "used" { "asked for".to_string() } else { words(name) };
        Curve { ink: ink(name), stroke, name: shown, values: values(name) }
    });
    let hours: Vec<String> = (1..=24)
        .map(|hour| if hour % 3 == 0 { format!("{hour}:00") } else { String::new() })
        .collect();
    let direct = results.get("study", "direct/day/most-MB").map_or(String::new(), |most| {
        format!("; Direct, which never gives back, leaves the chart: {} MB at most", number(most))
    });
    let heads = Heads {
        title: "A day of a million operations: resident memory",
        about: &format!("MB at the end of each hour, lower is better{direct}"),
    };
    charts::curves(heads, (Axis::Linear, "MB"), &hours, &curves)
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
    let heads = Heads {
        title: "A batch of 4000 arrays: taken, half of them replaced, all given back",
        about: "KB; solid: used by arrays; pale: held and not used; line: held, lower is better",
    };
    charts::panels(heads, "KB", ["first array", "last one back"], &panels)
}

/// Reading JSON, as multiples of `serde_json`'s speed.
fn json(results: &Results) -> String {
    let names = ["direct", "metadata", "tagged", "sonic-rs", "simd-json-tape", "jiter"];
    let inks =
        [Ink::Direct, Ink::Metadata, Ink::Tagged, Ink::Other(0), Ink::Other(1), Ink::Other(3)];
    let group = |text: &'static str| {
        let workload = format!("read-{text}");
        let direct = |other: &str| results.faster("json", "direct", &workload, other);
        let of = |name: &str| match name {
            "direct" | "metadata" | "tagged" => {
                results.faster("json", name, &workload, "serde_json")
            }
            // Others run against `Direct` alone, in the same rounds.
            _ => Some(direct("serde_json")? / direct(name)?),
        };
        let bars = names.iter().zip(inks).map(|(name, ink)| Bar::new(ink, of(name))).collect();
        Group { name: text, bars }
    };
    let words = |name: &str| {
        let found = READERS.iter().find(|(other, _)| *other == name);
        plain(found.map_or(name, |(_, shown)| *shown))
    };
    let legend: Vec<(Ink, String)> = inks.into_iter().zip(names.map(words)).collect();
    let heads = Heads {
        title: "JSON read and dropped: times as fast as serde_json",
        about: "higher is better; others: Direct's ratio to serde_json, divided by its ratio to them",
    };
    charts::groups(heads, "×", &legend, &DOCUMENTS.map(group), 3)
}

/// Evaluating expressions, per expression.
fn expressions(results: &Results) -> String {
    let inks =
        [Ink::Floor, Ink::Metadata, Ink::Other(0), Ink::Other(1), Ink::Other(2), Ink::Other(3)];
    let workloads = [("w1", "with transcendental functions"), ("w2", "without")];
    let groups = workloads.map(|(workload, shown)| {
        let bar = |((name, _), ink): (&(&str, &str), Ink)| {
            Bar::new(ink, results.get("expr", &format!("{name}/{workload}/ns")))
        };
        Group { name: shown, bars: EVALUATORS.iter().zip(inks).map(bar).collect() }
    });
    let legend: Vec<(Ink, String)> =
        inks.into_iter().zip(EVALUATORS.map(|(_, shown)| plain(shown))).collect();
    let slowest = workloads.map(|(workload, _)| exp_rs(results, workload).map(number));
    let slowest = match slowest {
        [Some(with), Some(without)] => {
            format!("; exp-rs leaves the chart: {with} with, {without} without")
        }
        _ => String::new(),
    };
    let heads = Heads {
        title: "An expression evaluated",
        about: &format!("nanoseconds, lower is better{slowest}"),
    };
    charts::groups(heads, "ns", &legend, &groups, groups.len())
}
