//! Charts: bars in groups, bars in rows, and curves.

use super::svg::{At, Drawing, Fill, Ink};
use super::table::number;

const LEFT: f64 = 60.0;
const RIGHT: f64 = 16.0;
/// From the top to where a chart's ground begins.
const HEAD: f64 = 84.0;

/// One bar: what it stands for, and how long it is; none where nothing was measured.
pub(crate) type Bar = (Ink, Option<f64>);

/// Groups of upright bars over one scale, each bar with its number.
pub(crate) fn groups(
    title: &str,
    unit: &str,
    legend: &[(Ink, &str)],
    groups: &[(&str, Vec<Bar>)],
) -> String {
    const BAR: f64 = 34.0;
    const GAP: f64 = 34.0;
    const HEIGHT: f64 = 220.0;
    let most = most(groups.iter().flat_map(|(_, bars)| bars).filter_map(|(_, value)| *value));
    let count: usize = groups.iter().map(|(_, bars)| bars.len()).sum();
    let width = LEFT + count as f64 * BAR + groups.len() as f64 * GAP + RIGHT;
    let mut drawing = Drawing::new(width.max(560.0), HEAD + HEIGHT + 40.0, title);
    drawing.legend([16.0, 52.0], legend);
    let ground = HEAD + HEIGHT;
    scale(&mut drawing, [LEFT, width - RIGHT], [HEAD, ground], most, unit);
    let mut x = LEFT + GAP / 2.0;
    for (name, bars) in groups {
        let middle = x + bars.len() as f64 * BAR / 2.0;
        for (ink, value) in bars {
            if let Some(value) = value {
                let height = value / most * HEIGHT;
                let place = [x + 2.0, ground - height, BAR - 4.0, height];
                drawing.surface(*ink, Fill::Full, place);
                drawing.text(At::Middle, [x + BAR / 2.0, ground - height - 4.0], &number(*value));
            }
            x += BAR;
        }
        drawing.text(At::Middle, [middle, ground + 18.0], name);
        x += GAP;
    }
    drawing.finish()
}

/// Bars in rows, one below the other, the name in front and the number behind.
pub(crate) fn rows(title: &str, about: &str, bars: &[(String, Ink, f64)]) -> String {
    const ROW: f64 = 22.0;
    const NAMES: f64 = 190.0;
    const WIDTH: f64 = 440.0;
    let most = most(bars.iter().map(|(_, _, value)| *value));
    let height = 62.0 + bars.len() as f64 * ROW + 16.0;
    let mut drawing = Drawing::new(NAMES + WIDTH + 70.0, height, title);
    drawing.text(At::Start, [16.0, 46.0], about);
    for (index, (name, ink, value)) in bars.iter().enumerate() {
        let y = 62.0 + index as f64 * ROW;
        let length = value / most * WIDTH;
        drawing.text(At::End, [NAMES - 8.0, y + 14.0], name);
        drawing.surface(*ink, Fill::Full, [NAMES, y + 2.0, length, ROW - 5.0]);
        drawing.text(At::Start, [NAMES + length + 6.0, y + 14.0], &number(*value));
    }
    drawing.finish()
}

/// A curve, its name and its values, one per tick of the lower axis.
pub(crate) struct Curve<'a> {
    pub(crate) ink: Ink,
    pub(crate) name: &'a str,
    pub(crate) values: Vec<f64>,
}

