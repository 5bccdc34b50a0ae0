//! Random scopes, checkpoints, blocks that go back and grow: against a shadow.

use core::alloc::Layout;
use core::ptr::NonNull;

use arraypool::{Arena, Checkpoint, RewindError};
use proptest::collection::vec;
use proptest::prelude::*;

use super::rewind;

/// What happens to an arena.
#[derive(Debug, Clone)]
enum Step {
    /// A block of so many bytes, at two to this power.
    Take(usize, u32),
    /// The block at a place of those that are live goes back.
    Release(usize),
    /// It becomes so many bytes longer.
    Grow(usize, usize),
    /// It is cut to one part in so many.
    Shrink(usize, usize),
    Mark,
    /// To the checkpoint at a place of those that were ever made.
    Rewind(usize),
    Scope(Vec<Step>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let sizes = prop_oneof![8 => 1..200_usize, 2 => 200..3000_usize, 1 => 3000..9000_usize];
    let step = prop_oneof![
        6 => (sizes.clone(), prop_oneof![6 => Just(0), 1 => 1..9_u32])
            .prop_map(|(size, align)| Step::Take(size, align)),
        3 => any::<usize>().prop_map(Step::Release),
        2 => (any::<usize>(), sizes).prop_map(|(which, more)| Step::Grow(which, more)),
        1 => (any::<usize>(), 1..9_usize).prop_map(|(which, part)| Step::Shrink(which, part)),
        1 => Just(Step::Mark),
        1 => any::<usize>().prop_map(Step::Rewind),
    ];
    let leaf = vec(step.clone(), 1..12);
    leaf.prop_recursive(4, 120, 6, move |inner| {
        vec(prop_oneof![6 => step.clone(), 1 => inner.prop_map(Step::Scope)], 1..25)
    })
}

/// A live block and the byte that it is full of.
#[derive(Debug, Clone)]
struct Block {
    start: NonNull<u8>,
    layout: Layout,
    pattern: u8,
}

impl Block {
    fn new(start: NonNull<u8>, layout: Layout, pattern: u8) -> Self {
        assert_eq!(start.addr().get() % layout.align(), 0);
        // SAFETY: the block was handed out for this layout.
        unsafe { start.write_bytes(pattern, layout.size()) };
        Self { start, layout, pattern }
    }

    fn is_whole(&self, bytes: usize) -> bool {
        // SAFETY: the block is live, and was filled when it was handed out.
        let bytes = unsafe { NonNull::slice_from_raw_parts(self.start, bytes).as_ref() };
        bytes.iter().all(|&byte| byte == self.pattern)
    }

    fn rounded(&self) -> usize {
        self.layout.size().next_multiple_of(16)
    }
}

/// What one arena or scope should hold.
#[derive(Default)]
struct Shadow {
    live: Vec<Block>,
    /// Checkpoints ever made here: how many blocks were live, and whether the
    /// arena may still go back to it.
    marks: Vec<(Checkpoint, Vec<Block>, bool)>,
    /// Blocks made so far, for patterns.
    made: usize,
}

impl Shadow {
    fn pattern(&mut self) -> u8 {
        self.made += 1;
        self.made as u8
    }

    /// Takes a block out of those that are live.
    fn pick(&mut self, which: usize) -> Option<Block> {
        let count = self.live.len();
        (count > 0).then(|| self.live.swap_remove(which % count))
    }

    /// A block that goes back is in no list that a checkpoint would restore.
    fn forget_in_marks(&mut self, block: &Block) {
        for (_, live, _) in &mut self.marks {
            live.retain(|other| other.start != block.start);
        }
    }

