//! Two histograms as one drawing.

use core::fmt::Write;

use hdrhistogram::Histogram;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 160.0;

/// Both histograms, one above the other, nanoseconds on a logarithmic scale.
pub(crate) fn svg(lateness: &Histogram<u64>, evaluation: &Histogram<u64>) -> String {
    let mut svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='{}' height='{}' font-family='sans-serif' \
         font-size='12'>\n",
        WIDTH + 40.0,
        2.0 * (HEIGHT + 60.0)
    );
    for (row, (name, histogram)) in
        [("lateness", lateness), ("evaluation", evaluation)].into_iter().enumerate()
    {
        bars(&mut svg, name, histogram, row as f64 * (HEIGHT + 60.0) + 30.0);
    }
    svg + "</svg>\n"
}

fn bars(svg: &mut String, name: &str, histogram: &Histogram<u64>, top: f64) {
    let buckets: Vec<(u64, u64)> = histogram
        .iter_log(1, 2.0)
        .map(|step| (step.value_iterated_to(), step.count_since_last_iteration()))
        .collect();
    let most = buckets.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1) as f64;
    let width = WIDTH / buckets.len().max(1) as f64;
    let _ = writeln!(svg, "<text x='20' y='{}'>{name}, ns</text>", top - 8.0);
    for (index, (value, count)) in buckets.iter().enumerate() {
        let height = *count as f64 / most * HEIGHT;
        let x = 20.0 + index as f64 * width;
        let _ = writeln!(
            svg,
            "<rect x='{x:.1}' y='{:.1}' width='{:.1}' height='{height:.1}' fill='#4a7ebb'/>\
             <text x='{x:.1}' y='{:.1}' font-size='9'>{value}</text>",
            top + HEIGHT - height,
            width - 2.0,
            top + HEIGHT + 14.0
        );
    }
}
