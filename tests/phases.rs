//! Phases under one budget: errors that say who, soft limits, batches, hooks.

#![allow(clippy::std_instead_of_alloc, reason = "tests have the standard library")]

#[cfg(feature = "json")]
#[path = "phases/documents.rs"]
mod documents;

use core::alloc::Layout;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;

use arraypool::{AllocError, Arena, ArenaEvent, ArenaStats, Budget, Phase, Phases};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Pass {
    Parse,
    Ir,
    Codegen,
}

impl Phase for Pass {
    const ALL: &'static [Self] = &[Self::Parse, Self::Ir, Self::Codegen];

    fn index(self) -> usize {
        self as usize
    }

    fn name(self) -> &'static str {
        ["parse", "ir", "codegen"][self.index()]
    }
}

type Compiler<'m> = Phases<'m, Pass, 3>;

/// Compiles a file of so many lines: tokens, then instructions, then bytes.
fn compile(phases: &Compiler<'_>, lines: usize) -> Result<usize, arraypool::PhaseError<Pass, 3>> {
    let tokens = phases.run(Pass::Parse, |arena| {
        arena.try_alloc_slice_fill_with(lines * 8, |i| u32::try_from(i).unwrap())
    })?;
    let mut code: &[u64] = &[];
    for part in tokens.chunks(64) {
        // What a phase needs for a moment does not stay.
        let sum: u64 = phases.temporary(Pass::Ir, |scratch| {
            scratch
                .try_alloc_slice_copy(part)
                .map_or(0, |part| part.iter().map(|&t| u64::from(t)).sum())
        });
        code = phases.run(Pass::Ir, |arena| {
            arena.try_alloc_slice_fill_with(part.len(), |i| sum + i as u64).map(|code| &*code)
        })?;
    }
    let bytes = phases.run(Pass::Codegen, |arena| arena.try_alloc_zeroed(lines * 16))?;
    Ok(bytes.len() + code.len())
}

#[test]
fn an_empty_compile_holds_twelve_kib() {
    let budget = Budget::new(1 << 20);
    let phases = Compiler::new(&budget);
    assert_eq!(budget.used(), 0, "nothing until it is needed");
    compile(&phases, 1).unwrap();
    assert!(budget.used() <= 12 * 1024, "{}", budget.used());
}

#[test]
fn an_error_says_which_phase_what_it_wanted_and_what_the_others_hold() {
    let budget = Budget::new(100_000);
    let mut phases = Compiler::new(&budget);
    phases[Pass::Parse].alloc_zeroed(60_000);
    let error = phases.run(Pass::Ir, |arena| arena.try_alloc_zeroed(50_000)).unwrap_err();
    assert_eq!((error.phase(), error.requested()), (Pass::Ir, Some(50_032)));
    assert!(matches!(error.error(), AllocError::OverBudget { limit: 100_000, .. }));
    assert_eq!([Pass::Parse, Pass::Codegen].map(|pass| error.held(pass)), [60_000, 0]);
    assert_eq!(
        error.to_string(),
        "ir: over budget: 50032 more bytes requested, 60032 of 100000 in use; \
         parse holds 58.6 KiB, codegen holds 0 B"
    );
    // The same phase goes on with less, and after a reset with more.
    assert!(phases.run(Pass::Ir, |arena| arena.try_alloc_zeroed(30_000)).is_ok());
    phases.reset_all();
    assert!(phases.run(Pass::Parse, |arena| arena.try_alloc_zeroed(20_000)).is_ok());
}

#[test]
fn books_of_pools_are_told_apart_from_what_phases_hold() {
    let budget = Budget::new(100_000);
    let phases = Compiler::new(&budget);
    assert_eq!((phases.stats().beside(), budget.used()), (0, 0));
    phases[Pass::Parse].alloc_zeroed(20_000);
    phases[Pass::Ir].alloc_zeroed(20_000);
    assert_eq!(phases.stats().beside(), 0, "chunks and their headers");
    let pool = arraypool::ArrayPool::<u64>::new_in(&phases[Pass::Ir]);
    drop(pool.allocate(3));
    let beside = phases.stats().beside();
    assert!(beside > 0, "{}", phases.stats());
    assert!(phases.stats().to_string().contains("\nbooks"), "{}", phases.stats());
    let error = phases.run(Pass::Codegen, |arena| arena.try_alloc_zeroed(90_000)).unwrap_err();
    assert_eq!(error.held_beside(), beside);
    let told = error.to_string();
    assert!(told.contains(", books and others hold ") && told.ends_with("KiB"), "{told}");
    drop(pool);
    assert_eq!(phases.stats().beside(), 0);
}

