//! Measuring: documents that come and go in one pool, and their arrays alone.

#![forbid(unsafe_code)]

use core::mem::MaybeUninit;
use core::time::Duration;
use std::time::Instant;

use arraypool::json::{Classes, Document, Parser, Pool};
use arraypool::{Arena, PoolArray, ReleaseStrategy};
use indicatif::ProgressBar;

use crate::arguments::Options;
use crate::input::Input;
use crate::random::Random;
use crate::tree;

/// Documents that live at the same time.
pub(crate) const ALIVE: usize = 8;
/// Where nothing goes back, documents come in generations: when the arena holds
/// this much, all are dropped and it is reset.
pub(crate) const GENERATION_BYTES: usize = 256 << 20;
/// Pairs of allocation and release to be timed, about.
const PAIRS: usize = 4_000_000;

/// A unit of a document's pool.
type Unit = [u64; 2];

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) document: String,
    pub(crate) text_bytes: usize,
    pub(crate) strategy: &'static str,
    /// Whether single arrays go back.
    pub(crate) reclaims: bool,
    /// Arrays of one document.
    pub(crate) arrays: usize,
    /// To read a document and to drop the one whose place it takes: the median.
    pub(crate) median: Duration,
    /// The same: the mean, growth included.
    pub(crate) mean: Duration,
    /// To allocate an array and to release it, nothing written.
    pub(crate) pair_ns: f64,
    /// Bytes that the pool took, chunks and books, when one document was read.
    pub(crate) first_bytes: usize,
    /// The same when all were.
    pub(crate) last_bytes: usize,
    /// Arrays in use when all were read, [`ALIVE`] documents among them alive.
    pub(crate) live: usize,
    /// Arrays whose turn comes again then.
    pub(crate) free: usize,
    pub(crate) chunks: usize,
    /// Times that the arena had to be reset.
    pub(crate) resets: usize,
}

/// Measures one document under one strategy.
pub(crate) fn measure<S: ReleaseStrategy>(
    input: &Input,
    options: &Options,
    bar: &ProgressBar,
) -> Result<Measured, String> {
    bar.set_message(format!("{} {}", input.short_name(), S::NAME));
    let units = check::<S>(input)?;
    let mut run = Run::new(input, options, bar);
    let mut arena = Arena::new();
    loop {
        let ending = generation::<S>(&arena, &mut run)?;
        if let Some(ending) = ending {
            return Ok(run.row::<S>(ending, &units));
        }
        run.resets += 1;
        arena.reset();
    }
}

/// Reads the document once and compares it with what `serde_json` reads. Returns
/// the units of each of its arrays.
fn check<S: ReleaseStrategy>(input: &Input) -> Result<Vec<usize>, String> {
    let pool = Pool::<S>::new();
    let by_serde = tree::read_by_serde(&input.text, &pool).map_err(|error| error.to_string())?;
    assert!(tree::agree(&by_serde, &input.expected), "{}: the tree is wrong", input.name);
    drop(by_serde);
    let document = read(input, &pool, &mut Parser::new())?;
    assert!(tree::agree(&document, &input.expected), "{}: the tree is wrong", input.name);
    let mut sizes = Vec::new();
    tree::array_bytes(&document, &input.text, &mut sizes);
    sizes.retain(|&bytes| bytes > 0);
    if S::RECLAIMS {
        assert_eq!(pool.stats().live, sizes.len(), "an array is one string, array or object");
    }
    Ok(sizes.iter().map(|bytes| bytes.div_ceil(size_of::<Unit>())).collect())
}

/// The input as a document.
fn read<'p, 't, S: ReleaseStrategy>(
    input: &'t Input,
    pool: &'p Pool<'p, S>,
    parser: &mut Parser,
) -> Result<Document<'p, 't, S>, String> {
    tree::read(&input.text, pool, parser).map_err(|error| error.to_string())
}

/// A run of documents through one strategy.
struct Run<'a> {
    input: &'a Input,
    documents: usize,
    bar: &'a ProgressBar,
    random: Random,
    times: Vec<Duration>,
    first_bytes: usize,
    resets: usize,
}

/// How things stand when all documents were read.
struct Ending {
    bytes: usize,
    live: usize,
    free: usize,
    chunks: usize,
}

