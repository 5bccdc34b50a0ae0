//! What the sketches claimed that this project began with, and what is measured.

use super::peers::{over_fastest, shown};
use super::results::Results;
use super::table::{NOTHING, markdown, number, row};

/// A claim, how it is measured, and by which figures.
struct Claim {
    says: &'static str,
    how: &'static str,
    /// What stands behind a verdict that it holds, if it does only under conditions.
    holds: &'static str,
    /// The least that was claimed, in the unit of the figures.
    least: f64,
    unit: &'static str,
    figures: &'static [Measure],
}

/// A figure that a claim is measured by.
enum Measure {
    /// As it was recorded: group, name, and what it is called here.
    Figure(&'static str, &'static str, &'static str),
    /// How many times more the first of two counts is than the second.
    Times(&'static str, [&'static str; 2], &'static str),
    /// How many percent less the second of two counts is than the first.
    Less(&'static str, [&'static str; 2], &'static str),
    /// Group, and who is how many times as fast in which workload as whom.
    Faster(&'static str, [&'static str; 3], &'static str),
    /// The same in percent of time that is saved.
    Saved(&'static str, [&'static str; 3], &'static str),
    /// In percent, who saves in which workload against the fastest general allocator there.
    SavedOfFastest([&'static str; 2], &'static str),
    /// How many percent less `Metadata` and the text have at the peak of reading a document
    /// than `serde_json` without it.
    SavedWithText(&'static str),
}

use Measure::{Faster, Figure, Less, Saved, SavedOfFastest, SavedWithText, Times};

const CLAIMS: [Claim; 16] = [
    Claim {
        says: "metadata 2.5 times as fast as direct allocation",
        how: "two million arrays, 4096 of them alive, no reset: `Direct` needs new memory for each, `Metadata` uses slots again",
        holds: "",
        least: 2.5,
        unit: " ×",
        figures: &[
            Faster("strategies", ["metadata", "fresh", "direct"], "memory new to the process"),
            Faster("strategies", ["metadata", "mapped", "direct"], "memory that it has"),
            Faster(
                "strategies",
                ["metadata", "mapped", "direct-generations"],
                "`Direct` reset every 20,000",
            ),
        ],
    },
    Claim {
        says: "tagged 3.0 times as fast as direct allocation",
        how: "the same under `Tagged`",
        holds: "",
        least: 3.0,
        unit: " ×",
        figures: &[
            Faster("strategies", ["tagged", "fresh", "direct"], "memory new to the process"),
            Faster("strategies", ["tagged", "mapped", "direct"], "memory that it has"),
            Faster(
                "strategies",
                ["tagged", "mapped", "direct-generations"],
                "`Direct` reset every 20,000",
            ),
        ],
    },
    Claim {
        says: "50 % less allocation overhead",
        how: "time of an array in a churn of 4096, and calls of the heap for a JSON document of 100 KB, new pool and parser",
        holds: "",
        least: 50.0,
        unit: " %",
        figures: &[
            Saved("strategies", ["metadata", "churn", "glibc"], "time, `Metadata` against glibc"),
            Saved("strategies", ["tagged", "churn", "glibc"], "time, `Tagged` against glibc"),
            SavedOfFastest(["metadata", "churn"], "time, `Metadata`"),
            SavedOfFastest(["tagged", "churn"], "time, `Tagged`"),
            Less(
                "json",
                ["serde_json/calls-100-kb", "metadata/calls-100-kb/cold"],
                "calls, `Metadata` against serde_json",
            ),
        ],
    },
    Claim {
        says: "30 % less parse time",
        how: "a JSON document read and dropped, `Metadata` against serde_json",
        holds: "",
        least: 30.0,
        unit: " %",
        figures: &[
            Saved("json", ["metadata", "read-twitter", "serde_json"], "twitter"),
            Saved("json", ["metadata", "read-citm_catalog", "serde_json"], "citm_catalog"),
            Saved("json", ["metadata", "read-canada", "serde_json"], "canada"),
            Saved("json", ["metadata", "read-github_events", "serde_json"], "github_events"),
            Saved("json", ["metadata", "read-api_10kb", "serde_json"], "api_10kb"),
        ],
    },
    Claim {
        says: "25 % less memory for a document",
        how: "most bytes while it is read, new pool and parser, `Metadata` against serde_json; the text, from which the tree borrows its strings, is not counted",
        holds: "",
        least: 25.0,
        unit: " %",
        figures: &[
            Figure("json", "metadata/peak-twitter/below-serde_json-%", "twitter"),
            Figure("json", "metadata/peak-citm_catalog/below-serde_json-%", "citm_catalog"),
            Figure("json", "metadata/peak-canada/below-serde_json-%", "canada"),
            Figure("json", "metadata/peak-github_events/below-serde_json-%", "github_events"),
            Figure("json", "metadata/peak-api_10kb/below-serde_json-%", "api_10kb"),
        ],
    },
    Claim {
        says: "the same, with the text",
        how: "the same, with the text on the side of `Metadata`, where it has to stay as long as the tree; serde_json copies its strings",
        holds: "",
        least: 25.0,
        unit: " %",
        figures: &[
            SavedWithText("twitter"),
            SavedWithText("citm_catalog"),
            SavedWithText("canada"),
            SavedWithText("github_events"),
            SavedWithText("api_10kb"),
        ],
    },
    Claim {
        says: "arenas: allocation 20 times as fast",
        how: "objects of 32 bytes, a thousand before a reset; a syntax tree of 100,000 nodes against boxes in a heap that was in use",
        holds: "",
        least: 20.0,
        unit: " ×",
        figures: &[
            Figure("strategies", "arena/objects/glibc", "objects, against glibc"),
            Figure("strategies", "arena/objects/rpmalloc", "objects, against rpmalloc"),
            Figure("memory", "arena/tree-build/boxed", "the tree"),
        ],
    },
    Claim {
        says: "arenas: walks 10 to 15 % faster",
        how: "that tree, every node read; the boxes were built in a heap shuffled so that no two free blocks were neighbours; a fresh heap was not measured",
        holds: " against a fragmented heap",
        least: 1.1,
        unit: " ×",
        figures: &[Figure("memory", "arena/tree-walk/boxed", "speed")],
    },
    Claim {
        says: "arenas: 75 % fewer cache misses",
        how: "first data cache in that walk, as cachegrind simulates it",
        holds: "",
        least: 75.0,
        unit: " %",
        figures: &[Figure("memory", "arena/walk/D1-misses-fewer-%", "fewer")],
    },
    Claim {
        says: "arenas: 44 % less memory",
        how: "that tree: nodes of 16 bytes and each name once in the arena, against boxes with a `String` per name in the system's heap",
        holds: " for another data structure",
        least: 44.0,
        unit: " %",
        figures: &[Figure("memory", "arena/tree/bytes-saved-%", "less")],
    },
    Claim {
        says: "arenas: teardown 2100 times as fast",
        how: "that tree, an arena's reset against dropped boxes, built in the same shuffled heap; a fresh heap was not measured",
        holds: " against a fragmented heap",
        least: 2100.0,
        unit: " ×",
        figures: &[Figure("memory", "arena/tree-tear-down/boxed", "speed")],
    },
    Claim {
        says: "arenas: 12,450 allocations become 3",
        how: "calls of the heap while that tree is built, against boxes; default chunks are of 4 KiB to 64 KiB",
        holds: "",
        least: 12_450.0 / 3.0,
        unit: " × fewer",
        figures: &[Times(
            "memory",
            ["boxed/tree/heap-calls", "arena/tree/heap-calls"],
            "boxes against an arena",
        )],
    },
    Claim {
        says: "5 times as fast as a general pool",
        how: "one live array of 12, against pools of others and the system's allocator",
        holds: "",
        least: 5.0,
        unit: " ×",
        figures: POOLS,
    },
    Claim {
        says: "10 to 100 times as fast as a general pool",
        how: "the same",
        holds: "",
        least: 10.0,
        unit: " ×",
        figures: POOLS,
    },
    Claim {
        says: "1364 bytes of allocation per evaluation gone",
        how: "bytes asked of the heap in 1000 ticks of seven expressions, each with ten parameters",
        holds: "",
        least: 0.0,
        unit: " bytes",
        figures: &[Figure("expr", "arraypool/w1-tick/heap-bytes", "left")],
    },
    Claim {
        says: "75 % less compiler memory",
        how: "trees and checked forms of seven expressions: the largest in phases that are reset, against the sum of all; of one expression nothing is saved, and the share grows with their number",
        holds: " in part",
        least: 75.0,
        unit: " %",
        figures: &[Figure("expr", "phases/w1-compile/saved-%", "less")],
    },
];

const POOLS: &[Measure] = &[
    Faster("strategies", ["metadata", "pair-12", "object-pool"], "object-pool"),
    Faster("strategies", ["metadata", "pair-12", "opool"], "opool"),
    Faster("strategies", ["metadata", "pair-12", "plurality"], "plurality"),
    Faster("strategies", ["metadata", "pair-12", "forge-alloc"], "forge-alloc"),
    Faster("strategies", ["metadata", "pair-12", "vecpool"], "vecpool"),
    Faster("strategies", ["metadata", "pair-12", "glibc"], "glibc"),
    Faster("strategies", ["metadata", "churn", "glibc"], "glibc, churn of 4096"),
];

impl Measure {
    fn value(&self, results: &Results) -> Option<f64> {
        match self {
            Figure(group, name, _) => results.get(group, name),
            Times(group, [over, under], _) => results.ratio(group, over, under),
            Less(group, [theirs, ours], _) => results.ratio(group, theirs, ours).map(saved),
            Faster(group, [one, workload, other], _) => results.faster(group, one, workload, other),
            Saved(group, [one, workload, other], _) => {
                results.faster(group, one, workload, other).map(saved)
            }
            SavedOfFastest([one, workload], _) => {
                over_fastest(results, one, workload).map(|(_, ratio)| saved(ratio))
            }
            SavedWithText(text) => {
                let peak = |who: &str| results.get("json", &format!("{who}/peak-{text}/text"));
                Some(saved(peak("serde_json")? / (peak("metadata")? + 1.0)))
            }
        }
    }

    fn called(&self, results: &Results) -> String {
        match self {
            SavedOfFastest([one, workload], called) => {
                let against = over_fastest(results, one, workload);
                let against =
                    against.map_or(String::new(), |(name, _)| format!("{}, ", shown(name)));
                format!("{called} against {against}the fastest general allocator there")
            }
            SavedWithText(called)
            | Figure(.., called)
            | Times(.., called)
            | Less(.., called)
            | Faster(.., called)
            | Saved(.., called) => (*called).to_string(),
        }
    }
}

/// The percentage that is not needed by who is so many times as fast.
fn saved(times: f64) -> f64 {
    (1.0 - 1.0 / times) * 100.0
}

impl Claim {
    /// Whether a figure bears the claim out. One that is to be gone has to be 0.
    fn holds(&self, value: f64) -> bool {
        if self.least == 0.0 { value == 0.0 } else { value >= self.least }
    }

    fn verdict(&self, values: &[f64]) -> String {
        let holding = values.iter().filter(|value| self.holds(**value)).count();
        match holding {
            _ if values.is_empty() => NOTHING.to_string(),
            0 => "does not hold".to_string(),
            all if all == values.len() => format!("holds{}", self.holds),
            _ => "holds in part".to_string(),
        }
    }

    fn row(&self, results: &Results) -> Vec<String> {
        let measured =
            self.figures.iter().map(|figure| (figure.called(results), figure.value(results)));
        let values: Vec<f64> = measured.clone().filter_map(|(_, value)| value).collect();
        let told: Vec<String> = measured
            .map(|(called, value)| {
                let value = value.map(|value| number(value) + self.unit);
                format!("{called}: {}", value.unwrap_or(NOTHING.to_string()))
            })
            .collect();
        let verdict = self.verdict(&values);
        vec![self.says.to_string(), verdict, told.join("; "), self.how.to_string()]
    }
}

/// Every claim, whether it holds, and what was measured.
pub(crate) fn table(results: &Results) -> String {
    let mut rows = vec![row(["claim", "", "measured", "how"])];
    rows.extend(CLAIMS.iter().map(|claim| claim.row(results)));
    markdown(&rows)
}