/// What is charged to nobody, or to somebody else, hides nothing.
#[test]
fn phases_of_their_own_memory_are_not_counted_against_the_budget() {
    let (budget, other) = (Budget::new(100_000), Budget::new(100_000));
    let phases = Compiler::with(&budget, |pass| match pass {
        Pass::Parse => Arena::new(),
        Pass::Ir => Arena::builder().budget(&other).build(),
        Pass::Codegen => Arena::builder().budget(&budget).build(),
    });
    budget.charge(1000).unwrap();
    for pass in [Pass::Parse, Pass::Ir, Pass::Codegen] {
        phases[pass].alloc(7);
    }
    assert_eq!(phases.stats().beside(), 1000);
    let error = phases.run(Pass::Codegen, |arena| arena.try_alloc_zeroed(100_000)).unwrap_err();
    assert_eq!(error.held_beside(), 1000);
}

#[test]
fn a_reset_keeps_chunks_up_to_half_of_the_budget_and_up_to_the_soft_limit() {
    // An arena of 16 words in front of a chunk of 4096, and a second chunk.
    let held = |limit: usize, soft_limit: usize| {
        let budget = Budget::with_soft_limit(soft_limit, limit);
        let mut phases = Compiler::new(&budget);
        phases[Pass::Parse].alloc_zeroed(4000);
        phases[Pass::Parse].alloc_zeroed(5000);
        let used = budget.used();
        phases.reset_all();
        (used, budget.used())
    };
    let (used, kept) = held(1 << 20, usize::MAX);
    assert_eq!(kept, used);
    assert_eq!(held(2 * used, usize::MAX), (used, used), "just half");
    let (_, first) = held(2 * used - 1, usize::MAX);
    assert!((4096..used).contains(&first), "one byte more: the first chunk stays");
    assert_eq!(held(1 << 20, used), (used, used), "just the soft limit");
    assert_eq!(held(1 << 20, used - 1), (used, first));
}

/// Padding is no use, neither in a scope nor in what is told of a reset.
#[test]
fn what_was_skipped_for_an_alignment_is_not_in_use() {
    static USED: Mutex<Vec<usize>> = Mutex::new(Vec::new());

    fn notes_resets(event: &ArenaEvent) {
        if let ArenaEvent::Reset { used, .. } = event {
            USED.lock().unwrap().push(*used);
        }
    }

    let aligned = Layout::from_size_align(64, 512).unwrap();
    let mut arena = Arena::builder().hook(&notes_resets).build();
    // From here on it is known where the arena stands, wherever its chunk lies.
    arena.alloc_layout(aligned);
    arena.alloc(1_u8);
    arena.alloc_layout(aligned);
    assert_eq!((arena.used_bytes(), arena.waste() > 0), (144, true));
    arena.scope(|inner| {
        inner.alloc(1_u8);
        inner.alloc_layout(aligned);
        assert_eq!(inner.used_bytes(), 224);
    });
    assert_eq!(arena.used_bytes(), 144);
    // Nor is what was given back below something else.
    let block = arena.alloc_layout(Layout::new::<[u8; 48]>());
    arena.alloc(7);
    // SAFETY: nobody uses the block.
    unsafe { arena.release_bytes(block, Layout::new::<[u8; 48]>()) };
    assert_eq!(arena.used_bytes(), 160);
    arena.reset();
    assert_eq!(*USED.lock().unwrap(), [160]);
}

#[test]
fn totals_are_sums_and_a_trim_says_what_it_gave_back() {
    let budget = Budget::new(1 << 20);
    let mut phases = Compiler::new(&budget);
    for (pass, bytes) in [(Pass::Parse, 5000), (Pass::Ir, 9000), (Pass::Codegen, 100)] {
        phases[pass].alloc_zeroed(bytes);
        // What is skipped for this is waste.
        phases[pass].alloc_layout(Layout::from_size_align(bytes, 512).unwrap());
        // And what is given back below something else can be used again.
        let block = phases[pass].alloc_layout(Layout::new::<[u8; 48]>());
        phases[pass].alloc(7);
        // SAFETY: nobody uses the block.
        unsafe { phases[pass].release_bytes(block, Layout::new::<[u8; 48]>()) };
    }
    let stats = phases.stats();
    let each = [Pass::Parse, Pass::Ir, Pass::Codegen].map(|pass| phases[pass].stats());
    let sum = |field: fn(&ArenaStats) -> usize| each.iter().map(field).sum::<usize>();
    let total = stats.total();
    assert_eq!(total.allocated, sum(|one| one.allocated));
    assert_eq!((total.used, total.peak), (sum(|one| one.used), sum(|one| one.peak)));
    assert_eq!((total.waste, total.chunks), (sum(|one| one.waste), sum(|one| one.chunks)));
    assert_eq!((total.reusable, sum(|one| one.reusable)), (3 * 48, 3 * 48));
    assert_eq!(total.peak_since_reset, sum(|one| one.peak_since_reset));
    assert_eq!(total.grown_since_reset, sum(|one| one.grown_since_reset));
    phases.reset_all();
    let before = phases.stats().total().allocated;
    let given_back = phases.trim();
    assert!(given_back >= 14_000, "{given_back}");
    assert_eq!(phases.stats().total().allocated, before - given_back);
}

