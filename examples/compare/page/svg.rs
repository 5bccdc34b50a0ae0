//! Drawings: a few shapes, in colours that can be told apart on a light page and on
//! a dark one.

use core::fmt::Write as _;

/// What a shape stands for; the style below has a colour for each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Ink {
    Direct,
    Metadata,
    Tagged,
    /// The floor, and what was asked for.
    Floor,
    /// One of the others.
    Other(usize),
}

impl Ink {
    fn class(self) -> String {
        match self {
            Self::Direct => "direct".to_string(),
            Self::Metadata => "metadata".to_string(),
            Self::Tagged => "tagged".to_string(),
            Self::Floor => "floor".to_string(),
            Self::Other(index) => format!("o{}", index % OTHERS),
        }
    }
}

/// Colours of others before they come again.
const OTHERS: usize = 5;

/// Colours by what a shape stands for, then shapes: a curve has no ground, a surface
/// no edge. (Without variables: some programs that draw have none.)
const STYLE: &str = "\
.direct{fill:#2da44e;stroke:#2da44e}.metadata{fill:#1f78d1;stroke:#1f78d1}\
.tagged{fill:#d9622b;stroke:#d9622b}.floor{fill:#8c959f;stroke:#8c959f}\
.o0{fill:#8250df;stroke:#8250df}.o1{fill:#bf8700;stroke:#bf8700}\
.o2{fill:#bf3989;stroke:#bf3989}.o3{fill:#1b7c83;stroke:#1b7c83}\
.o4{fill:#6e7781;stroke:#6e7781}\
text{font-family:system-ui,sans-serif;font-size:11px;fill:#24292f}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}\
.direct{fill:#3fb950;stroke:#3fb950}.metadata{fill:#58a6ff;stroke:#58a6ff}\
.tagged{fill:#f0883e;stroke:#f0883e}\
.o0{fill:#bc8cff;stroke:#bc8cff}.o1{fill:#e3b341;stroke:#e3b341}\
.o2{fill:#f778ba;stroke:#f778ba}.o3{fill:#39c5cf;stroke:#39c5cf}\
.o4{fill:#9ea7b3;stroke:#9ea7b3}}\
.h{font-size:15px;font-weight:600}.e{text-anchor:end}.m{text-anchor:middle}\
.a{stroke:#8c959f;stroke-width:1;opacity:.35}.b,.w,.f{stroke:none}\
.w{opacity:.45}.f{opacity:.18}.l{fill:none;stroke-width:2;stroke-linejoin:round}\
.d{stroke-dasharray:6 4}";

/// Where a text is held.
#[derive(Debug, Clone, Copy)]
pub(crate) enum At {
    Start,
    Middle,
    End,
}

/// How a surface is filled.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fill {
    Full,
    /// As a part that is not used.
    Weak,
    /// As the ground below curves.
    Faint,
}

impl Fill {
    fn class(self) -> &'static str {
        match self {
            Self::Full => "b",
            Self::Weak => "w",
            Self::Faint => "f",
        }
    }
}

/// What stands above a drawing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heads<'a> {
    pub(crate) title: &'a str,
    /// The unit, which side is the better one, and what the drawing leaves out.
    pub(crate) about: &'a str,
}

/// How a curve is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Stroke {
    Solid,
    Dashed,
}

/// A drawing that grows shape by shape.
pub(crate) struct Drawing {
    text: String,
}