    fn step(&mut self, arena: &Arena<'_>, step: &Step, outer: &[Block]) {
        match *step {
            Step::Take(size, align) => {
                let layout = Layout::from_size_align(size, 1 << align).unwrap();
                let start = arena.alloc_layout(layout);
                let block = Block::new(start, layout, self.pattern());
                self.live.push(block);
            }
            Step::Release(which) => {
                let Some(block) = self.pick(which) else { return };
                self.forget_in_marks(&block);
                // SAFETY: it is live, this arena's, and nobody uses it any more.
                unsafe { arena.release_bytes(block.start, block.layout) };
            }
            Step::Grow(which, more) => {
                let Some(block) = self.pick(which) else { return };
                self.forget_in_marks(&block);
                let (size, align) = (block.layout.size(), block.layout.align());
                let layout = Layout::from_size_align(size + more, align).unwrap();
                // SAFETY: it is live, this arena's, and used through the result only.
                let start = unsafe { arena.try_grow(block.start, block.layout, layout) }.unwrap();
                assert!(Block { start, ..block }.is_whole(size), "the old bytes came along");
                let block = Block::new(start, layout, self.pattern());
                self.live.push(block);
            }
            Step::Shrink(which, part) => {
                let Some(block) = self.pick(which) else { return };
                self.forget_in_marks(&block);
                let size = (block.layout.size() / part).max(1);
                // SAFETY: it is live, this arena's, and nobody uses the rest.
                unsafe { arena.shrink(block.start, block.layout, size) };
                let layout = Layout::from_size_align(size, block.layout.align()).unwrap();
                self.live.push(Block { layout, ..block });
            }
            Step::Mark => {
                let mark = arena.checkpoint();
                self.marks.push((mark, self.live.clone(), true));
            }
            Step::Rewind(which) => self.rewind(arena, which),
            Step::Scope(ref steps) => {
                let used = arena.used_bytes();
                let around: Vec<_> = outer.iter().chain(&self.live).cloned().collect();
                arena.scope(|inner| run(inner, steps, &around));
                assert_eq!(arena.used_bytes(), used);
            }
        }
    }

    fn rewind(&mut self, arena: &Arena<'_>, which: usize) {
        let count = self.marks.len();
        if count == 0 {
            return;
        }
        let which = which % count;
        let (mark, live, valid) = &self.marks[which];
        if *valid {
            assert_eq!(rewind(arena, mark), Ok(()));
            self.live.clone_from(live);
            self.marks[which + 1..].iter_mut().for_each(|(_, _, valid)| *valid = false);
        } else {
            let used = arena.used_bytes();
            assert_eq!(rewind(arena, mark), Err(RewindError::Stale));
            assert_eq!(arena.used_bytes(), used);
        }
    }

    fn check(&self, arena: &Arena<'_>, outer: &[Block]) {
        let mut all: Vec<_> = outer.iter().chain(&self.live).collect();
        assert!(all.iter().all(|block| block.is_whole(block.layout.size())));
        assert!(all.iter().all(|block| arena.owns(block.start.as_ptr())));
        all.sort_by_key(|block| block.start);
        for pair in all.windows(2) {
            let end = pair[0].start.addr().get() + pair[0].rounded();
            assert!(end <= pair[1].start.addr().get(), "{pair:?} overlap");
        }
        let stats = arena.stats();
        assert!(stats.used >= all.iter().map(|block| block.rounded()).sum());
        assert!(stats.peak >= stats.used && stats.used + stats.waste <= stats.allocated);
    }
}

fn run(arena: &Arena<'_>, steps: &[Step], outer: &[Block]) {
    let mut shadow = Shadow { made: outer.len(), ..Shadow::default() };
    for step in steps {
        shadow.step(arena, step, outer);
        shadow.check(arena, outer);
    }
}

/// As many cases as usual, few under Miri, which cannot save those that fail.
fn config() -> ProptestConfig {
    if cfg!(miri) {
        ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() }
    } else {
        ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_arena_does_what_its_shadow_says(steps in steps(), fills in any::<bool>()) {
        let mut arena = Arena::builder().initial_chunk(512).max_chunk(4096).debug_fill(fills).build();
        for _ in 0..2 {
            run(&arena, &steps, &[]);
            arena.reset();
            assert_eq!((arena.used_bytes(), arena.waste()), (0, 0));
        }
    }
}