#[test]
fn a_batch_loses_exactly_the_files_that_exceed_the_limit() {
    let budget = Budget::new(128 * 1024);
    let mut phases = Compiler::new(&budget);
    let files = if cfg!(miri) { 30 } else { 1000 };
    for file in 0..files {
        let lines = if file % 7 == 6 { 5000 } else { 1 + file * 37 % 300 };
        let result = compile(&phases, lines);
        assert_eq!(result.is_err(), file % 7 == 6, "file {file} of {lines} lines: {result:?}");
        assert!(budget.used() <= budget.limit());
        phases.reset_all();
    }
    assert!(budget.peak() <= budget.limit());
    drop(phases);
    assert_eq!(budget.used(), 0);
}

#[test]
fn the_same_file_again_takes_no_new_memory() {
    let budget = Budget::new(1 << 20);
    let mut phases = Compiler::new(&budget);
    compile(&phases, 200).unwrap();
    let held = budget.used();
    for _ in 0..5 {
        phases.reset_all();
        assert_eq!(phases.stats().total().used, 0);
        compile(&phases, 200).unwrap();
        assert_eq!(budget.used(), held);
        assert_eq!(phases.stats().total().grown_since_reset, 0);
    }
}

#[test]
fn phases_are_reset_one_by_one_while_others_are_in_use() {
    let budget = Budget::unlimited();
    let mut phases = Compiler::new(&budget);
    let [parse, ir, _] = phases.arenas_mut();
    let tree = parse.alloc_str("tree");
    for _ in 0..3 {
        ir.alloc_zeroed(10_000);
        ir.reset();
    }
    assert_eq!(tree, "tree");
    phases[Pass::Codegen].alloc(1_u8);
    phases.reset(Pass::Parse);
    let used = Pass::ALL.iter().map(|&pass| phases.stats().of(pass).used);
    assert_eq!(used.collect::<Vec<_>>(), [0, 0, 16]);
    assert!(phases.trim() > 0 || phases.stats().total().chunks == 3);
    phases.clear_all();
    assert_eq!(phases.stats().total().used, 0);
}

#[test]
#[cfg_attr(miri, ignore = "it zeroes 3 MiB")]
fn statistics_print_as_an_aligned_table() {
    let budget = Budget::unlimited();
    let mut phases = Compiler::new(&budget);
    phases[Pass::Parse].alloc_zeroed(3 << 20);
    phases.reset(Pass::Parse);
    phases[Pass::Parse].alloc_zeroed(1000);
    phases[Pass::Ir].alloc_zeroed(3000);
    phases[Pass::Ir].alloc_zeroed(2000);
    let text = phases.stats().to_string();
    let expected = "\
phase      allocated         used         peak        waste     peak now    grown now  chunks
parse        3.0 MiB       1008 B      3.0 MiB          0 B       1008 B          0 B       1
ir          11.9 KiB      4.9 KiB      4.9 KiB      1.0 KiB      4.9 KiB     11.9 KiB       2
codegen          0 B          0 B          0 B          0 B          0 B          0 B       0
total        3.0 MiB      5.9 KiB      3.0 MiB      1.0 KiB      5.9 KiB     11.9 KiB       3";
    assert_eq!(text, expected, "\n{text}");
}

#[test]
#[should_panic(expected = "a phase's index is its place in ALL")]
fn phases_that_cannot_count_are_refused() {
    #[derive(Debug, Clone, Copy)]
    struct Lost;
    impl Phase for Lost {
        const ALL: &'static [Self] = &[Lost, Lost];
        fn index(self) -> usize {
            0
        }
        fn name(self) -> &'static str {
            "lost"
        }
    }
    let budget = Budget::unlimited();
    let _ = Phases::<Lost, 2>::new(&budget);
}

