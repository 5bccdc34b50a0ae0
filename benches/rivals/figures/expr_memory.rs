//! What expressions ask of memory: nothing in a tick, and little while they are compiled.

use arraypool::expr::{Engine, Pool};

use crate::expressions::{PARAMETERS, W1, parameters};
use crate::json_memory::count;
use crate::report::{Goal, Report};

/// Ticks that are watched.
const TICKS: u32 = 1000;

pub(crate) fn run(report: &mut Report) {
    let pool: Pool = Pool::new();
    let engine = Engine::new(&pool);
    let mut batch = engine.batch();
    for name in PARAMETERS {
        batch.parameter(name, 0.0).expect("a slot");
    }
    for text in W1 {
        batch.add(text).expect("an expression");
    }
    let mut batch = batch.build();
    let (sum, asked) = count(|| {
        let mut sum = 0.0;
        for tick in 0..TICKS {
            for (index, value) in parameters(tick).into_iter().enumerate() {
                batch.set(index, value);
            }
            batch.eval();
            sum += batch.results().iter().sum::<f64>();
        }
        sum
    });
    assert!(sum.is_finite(), "every tick has results");
    report.goal("arraypool/w1-tick/heap-calls", asked.calls as f64, Goal::AtMost(0.0));
    report.goal("arraypool/w1-tick/heap-bytes", asked.peak as f64, Goal::AtMost(0.0));
    compiling(report);
}

/// Bytes of the trees and the checked forms of all texts: what phases that are
/// reset hold at once, and what one arena for all would hold in the end.
fn compiling(report: &mut Report) {
    let peak = |texts: &[&str]| {
        let pool: Pool = Pool::new();
        let engine = Engine::new(&pool);
        let mut batch = engine.batch();
        for name in PARAMETERS {
            batch.parameter(name, 0.0).expect("a slot");
        }
        for text in texts {
            batch.add(text).expect("an expression");
        }
        drop(batch);
        let (parse, ir) = engine.peak_bytes();
        parse + ir
    };
    let at_once = peak(&W1) as f64;
    let kept = W1.iter().map(|text| peak(&[text])).sum::<usize>() as f64;
    report.fact("phases/w1-compile/bytes-at-once", at_once);
    report.fact("phases/w1-compile/bytes-if-kept", kept);
    report.fact("phases/w1-compile/saved-%", (1.0 - at_once / kept) * 100.0);
}
