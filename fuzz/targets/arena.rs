//! Blocks of an arena, grown, shrunk and given back, forgotten by resets and by going
//! back to a checkpoint, from the heap and in a buffer: nobody's bytes change.

#![no_main]

use core::alloc::Layout;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use arbitrary::Arbitrary;
use arraypool::{Arena, ArenaRef, Budget, Checkpoint, RewindError, Stale};
use arraypool_fuzz::{fill, is_intact};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
enum Step {
    Block { size: u16, align: u8 },
    Zeroed(u16),
    Text(String),
    Grow { which: u8, by: u16 },
    Shrink { which: u8, to: u16 },
    Release(u8),
    Reference,
    Checkpoint,
    Rewind(u8),
    Budget(u16),
    Trim,
    Reset,
    Clear,
}

#[derive(Debug, Arbitrary)]
enum Memory {
    Heap { initial: u16, maximum: u16 },
    Buffer(u16),
}

struct Block {
    start: NonNull<u8>,
    layout: Layout,
    /// The step that wrote it.
    number: u32,
    /// The step that handed out some of its bytes.
    born: u32,
}

impl Block {
    fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: the arena handed out so many bytes, for this block alone, and
        // they were written.
        unsafe { core::slice::from_raw_parts_mut(self.start.as_ptr(), self.layout.size()) }
    }

    fn check(&mut self) {
        let number = self.number;
        assert!(is_intact(self.bytes(), number));
        assert_eq!(self.start.as_ptr().addr() % self.layout.align(), 0);
    }
}

/// A place to go back to, and what must come of it.
struct Place {
    place: Checkpoint,
    made: u32,
    result: Result<(), RewindError>,
}

/// What an arena should hold.
#[derive(Default)]
struct Model {
    blocks: Vec<Block>,
    /// What each leads to, and since when; or nothing any more.
    references: Vec<(ArenaRef<u32>, Option<u32>)>,
    places: Vec<Place>,
}

impl Model {
    fn pick(&mut self, which: u8) -> Option<usize> {
        (!self.blocks.is_empty()).then(|| usize::from(which) % self.blocks.len())
    }

    fn check(&mut self, arena: &Arena<'_>) {
        self.blocks.iter_mut().for_each(Block::check);
        for (reference, value) in &self.references {
            assert_eq!(reference.get(arena).copied(), value.ok_or(Stale));
        }
    }

    fn block(&mut self, arena: &Arena<'_>, layout: Layout, number: u32) {
        let Ok(start) = arena.try_alloc_layout(layout) else { return };
        // SAFETY: the block is as large as its layout, and nobody else's.
        unsafe { start.write_bytes(0, layout.size()) };
        let mut block = Block { start, layout, number, born: number };
        fill(block.bytes(), number);
        assert!(arena.owns(start.as_ptr()));
        self.blocks.push(block);
    }

    fn grow(&mut self, arena: &Arena<'_>, which: u8, by: u16, number: u32) {
        let Some(index) = self.pick(which) else { return };
        let block = &mut self.blocks[index];
        let old = block.layout.size();
        let size = old + usize::from(by);
        let new = Layout::from_size_align(size, block.layout.align()).expect("a layout");
        // SAFETY: the block is live, has this layout, and is named by nobody else.
        let Ok(start) = (unsafe { arena.try_grow(block.start, block.layout, new) }) else {
            return block.check();
        };
        (block.start, block.layout, block.born) = (start, new, number);
        // SAFETY: the new bytes belong to the block.
        unsafe { start.add(old).write_bytes(0, size - old) };
        let number = block.number;
        assert!(is_intact(&block.bytes()[..old], number));
        fill(block.bytes(), number);
    }

    fn shrink(&mut self, arena: &Arena<'_>, which: u8, to: u16) {
        let Some(index) = self.pick(which) else { return };
        let block = &mut self.blocks[index];
        let size = 1 + usize::from(to) % block.layout.size();
        // SAFETY: the block is live, has this layout, and is given up behind the size.
        unsafe { arena.shrink(block.start, block.layout, size) };
        block.layout = Layout::from_size_align(size, block.layout.align()).expect("a layout");
        block.check();
    }

