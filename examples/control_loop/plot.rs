//! Histograms, as lines of text and as a drawing.

use core::fmt::Write;

use hdrhistogram::Histogram;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 160.0;
/// Above and below the bars of one histogram.
const MARGIN: (f64, f64) = (44.0, 28.0);
/// Characters of the longest bar.
const LONGEST: u64 = 48;

/// Values from `low` nanoseconds up to twice that, and how many there were.
struct Bar {
    low: u64,
    count: u64,
}

/// One bar for each power of two from the smallest value to the largest.
fn bars(histogram: &Histogram<u64>) -> Vec<Bar> {
    let (first, last) = (histogram.min().max(1).ilog2(), histogram.max().max(1).ilog2());
    let lows = (first..=last).map(|power| 1_u64 << power);
    lows.map(|low| Bar { low, count: histogram.count_between(low, 2 * low - 1) }).collect()
}

/// How many there are in the longest bar.
fn most(bars: &[Bar]) -> u64 {
    bars.iter().map(|bar| bar.count).max().unwrap_or(1).max(1)
}

/// A time in the unit that makes it short.
fn time(nanoseconds: u64) -> String {
    match nanoseconds as f64 {
        few @ ..1e3 => format!("{few} ns"),
        some @ ..1e6 => format!("{:.0} µs", some / 1e3),
        many @ ..1e9 => format!("{:.0} ms", many / 1e6),
        rest => format!("{:.0} s", rest / 1e9),
    }
}

/// A histogram in lines of text.
pub(crate) fn text(name: &str, histogram: &Histogram<u64>) -> String {
    let bars = bars(histogram);
    let most = most(&bars);
    let mut text = format!("{name}, from:\n");
    for Bar { low, count } in &bars {
        let length = (count * LONGEST).div_ceil(most);
        let bar: String = (0..length).map(|_| '#').collect();
        let _ = writeln!(text, "{:>12} {count:>8} {bar}", time(*low));
    }
    text
}

/// Both histograms, one above the other.
pub(crate) fn svg(lateness: &Histogram<u64>, evaluation: &Histogram<u64>) -> String {
    let row = MARGIN.0 + HEIGHT + MARGIN.1;
    let (width, height) = (WIDTH + 40.0, 2.0 * row);
    let mut svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' \
         viewBox='0 0 {width} {height}' font-family='sans-serif' fill='#222'>\n\
         <rect width='100%' height='100%' fill='#fff'/>\n"
    );
    draw(&mut svg, "Lateness of a tick", lateness, MARGIN.0);
    draw(&mut svg, "Evaluation of all expressions", evaluation, MARGIN.0 + row);
    svg + "</svg>\n"
}

fn draw(svg: &mut String, name: &str, histogram: &Histogram<u64>, top: f64) {
    let bars = bars(histogram);
    let (most, width, bottom) = (most(&bars), WIDTH / bars.len() as f64, top + HEIGHT);
    let at = |quantile| time(histogram.value_at_quantile(quantile));
    let _ = writeln!(
        svg,
        "<text x='20' y='{}' font-size='14'>{name}: median {}, 99 % {}, most {} \
         ({} ticks)</text>",
        top - 24.0,
        at(0.5),
        at(0.99),
        time(histogram.max()),
        histogram.len()
    );
    for (index, Bar { low, count }) in bars.iter().enumerate() {
        let height = *count as f64 / most as f64 * HEIGHT;
        let (x, y) = (20.0 + index as f64 * width, bottom - height);
        let middle = x + width / 2.0;
        let _ = writeln!(
            svg,
            "<rect x='{:.1}' y='{y:.1}' width='{:.1}' height='{height:.1}' fill='#4a7ebb'/>\n\
             <text x='{middle:.1}' y='{:.1}' font-size='9' text-anchor='middle'>{count}</text>\n\
             <text x='{x:.1}' y='{:.1}' font-size='9' text-anchor='middle'>{}</text>",
            x + 1.0,
            width - 2.0,
            y - 4.0,
            bottom + 14.0,
            time(*low)
        );
    }
    let _ = writeln!(
        svg,
        "<line x1='20' y1='{bottom}' x2='{}' y2='{bottom}' stroke='#222'/>",
        20.0 + WIDTH
    );
}