/// What a hook was told, in a `static` of its own for every test.
type Told = Mutex<Vec<ArenaEvent>>;

fn take(told: &Told) -> Vec<ArenaEvent> {
    core::mem::take(&mut told.lock().unwrap())
}

#[test]
fn a_hook_is_told_of_growth_resets_and_refusals_and_nothing_else() {
    static TOLD: Told = Mutex::new(Vec::new());
    let budget = Budget::new(20_000);
    let builder = Arena::builder().budget(&budget);
    let mut arena = builder.hook(&|event| TOLD.lock().unwrap().push(*event)).build();
    assert_eq!(take(&TOLD), []);
    arena.alloc_zeroed(1000);
    let told = take(&TOLD);
    assert!(
        matches!(told[..], [ArenaEvent::Grown { capacity: 4096, allocated: 4096, .. }]),
        "{told:?}"
    );
    arena.alloc_zeroed(1000);
    arena.scope(|inner| inner.alloc_zeroed(1000).len());
    assert_eq!(take(&TOLD), [], "there was room");
    arena.scope(|inner| {
        inner.alloc_zeroed(8000);
        let told = take(&TOLD);
        assert!(
            matches!(told[..], [ArenaEvent::Grown { capacity: 8192, allocated: 12_288, .. }]),
            "{told:?}"
        );
        assert!(arena.try_alloc(1_u8).is_err());
        let told = take(&TOLD);
        assert!(
            matches!(told[..], [ArenaEvent::Refused { error: AllocError::Claimed, .. }]),
            "{told:?}"
        );
    });
    assert!(arena.try_alloc_zeroed(30_000).is_err());
    let told = take(&TOLD);
    assert!(
        matches!(told[..], [ArenaEvent::Refused { error: AllocError::OverBudget { .. }, .. }]),
        "{told:?}"
    );
    arena.reset();
    let told = take(&TOLD);
    assert!(
        matches!(told[..], [ArenaEvent::Reset { used: 2016, allocated: 12_288, .. }]),
        "{told:?}"
    );
    arena.alloc_zeroed(3000);
    arena.alloc_zeroed(8000);
    assert_eq!(take(&TOLD), [], "a kept chunk is no growth");
    arena.clear();
    let told = take(&TOLD);
    assert!(
        matches!(told[..], [ArenaEvent::Reset { used: 11_008, allocated: 4096, .. }]),
        "{told:?}"
    );
    drop(arena);
    assert_eq!(take(&TOLD), []);
}

#[test]
fn a_soft_limit_reports_once_before_the_hard_one_refuses() {
    static PASSED: AtomicUsize = AtomicUsize::new(0);
    static REFUSED: AtomicUsize = AtomicUsize::new(0);
    let budget = Budget::with_soft_limit(30_000, 60_000);
    let builder = Arena::builder().initial_chunk(1024).max_chunk(1024).budget(&budget);
    let mut work = builder
        .hook(&|event| match event {
            ArenaEvent::SoftLimit { used, soft_limit: 30_000, limit: 60_000, .. } => {
                assert!((30_001..40_000).contains(used));
                PASSED.fetch_add(1, Ordering::Relaxed);
            }
            ArenaEvent::Refused { .. } => {
                REFUSED.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        })
        .build();
    let mut cache = Arena::builder().budget(&budget).build();
    cache.alloc_zeroed(25_000);
    assert!(!budget.is_above_soft_limit());
    // A program that gives its cache up when it is told is never refused.
    let mut dropped = 0;
    for _ in 0..40 {
        work.alloc_zeroed(1024);
        if budget.is_above_soft_limit() && dropped == 0 {
            cache = Arena::builder().budget(&budget).build();
            dropped += 1;
        }
    }
    assert_eq!((dropped, REFUSED.load(Ordering::Relaxed)), (1, 0));
    assert_eq!(PASSED.load(Ordering::Relaxed), 2, "above, below again, and above again");
    while work.try_alloc_zeroed(1024).is_ok() {}
    assert_eq!((PASSED.load(Ordering::Relaxed), REFUSED.load(Ordering::Relaxed)), (2, 1));
    work.clear();
    drop(cache);
    budget.set_soft_limit(usize::MAX);
    while work.try_alloc_zeroed(1024).is_ok() {}
    assert_eq!(PASSED.load(Ordering::Relaxed), 2, "no limit, no report");
}
