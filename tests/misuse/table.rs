//! The rows: what is done, what must be observed, and how the table prints it.

use core::fmt::Write;

use arraypool::{Direct, Metadata, Tagged};

use crate::report::Report;
use crate::{stray_write as stray, watched, wrong_release as wrong};

/// The columns, by their strategies' names.
pub(crate) const STRATEGIES: [&str; 3] = ["direct", "metadata", "tagged"];

/// What every probe of a cell must observe, and what the table says instead of
/// it, where the bare word would not be understood.
pub(crate) struct Expected {
    pub(crate) outcome: &'static str,
    says: Option<&'static str>,
}

/// One row of the table.
pub(crate) struct Row {
    /// The misuse, printed where it differs from the row above.
    pub(crate) group: &'static str,
    /// Which case of it.
    pub(crate) text: &'static str,
    pub(crate) runs: [fn(&mut Report); 3],
    pub(crate) expected: [Expected; 3],
}

/// An error of this kind, by every probe.
const fn error(kind: &'static str) -> Expected {
    Expected { outcome: kind, says: None }
}

/// Nothing happens to the pool, and nobody is told.
const fn unharmed(says: &'static str) -> Expected {
    Expected { outcome: "unharmed", says: Some(says) }
}

/// The release takes the wrong array back: the pool cannot know.
const fn unknown(says: &'static str) -> Expected {
    Expected { outcome: "accepted", says: Some(says) }
}

const NOT_RELEASABLE: Expected = error("not releasable");
const NONE: Expected = unharmed("no bookkeeping there");
const AWAY: Expected = unharmed("out of reach");
const CORRUPTED: Expected = error("corrupted");
const UNNOTICED: Expected = unharmed("not noticed");
const CANARY: Expected = unharmed("not without `canary`");
const INTEGRITY: Expected = unharmed("not without `integrity`");
const QUARANTINE: Expected = unknown("not without `quarantine`");
const OVERFLOW: Expected = error("overflow");
const WRITTEN: Expected = error("written after release");

/// `"misuse" "case" => function: direct, metadata, tagged;`
macro_rules! rows {
    ($($group:literal $text:literal => $module:ident::$run:ident: $direct:expr, $metadata:expr, $tagged:expr;)*) => {
        &[$(Row {
            group: $group,
            text: $text,
            runs: [$module::$run::<Direct>, $module::$run::<Metadata>, $module::$run::<Tagged>],
            expected: [$direct, $metadata, $tagged],
        }),*]
    };
}