/// Curves over steps with names; the first is drawn as ground.
pub(crate) fn curves(title: &str, unit: &str, steps: &[String], all: &[Curve<'_>]) -> String {
    const WIDTH: f64 = 664.0;
    const HEIGHT: f64 = 260.0;
    let most = most(all.iter().flat_map(|curve| curve.values.iter().copied()));
    // The last number stands half behind the last step.
    let width = LEFT + WIDTH + 2.0 * RIGHT;
    let mut drawing = Drawing::new(width, HEAD + HEIGHT + 36.0, title);
    let legend: Vec<(Ink, &str)> = all.iter().map(|curve| (curve.ink, curve.name)).collect();
    drawing.legend([16.0, 52.0], &legend);
    let ground = HEAD + HEIGHT;
    scale(&mut drawing, [LEFT, LEFT + WIDTH], [HEAD, ground], most, unit);
    let across = WIDTH / (steps.len().max(2) - 1) as f64;
    for (index, curve) in all.iter().enumerate() {
        let points = points(&curve.values, [LEFT, ground], [across, HEIGHT / most]);
        if index == 0 {
            let below: Vec<[f64; 2]> = points.iter().map(|&[x, _]| [x, ground]).collect();
            drawing.area(curve.ink, Fill::Faint, &points, &below);
        }
        drawing.curve(curve.ink, &points);
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
pub(crate) fn panels(title: &str, unit: &str, ends: [&str; 2], all: &[Panel<'_>]) -> String {
    const WIDTH: f64 = 200.0;
    const HEIGHT: f64 = 200.0;
    const GAP: f64 = 24.0;
    let most = most(all.iter().flat_map(|panel| panel.held.iter().copied()));
    let width = LEFT + all.len() as f64 * (WIDTH + GAP);
    let mut drawing = Drawing::new(width, HEAD + HEIGHT + 40.0, title);
    let ground = HEAD + HEIGHT;
    for (index, panel) in all.iter().enumerate() {
        let left = LEFT + index as f64 * (WIDTH + GAP);
        let unit = if index == 0 { unit } else { "" };
        scale(&mut drawing, [left, left + WIDTH], [HEAD, ground], most, unit);
        let across = WIDTH / (panel.held.len().max(2) - 1) as f64;
        let step = [across, HEIGHT / most];
        let used = points(&panel.used, [left, ground], step);
        let held = points(&panel.held, [left, ground], step);
        let below: Vec<[f64; 2]> = used.iter().map(|&[x, _]| [x, ground]).collect();
        drawing.area(panel.ink, Fill::Full, &used, &below);
        drawing.area(panel.ink, Fill::Weak, &held, &used);
        drawing.curve(panel.ink, &held);
        drawing.text(At::Start, [left + 4.0, HEAD - 10.0], panel.name);
        drawing.text(At::Start, [left, ground + 18.0], ends[0]);
        drawing.text(At::End, [left + WIDTH, ground + 18.0], ends[1]);
    }
    drawing.text(
        At::Start,
        [16.0, 52.0],
        "solid: used by arrays; pale: held and not used; line: held",
    );
    drawing.finish()
}

/// Values as points: so far apart, so high for one.
fn points(values: &[f64], [left, ground]: [f64; 2], [across, up]: [f64; 2]) -> Vec<[f64; 2]> {
    let point = |(index, value): (usize, &f64)| [left + index as f64 * across, ground - value * up];
    values.iter().enumerate().map(point).collect()
}

/// The largest, and a little room above it for its number; 1 if there is none.
fn most(values: impl Iterator<Item = f64>) -> f64 {
    let most = values.fold(0.0, f64::max);
    if most > 0.0 { most * 1.05 } else { 1.0 }
}

/// Rules across the ground, each with its number if there is a unit.
fn scale(
    drawing: &mut Drawing,
    [left, right]: [f64; 2],
    [top, ground]: [f64; 2],
    most: f64,
    unit: &str,
) {
    let step = step(most);
    let mut value = 0.0;
    while value <= most {
        let y = ground - value / most * (ground - top);
        drawing.rule([left, y], [right, y]);
        if !unit.is_empty() {
            let text = if value == 0.0 { unit.to_string() } else { format!("{value}") };
            drawing.text(At::End, [left - 6.0, y + 4.0], &text);
        }
        value += step;
    }
}

/// One, two or five times a power of ten, so that there are four to ten rules.
fn step(most: f64) -> f64 {
    let power = 10_f64.powf((most / 4.0).log10().floor());
    let steps = [1.0, 2.0, 5.0].map(|times| times * power);
    steps.into_iter().rev().find(|step| most / step >= 4.0).unwrap_or(power)
}
