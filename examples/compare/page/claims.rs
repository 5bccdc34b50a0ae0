//! What the sketches claimed that this project began with, and what is measured.

use super::results::Results;
use super::table::{NOTHING, markdown, number, row};

/// A claim, how it is measured, and by which figures.
struct Claim {
    says: &'static str,
    how: &'static str,
    /// The least that was claimed, in the unit of the figures.
    least: f64,
    unit: &'static str,
    figures: &'static [Measure],
}

/// A figure that a claim is measured by.
enum Measure {
    /// As it was recorded: group, name, and what it is called here.
    Figure(&'static str, &'static str, &'static str),
    /// How many times more the first is than the second.
    Times(&'static str, [&'static str; 2], &'static str),
    /// How many percent less the second is than the first.
    Less(&'static str, [&'static str; 2], &'static str),
}

use Measure::{Figure, Less, Times};

const CLAIMS: [Claim; 15] = [
    Claim {
        says: "metadata 2.5 times as fast as direct allocation",
        how: "two million arrays, 4096 of them alive, no reset: `Direct` needs new memory for each, `Metadata` uses slots again",
        least: 2.5,
        unit: " ×",
        figures: &[
            Figure("strategies", "metadata/fresh/direct", "memory new to the process"),
            Times("strategies", ["direct-mapped/ns", "metadata-mapped/ns"], "memory that it has"),
            Times(
                "strategies",
                ["direct-generations/ns", "metadata-mapped/ns"],
                "`Direct` reset every 20,000",
            ),
        ],
    },
    Claim {
        says: "tagged 3.0 times as fast as direct allocation",
        how: "the same under `Tagged`",
        least: 3.0,
        unit: " ×",
        figures: &[
            Figure("strategies", "tagged/fresh/direct", "memory new to the process"),
            Times("strategies", ["direct-mapped/ns", "tagged-mapped/ns"], "memory that it has"),
            Times(
                "strategies",
                ["direct-generations/ns", "tagged-mapped/ns"],
                "`Direct` reset every 20,000",
            ),
        ],
    },
    Claim {
        says: "50 % less allocation overhead",
        how: "time of an array in a churn of 4096, and calls of the heap for a JSON document of 100 KB, new pool and parser",
        least: 50.0,
        unit: " %",
        figures: &[
            Less(
                "strategies",
                ["glibc/churn/ns", "metadata/churn/ns"],
                "time, `Metadata` against glibc",
            ),
            Less(
                "strategies",
                ["glibc/churn/ns", "tagged/churn/ns"],
                "time, `Tagged` against glibc",
            ),
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
        least: 30.0,
        unit: " %",
        figures: &[
            Less("json", ["serde_json/read-twitter/ns", "metadata/read-twitter/ns"], "twitter"),
            Less(
                "json",
                ["serde_json/read-citm_catalog/ns", "metadata/read-citm_catalog/ns"],
                "citm_catalog",
            ),
            Less("json", ["serde_json/read-canada/ns", "metadata/read-canada/ns"], "canada"),
            Less(
                "json",
                ["serde_json/read-github_events/ns", "metadata/read-github_events/ns"],
                "github_events",
            ),
            Less("json", ["serde_json/read-api_10kb/ns", "metadata/read-api_10kb/ns"], "api_10kb"),
        ],
    },
    Claim {
        says: "25 % less memory for a document",
        how: "most bytes while it is read, new pool and parser, `Metadata` against serde_json",
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
        says: "arenas: allocation 20 times as fast",
        how: "objects of 32 bytes, a thousand before a reset; a syntax tree of 100,000 nodes against boxes in a heap that was in use",
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
        how: "that tree, every node read",
        least: 1.1,
        unit: " ×",
        figures: &[Figure("memory", "arena/tree-walk/boxed", "speed")],
    },
    Claim {
        says: "arenas: 75 % fewer cache misses",
        how: "first data cache in that walk, as cachegrind simulates it",
        least: 75.0,
        unit: " %",
        figures: &[Figure("memory", "arena/walk/D1-misses-fewer-%", "fewer")],
    },
    Claim {
        says: "arenas: 44 % less memory",
        how: "that tree, names once in the arena, against blocks of the system's heap",
        least: 44.0,
        unit: " %",
        figures: &[Figure("memory", "arena/tree/bytes-saved-%", "less")],
    },
    Claim {
        says: "arenas: teardown 2100 times as fast",
        how: "that tree, an arena's reset against dropped boxes",
        least: 2100.0,
        unit: " ×",
        figures: &[Figure("memory", "arena/tree-tear-down/boxed", "speed")],
    },
    Claim {
        says: "arenas: 12,450 allocations become 3",
        how: "calls of the heap while that tree is built, against boxes; default chunks are of 4 KiB to 64 KiB",
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
        least: 5.0,
        unit: " ×",
        figures: POOLS,
    },
    Claim {
        says: "10 to 100 times as fast as a general pool",
        how: "the same",
        least: 10.0,
        unit: " ×",
        figures: POOLS,
    },
    Claim {
        says: "1364 bytes of allocation per evaluation gone",
        how: "bytes asked of the heap in 1000 ticks of seven expressions, each with ten parameters",
        least: 0.0,
        unit: " bytes",
        figures: &[Figure("expr", "arraypool/w1-tick/heap-bytes", "left")],
    },
    Claim {
        says: "75 % less compiler memory",
        how: "trees and checked forms of seven expressions: at once in phases that are reset, against all kept",
        least: 75.0,
        unit: " %",
        figures: &[Figure("expr", "phases/w1-compile/saved-%", "less")],
    },
];

const POOLS: &[Measure] = &[
    Times("strategies", ["object-pool/pair-12/ns", "metadata/pair-12/ns"], "object-pool"),
    Times("strategies", ["opool/pair-12/ns", "metadata/pair-12/ns"], "opool"),
    Times("strategies", ["plurality/pair-12/ns", "metadata/pair-12/ns"], "plurality"),
    Times("strategies", ["forge-alloc/pair-12/ns", "metadata/pair-12/ns"], "forge-alloc"),
    Times("strategies", ["vecpool/pair-12/ns", "metadata/pair-12/ns"], "vecpool"),
    Times("strategies", ["glibc/pair-12/ns", "metadata/pair-12/ns"], "glibc"),
    Times("strategies", ["glibc/churn/ns", "metadata/churn/ns"], "glibc, churn of 4096"),
];

impl Measure {
    fn value(&self, results: &Results) -> Option<f64> {
        match self {
            Figure(group, name, _) => results.get(group, name),
            Times(group, [over, under], _) => results.ratio(group, over, under),
            Less(group, [theirs, ours], _) => {
                Some((1.0 - results.ratio(group, ours, theirs)?) * 100.0)
            }
        }
    }

    fn called(&self) -> &'static str {
        match self {
            Figure(.., called) | Times(.., called) | Less(.., called) => called,
        }
    }
}

impl Claim {
    /// Whether a figure bears the claim out. One that is to be gone has to be 0.
    fn holds(&self, value: f64) -> bool {
        if self.least == 0.0 { value == 0.0 } else { value >= self.least }
    }

    fn verdict(&self, values: &[f64]) -> &'static str {
        let holding = values.iter().filter(|value| self.holds(**value)).count();
        match holding {
            _ if values.is_empty() => NOTHING,
            0 => "does not hold",
            all if all == values.len() => "holds",
            _ => "holds in part",
        }
    }

    fn row(&self, results: &Results) -> Vec<String> {
        let measured = self.figures.iter().map(|figure| (figure.called(), figure.value(results)));
        let values: Vec<f64> = measured.clone().filter_map(|(_, value)| value).collect();
        let told: Vec<String> = measured
            .map(|(called, value)| {
                let value = value.map(|value| number(value) + self.unit);
                format!("{called}: {}", value.unwrap_or(NOTHING.to_string()))
            })
            .collect();
        let verdict = self.verdict(&values).to_string();
        vec![self.says.to_string(), verdict, told.join("; "), self.how.to_string()]
    }
}

/// Every claim, whether it holds, and what was measured.
pub(crate) fn table(results: &Results) -> String {
    let mut rows = vec![row(["claim", "", "measured", "how"])];
    rows.extend(CLAIMS.iter().map(|claim| claim.row(results)));
    markdown(&rows)
}
