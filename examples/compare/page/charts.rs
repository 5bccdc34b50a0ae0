//! Charts: bars in groups, bars in rows, and curves.

use super::scale::Scale;
use super::svg::{At, Drawing, Fill, Heads, Ink, Stroke, legend_width};
use super::table::number;

const LEFT: f64 = 60.0;
const RIGHT: f64 = 16.0;
/// Where a legend's text stands.
const LEGEND: [f64; 2] = [16.0, 68.0];
/// From the top to where a chart's ground begins.
const HEAD: f64 = 100.0;

/// One bar.
#[derive(Debug, Clone)]
pub(crate) struct Bar {
    pub(crate) ink: Ink,
    /// How long it is; none where nothing was measured.
    pub(crate) value: Option<f64>,
    /// What is written below it, if the legend does not say it.
    pub(crate) name: String,
}

impl Bar {
    /// A bar that the legend names.
    pub(crate) fn new(ink: Ink, value: Option<f64>) -> Self {
        Self { ink, value, name: String::new() }
    }
}

/// Bars with a name in common.
pub(crate) struct Group<'a> {
    pub(crate) name: &'a str,
    pub(crate) bars: Vec<Bar>,
}

/// Groups of upright bars over one scale, each bar with its number; so many groups in a
/// row, the others below.
pub(crate) fn groups(
    heads: Heads<'_>,
    unit: &str,
    legend: &[(Ink, String)],
    groups: &[Group<'_>],
    across: usize,
) -> String {
    const HEIGHT: f64 = 220.0;
    const FOOT: f64 = 64.0;
    let bars = || groups.iter().flat_map(|group| &group.bars);
    let scale = Scale::linear(bars().filter_map(|bar| bar.value), HEIGHT);
    let rows: Vec<&[Group<'_>]> = groups.chunks(across.max(1)).collect();
    let least = (2.0 * LEGEND[0] + legend_width(legend)).ceil();
    let width = rows.iter().map(|row| extent(row)).fold(least, f64::max);
    let height = HEAD + rows.len() as f64 * (HEIGHT + FOOT) - 14.0;
    let mut drawing = Drawing::new([width, height], heads);
    drawing.legend(LEGEND, legend);
    for (index, row) in rows.into_iter().enumerate() {
        let ground = HEAD + HEIGHT + index as f64 * (HEIGHT + FOOT);
        rules(&mut drawing, [LEFT, extent(row) - RIGHT], ground, &scale, unit);
        row_of_groups(&mut drawing, ground, &scale, row);
    }
    drawing.finish()
}

const BAR: f64 = 32.0;
const BETWEEN: f64 = 24.0;

/// How wide a row of groups is, its scale included.
fn extent(row: &[Group<'_>]) -> f64 {
    let bars: usize = row.iter().map(|group| group.bars.len()).sum();
    LEFT + bars as f64 * BAR + row.len() as f64 * BETWEEN + RIGHT
}

fn row_of_groups(drawing: &mut Drawing, ground: f64, scale: &Scale, row: &[Group<'_>]) {
    let named = row.iter().flat_map(|group| &group.bars).any(|bar| !bar.name.is_empty());
    let below = ground + if named { 36.0 } else { 18.0 };
    let mut x = LEFT + BETWEEN / 2.0;
    for Group { name, bars } in row {
        let middle = x + bars.len() as f64 * BAR / 2.0;
        for bar in bars {
            if let Some(value) = bar.value {
                let height = scale.height(value);
                let middle = x + BAR / 2.0;
                drawing.surface(bar.ink, Fill::Full, [x + 2.0, ground - height, BAR - 4.0, height]);
                drawing.text(At::Middle, [middle, ground - height - 4.0], &number(value));
                if !bar.name.is_empty() {
                    drawing.text(At::Middle, [middle, ground + 16.0], &bar.name);
                }
            }
            x += BAR;
        }
        drawing.text(At::Middle, [middle, below], name);
        x += BETWEEN;
    }
}

/// Bars in rows, one below the other, the name in front and the number behind.
pub(crate) fn rows(heads: Heads<'_>, bars: &[(String, Ink, f64)]) -> String {
    const ROW: f64 = 22.0;
    const NAMES: f64 = 190.0;
    const WIDTH: f64 = 440.0;
    let scale = Scale::linear(bars.iter().map(|(_, _, value)| *value), WIDTH);
    let height = 62.0 + bars.len() as f64 * ROW + 16.0;
    let mut drawing = Drawing::new([NAMES + WIDTH + 70.0, height], heads);
    for (index, (name, ink, value)) in bars.iter().enumerate() {
        let y = 62.0 + index as f64 * ROW;
        let length = scale.height(*value);
        drawing.text(At::End, [NAMES - 8.0, y + 14.0], name);
        drawing.surface(*ink, Fill::Full, [NAMES, y + 2.0, length, ROW - 5.0]);
        drawing.text(At::Start, [NAMES + length + 6.0, y + 14.0], &number(*value));
    }
    drawing.finish()
}

/// A curve, its name and its values, one per tick of the lower axis.
pub(crate) struct Curve {
    pub(crate) ink: Ink,
    pub(crate) stroke: Stroke,
    pub(crate) name: String,
    pub(crate) values: Vec<f64>,
}

/// How values become heights.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Axis {
    /// From zero on.
    Linear,
    /// The same factor is the same distance everywhere.
    Logarithmic,
}

/// Curves over steps with names; the first is drawn as ground.
pub(crate) fn curves(
    heads: Heads<'_>,
    (axis, unit): (Axis, &str),
    steps: &[String],
    all: &[Curve],
) -> String {
    const WIDTH: f64 = 664.0;
    const HEIGHT: f64 = 260.0;
    let values = all.iter().flat_map(|curve| curve.values.iter().copied());
    let scale = match axis {
        Axis::Linear => Scale::linear(values, HEIGHT),
        Axis::Logarithmic => Scale::logarithmic(values, HEIGHT),
    };
    // The last number stands half behind the last step.
    let width = LEFT + WIDTH + 2.0 * RIGHT;
    let mut drawing = Drawing::new([width, HEAD + HEIGHT + 36.0], heads);
    let legend = all.iter().map(|curve| (curve.ink, curve.stroke, &*curve.name));
    drawing.legend_of_curves(LEGEND, legend);
    let ground = HEAD + HEIGHT;
    rules(&mut drawing, [LEFT, LEFT + WIDTH], ground, &scale, unit);
    let across = WIDTH / (steps.len().max(2) - 1) as f64;
    for (index, curve) in all.iter().enumerate() {
        let points = points(&curve.values, [LEFT, ground], across, &scale);
        if index == 0 {
            let below: Vec<[f64; 2]> = points.iter().map(|&[x, _]| [x, ground]).collect();
            drawing.area(curve.ink, Fill::Faint, &points, &below);
        }
        drawing.curve(curve.ink, curve.stroke, &points);
    }
    for (index, step) in steps.iter().enumerate().filter(|(_, step)| !step.is_empty()) {
        drawing.text(At::Middle, [LEFT + index as f64 * across, ground + 18.0], step);
    }
    drawing.finish()
}

/// What is used and what is held, as areas, one panel for each.
pub(crate) struct Panel<'a> {
    pub(crate) ink: Ink,
    pub(crate) name: &'a str,
    pub(crate) used: Vec<f64>,
    pub(crate) held: Vec<f64>,
}

/// Panels side by side over one scale: used below, wasted on top of it up to held.
pub(crate) fn panels(heads: Heads<'_>, unit: &str, ends: [&str; 2], all: &[Panel<'_>]) -> String {
    const WIDTH: f64 = 200.0;
    const HEIGHT: f64 = 200.0;
    const GAP: f64 = 24.0;
    let scale = Scale::linear(all.iter().flat_map(|panel| panel.held.iter().copied()), HEIGHT);
    let width = LEFT + all.len() as f64 * (WIDTH + GAP);
    // There is no legend.
    let ground = HEAD - 16.0 + HEIGHT;
    let mut drawing = Drawing::new([width, ground + 40.0], heads);
    for (index, panel) in all.iter().enumerate() {
        let left = LEFT + index as f64 * (WIDTH + GAP);
        let unit = if index == 0 { unit } else { "" };
        rules(&mut drawing, [left, left + WIDTH], ground, &scale, unit);
        let across = WIDTH / (panel.held.len().max(2) - 1) as f64;
        let used = points(&panel.used, [left, ground], across, &scale);
        let held = points(&panel.held, [left, ground], across, &scale);
        let below: Vec<[f64; 2]> = used.iter().map(|&[x, _]| [x, ground]).collect();
        drawing.area(panel.ink, Fill::Full, &used, &below);
        drawing.area(panel.ink, Fill::Weak, &held, &used);
        drawing.curve(panel.ink, Stroke::Solid, &held);
        drawing.text(At::Start, [left + 4.0, ground - HEIGHT - 10.0], panel.name);
        drawing.text(At::Start, [left, ground + 18.0], ends[0]);
        drawing.text(At::End, [left + WIDTH, ground + 18.0], ends[1]);
    }
    drawing.finish()
}

/// Values as points, so far apart.
fn points(values: &[f64], [left, ground]: [f64; 2], across: f64, scale: &Scale) -> Vec<[f64; 2]> {
    let point = |(index, value): (usize, &f64)| {
        [left + index as f64 * across, ground - scale.height(*value)]
    };
    values.iter().enumerate().map(point).collect()
}

/// Rules across the ground, each with its number if there is a unit, which the highest has.
fn rules(drawing: &mut Drawing, [left, right]: [f64; 2], ground: f64, scale: &Scale, unit: &str) {
    let rules = scale.rules();
    for (index, value) in rules.iter().enumerate() {
        let y = ground - scale.height(*value);
        drawing.rule([left, y], [right, y]);
        // Without what the multiplication left behind that made the value.
        let digits = (value * 1e6).round() / 1e6;
        let text = match unit {
            "" => continue,
            _ if index + 1 == rules.len() => format!("{digits} {unit}"),
            _ => digits.to_string(),
        };
        drawing.text(At::End, [left - 6.0, y + 4.0], &text);
    }
}