impl Drawing {
    /// An empty drawing with a title above, and below that what it is about.
    pub(crate) fn new([width, height]: [f64; 2], Heads { title, about }: Heads<'_>) -> Self {
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" role=\"img\">\n"
        );
        let title = escaped(title);
        let _ = writeln!(text, "<title>{title}</title>\n<style>{STYLE}</style>");
        let _ = writeln!(text, "<text class=\"h\" x=\"16\" y=\"26\">{title}</text>");
        let mut drawing = Self { text };
        drawing.text(At::Start, [16.0, 46.0], about);
        drawing
    }

    /// A surface.
    pub(crate) fn surface(&mut self, ink: Ink, fill: Fill, [x, y, width, height]: [f64; 4]) {
        let fill = fill.class();
        let class = ink.class();
        let _ = writeln!(
            self.text,
            "<rect class=\"{fill} {class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
             height=\"{height:.1}\"/>"
        );
    }

    /// A line of the ground.
    pub(crate) fn rule(&mut self, from: [f64; 2], to: [f64; 2]) {
        let [[x1, y1], [x2, y2]] = [from, to];
        let _ = writeln!(
            self.text,
            "<line class=\"a\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        );
    }

    /// A curve through points.
    pub(crate) fn curve(&mut self, ink: Ink, stroke: Stroke, points: &[[f64; 2]]) {
        let class = ink.class();
        let stroke = if stroke == Stroke::Dashed { "l d" } else { "l" };
        let points = joined(points);
        let _ = writeln!(self.text, "<polyline class=\"{stroke} {class}\" points=\"{points}\"/>");
    }

    /// The area between points and those of another curve, taken backwards.
    pub(crate) fn area(&mut self, ink: Ink, fill: Fill, upper: &[[f64; 2]], lower: &[[f64; 2]]) {
        let fill = fill.class();
        let back: Vec<[f64; 2]> = lower.iter().rev().copied().collect();
        let _ = writeln!(
            self.text,
            "<polygon class=\"{fill} {}\" points=\"{} {}\"/>",
            ink.class(),
            joined(upper),
            joined(&back)
        );
    }

    /// A line of text.
    pub(crate) fn text(&mut self, at: At, [x, y]: [f64; 2], text: &str) {
        let class = match at {
            At::Start => "",
            At::Middle => " class=\"m\"",
            At::End => " class=\"e\"",
        };
        let text = escaped(text);
        let _ = writeln!(self.text, "<text{class} x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>");
    }

    /// What the colours of surfaces mean, side by side.
    pub(crate) fn legend(&mut self, place: [f64; 2], entries: &[(Ink, String)]) {
        self.entries(place, entries.iter().map(|(ink, name)| (*ink, None, &**name)));
    }

    /// What the colours and strokes of curves mean, side by side.
    pub(crate) fn legend_of_curves<'e>(
        &mut self,
        place: [f64; 2],
        entries: impl Iterator<Item = (Ink, Stroke, &'e str)>,
    ) {
        self.entries(place, entries.map(|(ink, stroke, name)| (ink, Some(stroke), name)));
    }

    /// A sample of each ink, a surface or a stroke, with its name behind it.
    fn entries<'e>(
        &mut self,
        [mut x, y]: [f64; 2],
        entries: impl Iterator<Item = (Ink, Option<Stroke>, &'e str)>,
    ) {
        for (ink, stroke, name) in entries {
            let width = match stroke {
                None => {
                    self.surface(ink, Fill::Full, [x, y - 9.0, 12.0, 10.0]);
                    12.0
                }
                Some(stroke) => {
                    self.curve(ink, stroke, &[[x, y - 4.0], [x + 16.0, y - 4.0]]);
                    16.0
                }
            };
            self.text(At::Start, [x + width + 5.0, y], name);
            x += width + BEHIND + characters(name);
        }
    }

    /// The drawing as a file.
    pub(crate) fn finish(self) -> String {
        self.text + "</svg>\n"
    }
}

/// How wide a legend of surfaces is, about: a character takes less.
pub(crate) fn legend_width(entries: &[(Ink, String)]) -> f64 {
    entries.iter().map(|(_, name)| 12.0 + BEHIND + characters(name)).sum()
}

/// The room behind a sample of a legend, but for its name.
const BEHIND: f64 = 18.0;

/// Room for a text, about.
fn characters(text: &str) -> f64 {
    6.2 * text.chars().count() as f64
}

fn joined(points: &[[f64; 2]]) -> String {
    let points: Vec<String> = points.iter().map(|[x, y]| format!("{x:.1},{y:.1}")).collect();
    points.join(" ")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
