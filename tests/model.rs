//! The model test: a pool driven at random beside a shadow that knows every array.

#![allow(clippy::cast_possible_truncation, reason = "patterns are made of any low bits")]
#![allow(clippy::std_instead_of_alloc, reason = "tests have the standard library")]

mod support;

#[path = "model/shadow.rs"]
mod shadow;
#[path = "model/steps.rs"]
mod steps;

use arraypool::{
    Arena, ArrayPool, DefaultClasses, Direct, Metadata, ReleaseStrategy, RuntimeClasses, Tagged,
};
use proptest::test_runner::{Config, TestRunner};

use shadow::Shadow;
use steps::{Element, Epoch, Page, Step, Wide};
use support::source::CheckedSource;
use support::{Fourteen, PowersOfTwo, Table, Watched, pool_in};

/// How many cases, and how many steps between two resets: few unless
/// `PROPTEST_CASES` asks for more.
fn config() -> (Config, usize) {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let cases = match (cfg!(miri), asked) {
        (true, _) => 1,
        (false, true) => Config::default().cases,
        (false, false) => 24,
    };
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    (config, if cfg!(miri) { 12 } else { 60 })
}

/// One life of a pool: epochs, with a reset behind each.
fn live<T: Element, S: ReleaseStrategy, C: Table>(arena: &Arena<'_>, epochs: &[Vec<Step>]) {
    let mut pool: ArrayPool<'_, T, S, C> = pool_in(arena);
    let neighbour: ArrayPool<'_, T, S, C> = pool_in(arena);
    let theirs = neighbour.allocate_with(7, T::of);
    let mut shadow = Shadow::new();
    for steps in epochs {
        let mut epoch = Epoch::new(&pool, &mut shadow, theirs.as_ptr());
        for step in steps {
            epoch.take(step);
            epoch.check();
        }
        epoch.end();
        pool.reset();
        shadow.reset();
        assert_eq!(pool.verify().expect("whole after a reset").live, 0);
    }
    assert!(theirs.iter().enumerate().all(|(i, element)| *element == T::of(i)));
    neighbour.verify().expect("the neighbour is whole");
}

fn model<T: Element, S: ReleaseStrategy, C: Table>() {
    let (config, steps) = config();
    let mut runner = TestRunner::new(config);
    let epochs = proptest::collection::vec(steps::strategy::<T>(steps), 1..support::rounds(4, 3));
    let result = runner.run(&epochs, |epochs| {
        if !cfg!(miri) {
            live::<T, S, C>(&Arena::new(), &epochs);
        }
        let source = CheckedSource::new();
        let small = Arena::builder().initial_chunk(256).source(&source).build();
        live::<T, S, C>(&small, &epochs);
        drop(small);
        assert_eq!(source.live_blocks(), 0);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

macro_rules! models {
    ($($name:ident: $element:ty, $strategy:ty, $table:ty;)+) => {
        $(#[test]
        fn $name() {
            model::<$element, $strategy, $table>();
        })+
    };
}

models! {
    direct_words: u64, Direct, DefaultClasses;
    direct_pages: Page, Direct, DefaultClasses;
    metadata_default_words: u64, Metadata, DefaultClasses;
    metadata_powers_bytes: u8, Metadata, PowersOfTwo;
    metadata_fourteen_triples: [u16; 3], Metadata, Fourteen;
    metadata_runtime_wide: Wide, Metadata, RuntimeClasses;
    metadata_default_pages: Page, Metadata, DefaultClasses;
    tagged_default_words: u64, Tagged, DefaultClasses;
    tagged_powers_bytes: u8, Tagged, PowersOfTwo;
    tagged_fourteen_triples: [u16; 3], Tagged, Fourteen;
    tagged_runtime_wide: Wide, Tagged, RuntimeClasses;
    tagged_powers_pages: Page, Tagged, PowersOfTwo;
    metadata_watched_bytes: u8, Metadata, Watched;
    tagged_watched_bytes: u8, Tagged, Watched;
    direct_watched_bytes: u8, Direct, Watched;
}
