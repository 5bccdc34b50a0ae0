//! A batch of expressions, evaluated a thousand times a second to absolute deadlines.

mod arguments;
mod batch_file;
mod counting;
mod plot;

use core::time::Duration;
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Instant;

use arguments::Options;
use arraypool::expr::{Engine, Limits, Phases, Pool};
use arraypool::{Metadata, ReleaseStrategy, Tagged};
use batch_file::Plant;
use hdrhistogram::Histogram;

const PERIOD: Duration = Duration::from_millis(1);

fn main() -> ExitCode {
    let ran = match arguments::parse(std::env::args_os().skip(1)) {
        Ok(None) => {
            print!("{}", arguments::HELP);
            Ok(())
        }
        Ok(Some(options)) if options.tagged => run::<Tagged>(&options),
        Ok(Some(options)) => run::<Metadata>(&options),
        Err(error) => Err(error),
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("control_loop: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What was measured.
struct Measured {
    lateness: Histogram<u64>,
    evaluation: Histogram<u64>,
    missed: u64,
    allocations: u64,
}

fn run<S: ReleaseStrategy>(options: &Options) -> Result<(), String> {
    let text = match &options.file {
        Some(path) => {
            std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?
        }
        None => batch_file::SAMPLE.to_string(),
    };
    // What cannot be written is to be known before the loop, not behind it.
    let plot = match &options.plot {
        Some(path) => {
            let file =
                File::create(path).map_err(|error| format!("{}: {error}", path.display()))?;
            Some((file, path))
        }
        None => None,
    };
    let pool = Pool::<S>::default();
    let engine = Engine::<f64, S>::with(&pool, Phases::new(), Limits::DEFAULT);
    let mut plant = Plant::read(&engine, &text)?;
    let batch = &plant.batch;
    println!(
        "{} expressions, {} steps and {} nested nodes a tick at most, a frame of {} bytes, {}",
        batch.len(),
        batch.steps(),
        batch.stack_depth(),
        batch.frame_bytes(),
        S::NAME
    );
    let measured = ticks(&mut plant, options.seconds * 1000);
    for (index, name) in plant.names.iter().enumerate() {
        match plant.batch.value(index) {
            Ok(value) => println!("{name} = {value}"),
            Err(failure) => println!("{name}: {failure}"),
        }
    }
    print(&measured, options.seconds * 1000);
    if let Some((mut file, path)) = plot {
        let drawing = plot::svg(&measured.lateness, &measured.evaluation);
        let written = file.write_all(drawing.as_bytes());
        written.map_err(|error| format!("{}: {error}", path.display()))?;
        println!("drawn in {}", path.display());
    }
    if measured.allocations == 0 { Ok(()) } else { Err("the loop allocated".to_string()) }
}

fn histogram() -> Histogram<u64> {
    // From 1 ns to a minute: what is recorded never has to grow it.
    Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("these bounds are valid")
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX).max(1)
}

fn ticks<S: ReleaseStrategy>(plant: &mut Plant<'_, '_, S>, count: u32) -> Measured {
    let mut measured =
        Measured { lateness: histogram(), evaluation: histogram(), missed: 0, allocations: 0 };
    let live = std::io::stdout().is_terminal();
    let start = Instant::now();
    for tick in 0..count {
        let deadline = start + PERIOD * (tick + 1);
        std::thread::sleep(deadline.saturating_duration_since(Instant::now()));
        let allocations = counting::allocations();
        let begun = Instant::now();
        plant.tick(tick);
        let ended = Instant::now();
        measured.lateness.saturating_record(nanoseconds(begun.saturating_duration_since(deadline)));
        measured.evaluation.saturating_record(nanoseconds(ended - begun));
        // A tick is missed if it ends when the next one should begin.
        measured.missed += u64::from(ended > deadline + PERIOD);
        measured.allocations += counting::allocations() - allocations;
        if live && tick % 250 == 0 {
            print!(
                "\rtick {tick}, late by {} ns, evaluated in {} ns, {} missed   ",
                measured.lateness.value_at_quantile(0.5),
                measured.evaluation.value_at_quantile(0.5),
                measured.missed
            );
            // A terminal that is gone is no reason to stop.
            let _ = std::io::stdout().flush();
        }
    }
    if live {
        println!();
    }
    measured
}

fn print(measured: &Measured, ticks: u32) {
    println!("\n{:>12} {:>12} {:>12} {:>12} {:>12}", "ns", "median", "99 %", "99.9 %", "most");
    for (name, histogram) in
        [("lateness", &measured.lateness), ("evaluation", &measured.evaluation)]
    {
        let at = |quantile| histogram.value_at_quantile(quantile);
        let (half, most) = (at(0.5), histogram.max());
        println!("{name:>12} {half:>12} {:>12} {:>12} {most:>12}", at(0.99), at(0.999));
    }
    print!("\n{}", plot::text("lateness", &measured.lateness));
    print!("\n{}", plot::text("evaluation", &measured.evaluation));
    println!(
        "\n{ticks} ticks, {} missed, {} allocations in all ticks",
        measured.missed, measured.allocations
    );
}