/// Reads documents into one pool, until all are read (and returns how things
/// stand then) or, where nothing goes back, until the arena holds too much.
fn generation<S: ReleaseStrategy>(
    arena: &Arena<'_>,
    run: &mut Run<'_>,
) -> Result<Option<Ending>, String> {
    let pool = Pool::<S>::new_in(arena);
    let mut parser = Parser::new();
    let mut alive = Vec::with_capacity(ALIVE);
    while run.times.len() < run.documents {
        if !S::RECLAIMS && arena.used_bytes() > GENERATION_BYTES {
            return Ok(None);
        }
        run.step(&pool, &mut parser, &mut alive)?;
        if run.times.len() == 1 {
            run.first_bytes = arena.allocated_bytes() + pool.stats().book_bytes;
        }
    }
    let stats = pool.stats();
    let ending = Ending {
        bytes: arena.allocated_bytes() + stats.book_bytes,
        live: stats.live,
        free: stats.free,
        chunks: arena.chunk_count(),
    };
    while !alive.is_empty() {
        alive.swap_remove(run.random.below(alive.len()));
    }
    let left = pool.verify().expect("the books add up");
    assert!(!S::RECLAIMS || left.live == 0, "every array has gone back");
    Ok(Some(ending))
}

impl<'a> Run<'a> {
    fn new(input: &'a Input, options: &Options, bar: &'a ProgressBar) -> Self {
        let documents = usize::try_from(options.documents).unwrap_or(usize::MAX);
        Self {
            input,
            documents,
            bar,
            random: Random::new(options.seed),
            times: Vec::new(),
            first_bytes: 0,
            resets: 0,
        }
    }

    /// Reads one document, and drops the one whose place it takes.
    fn step<'p, S: ReleaseStrategy>(
        &mut self,
        pool: &'p Pool<'p, S>,
        parser: &mut Parser,
        alive: &mut Vec<Document<'p, 'a, S>>,
    ) -> Result<(), String> {
        let place = self.random.below(ALIVE);
        let started = Instant::now();
        let document = read(self.input, pool, parser)?;
        if alive.len() < ALIVE {
            alive.push(document);
        } else {
            alive[place] = document;
        }
        self.times.push(started.elapsed());
        self.bar.inc(1);
        Ok(())
    }

    fn row<S: ReleaseStrategy>(mut self, ending: Ending, units: &[usize]) -> Measured {
        let total: Duration = self.times.iter().sum();
        let count = u32::try_from(self.times.len()).unwrap_or(u32::MAX);
        self.times.sort_unstable();
        Measured {
            document: self.input.short_name().to_owned(),
            text_bytes: self.input.text.len(),
            strategy: S::NAME,
            reclaims: S::RECLAIMS,
            arrays: units.len(),
            median: self.times[self.times.len() / 2],
            mean: total / count,
            pair_ns: pair_ns::<S>(units),
            first_bytes: self.first_bytes,
            last_bytes: ending.bytes,
            live: ending.live,
            free: ending.free,
            chunks: ending.chunks,
            resets: self.resets,
        }
    }
}

/// The nanoseconds that a document's arrays take to be allocated and released,
/// per array: the median of several rounds in one warm pool. Where nothing goes
/// back, a reset of the pool releases all.
fn pair_ns<S: ReleaseStrategy>(units: &[usize]) -> f64 {
    if units.is_empty() {
        return 0.0;
    }
    let mut pool = Pool::<S>::new();
    let rounds = (PAIRS / units.len()).clamp(9, 1001);
    let mut times: Vec<Duration> = (0..rounds).map(|_| round(&mut pool, units)).collect();
    times.sort_unstable();
    times[rounds / 2].as_secs_f64() * 1e9 / units.len() as f64
}

/// All arrays of a document at once, and their release; twice, for the first
/// time warms the memory that keeps the handles.
fn round<S: ReleaseStrategy>(pool: &mut Pool<'static, S>, units: &[usize]) -> Duration {
    let mut arrays = Vec::with_capacity(units.len());
    allocate(pool, units, &mut arrays);
    arrays.clear();
    let started = Instant::now();
    allocate(pool, units, &mut arrays);
    arrays.clear();
    let spent = started.elapsed();
    drop(arrays);
    if S::RECLAIMS {
        return spent;
    }
    let started = Instant::now();
    pool.reset();
    spent + started.elapsed()
}

/// Arrays of units, uninitialised.
type Handles<'p, S> = Vec<PoolArray<'p, MaybeUninit<Unit>, S, Classes>>;

#[inline(never)]
fn allocate<'p, S: ReleaseStrategy>(
    pool: &'p Pool<'p, S>,
    units: &[usize],
    arrays: &mut Handles<'p, S>,
) {
    for &length in units {
        arrays.push(pool.as_raw().try_allocate(length).expect("there is memory"));
    }
}