pub(crate) const ROWS: &[Row] = rows! {
    "released twice, by `RawArray`" "at once" => wrong::raw_twice:
        NOT_RELEASABLE, error("already released"), error("already released");
    "released twice, by `RawArray`" "after its slot was reused" => wrong::raw_twice_after_reuse:
        NOT_RELEASABLE, error("stale"), error("stale");
    "released twice, by bare address" "at once" => wrong::address_twice:
        NOT_RELEASABLE, error("already released"), error("already released");
    "released twice, by bare address" "after its slot was reused by a handle"
        => wrong::address_twice_now_owned:
        NOT_RELEASABLE, error("owned"), error("owned");
    "released twice, by bare address" "after its slot was reused by hand"
        => wrong::address_twice_now_by_hand:
        NOT_RELEASABLE, QUARANTINE, QUARANTINE;
    "released twice, by bare address" "the same, with `quarantine`"
        => watched::address_twice_rested:
        NOT_RELEASABLE, error("already released"), error("already released");
    "an address from elsewhere" "stack, heap, constant, another pool, no address at all"
        => wrong::elsewhere:
        error("foreign"), error("foreign"), error("foreign");
    "an address from elsewhere" "other data of the arena that imitates an array"
        => wrong::imitation:
        NOT_RELEASABLE, error("foreign"), error("foreign");
    "an address inside an array" "every offset, the header too" => wrong::inside:
        NOT_RELEASABLE, error("interior"), error("interior");
    "released while a live handle owns it" "by address and by generation" => wrong::owned:
        NOT_RELEASABLE, error("owned"), error("owned");
    "released after `reset`, by `RawArray`" "at once" => wrong::raw_after_reset:
        error("foreign"), error("stale"), error("stale");
    "released after `reset`, by `RawArray`" "after its slot was reused"
        => wrong::raw_after_reset_and_reuse:
        NOT_RELEASABLE, error("stale"), error("stale");
    "released after `reset`, by bare address" "at once" => wrong::address_after_reset:
        error("foreign"), error("already released"), error("already released");
    "released after `reset`, by bare address" "after its slot was reused by a handle"
        => wrong::address_after_reset_now_owned:
        NOT_RELEASABLE, error("owned"), error("owned");
    "released after `reset`, by bare address" "after its slot was reused by hand"
        => wrong::address_after_reset_now_by_hand:
        NOT_RELEASABLE, unknown("not noticed"), unknown("not noticed");
    "bookkeeping of a live array overwritten" "met by `release`" => stray::met_by_release:
        NONE, AWAY, CORRUPTED;
    "bookkeeping of a live array overwritten" "met by `drop`: counted, and the hook is called"
        => stray::met_by_drop:
        NONE, AWAY, CORRUPTED;
    "bookkeeping of a live array overwritten" "met by `release_raw` and `release_ptr`"
        => stray::met_by_hand:
        NOT_RELEASABLE, AWAY, CORRUPTED;
    "bookkeeping of a live array overwritten" "before `into_raw`, met by `release_raw`"
        => stray::met_on_the_way_to_hand:
        NOT_RELEASABLE, AWAY, CORRUPTED;
    "bookkeeping of a free array overwritten" "met by the next allocation"
        => stray::met_by_allocation:
        NONE, AWAY, CORRUPTED;
    "bookkeeping of a free array overwritten" "met by a second release"
        => stray::met_by_second_release:
        NOT_RELEASABLE, error("already released"), CORRUPTED;
    "bookkeeping of a free array overwritten" "its list's head too, met by an allocation before"
        => stray::met_twice:
        NOT_RELEASABLE, error("already released"), CORRUPTED;
    "bookkeeping of any array overwritten" "met by `verify` and `locate`" => stray::met_by_verify:
        NONE, AWAY, CORRUPTED;
    "bookkeeping of any array overwritten" "before `reset`, met when its slot's turn comes: passed over"
        => stray::met_after_reset:
        NONE, AWAY, CORRUPTED;
    "overflow past the slot's end" "met by `verify`" => stray::overflow_met_by_verify:
        UNNOTICED, CANARY, CORRUPTED;
    "overflow past the slot's end" "met by the next array's release"
        => stray::overflow_met_by_release:
        NOT_RELEASABLE, CANARY, CORRUPTED;
    "overflow past the slot's end" "with `canary`, met by the array's own `release` and `drop`"
        => watched::overflow_past_slot:
        OVERFLOW, OVERFLOW, OVERFLOW;
    "overflow past the length, inside the slot" "" => stray::overflow_inside:
        CANARY, CANARY, CANARY;
    "overflow past the length, inside the slot" "with `canary`, met by `release` and `drop`"
        => watched::overflow_inside:
        OVERFLOW, OVERFLOW, OVERFLOW;
    "elements written after release" "" => stray::elements_written_after_release:
        UNNOTICED, INTEGRITY, INTEGRITY;
    "elements written after release" "with `integrity`, met by the next allocation: passed over and reported"
        => watched::written_after_release:
        UNNOTICED, WRITTEN, WRITTEN;
};

/// The table, in Markdown. Called when every cell has been observed.
pub(crate) fn render() -> String {
    let mut text = String::from("| misuse | case | `Direct` | `Metadata` | `Tagged` |\n");
    text.push_str("|---|---|---|---|---|\n");
    let mut above = "";
    for row in ROWS {
        let group = if row.group == above { "" } else { row.group };
        above = row.group;
        write!(text, "| {group} | {}", row.text).expect("a string takes it");
        for cell in &row.expected {
            write!(text, " | {}", cell.says.unwrap_or(cell.outcome)).expect("a string takes it");
        }
        text.push_str(" |\n");
    }
    text
}