    fn release(&mut self, arena: &Arena<'_>, which: u8) {
        let Some(index) = self.pick(which) else { return };
        let mut block = self.blocks.swap_remove(index);
        block.check();
        // SAFETY: the block is live, has this layout, and is given up.
        unsafe { arena.release_bytes(block.start, block.layout) };
    }

    fn rewind(&mut self, arena: &Arena<'_>, which: u8) {
        if self.places.is_empty() {
            return;
        }
        let index = usize::from(which) % self.places.len();
        let Place { place, made, result } = self.places[index];
        self.check(arena);
        if result.is_ok() {
            self.blocks.retain(|block| block.born < made);
            for (_, value) in &mut self.references {
                *value = value.filter(|&born| born < made);
            }
            for later in self.places.iter_mut().filter(|later| later.made > made) {
                later.result = later.result.and(Err(RewindError::Stale));
            }
        }
        // SAFETY: nothing that was handed out since is used, if it is a place at all.
        assert_eq!(unsafe { arena.rewind(&place) }, result);
        self.check(arena);
    }

    /// Nothing is left.
    fn forget(&mut self, arena: &Arena<'_>) {
        self.check(arena);
        self.blocks.clear();
        for (_, value) in &mut self.references {
            *value = None;
        }
        for place in &mut self.places {
            place.result = Err(RewindError::Reset);
        }
    }
}

fn run(arena: &mut Arena<'_>, budget: &Budget, steps: Vec<Step>) {
    let mut model = Model::default();
    for (number, step) in (0..).zip(steps) {
        match step {
            Step::Block { size, align } => {
                let (size, align) = (usize::from(size) + 1, 1 << (align % 10));
                let layout = Layout::from_size_align(size, align).expect("a layout");
                model.block(arena, layout, number);
            }
            Step::Zeroed(size) => {
                if let Ok(bytes) = arena.try_alloc_zeroed(usize::from(size)) {
                    assert!(bytes.iter().all(|&byte| byte == 0));
                    bytes.fill(0xAA);
                }
            }
            Step::Text(text) => {
                if let Ok(copy) = arena.try_alloc_str(&text) {
                    assert_eq!(*copy, text);
                }
            }
            Step::Grow { which, by } => model.grow(arena, which, by, number),
            Step::Shrink { which, to } => model.shrink(arena, which, to),
            Step::Release(which) => model.release(arena, which),
            Step::Reference => {
                if let Ok(reference) = arena.try_alloc_ref(number) {
                    model.references.push((reference, Some(number)));
                }
            }
            Step::Checkpoint => {
                if let Ok(place) = arena.try_checkpoint() {
                    model.places.push(Place { place, made: number, result: Ok(()) });
                }
            }
            Step::Rewind(which) => model.rewind(arena, which),
            Step::Budget(limit) => budget.set_limit(usize::from(limit) * 64),
            Step::Trim => _ = arena.trim(),
            Step::Reset | Step::Clear => {
                model.forget(arena);
                if matches!(step, Step::Reset) { arena.reset() } else { arena.clear() }
            }
        }
        assert!(arena.used_bytes() <= arena.allocated_bytes());
    }
    model.check(arena);
}

fuzz_target!(|input: (Memory, Vec<Step>)| {
    let budget = Budget::new(1 << 20);
    let (memory, steps) = input;
    match memory {
        Memory::Heap { initial, maximum } => {
            let builder = Arena::builder()
                .initial_chunk(usize::from(initial))
                .max_chunk(usize::from(maximum));
            run(&mut builder.budget(&budget).build(), &budget, steps);
        }
        Memory::Buffer(size) => {
            let mut buffer = vec![MaybeUninit::uninit(); usize::from(size)];
            run(&mut Arena::from_buffer(&mut buffer), &budget, steps);
        }
    }
});
