//! Blocks of an arena, grown, shrunk and given back: nobody's bytes change.

#![no_main]

use core::alloc::Layout;
use core::ptr::NonNull;

use arbitrary::Arbitrary;
use arraypool::{Arena, Budget};
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
    Budget(u16),
    Trim,
    Reset,
    Clear,
}

#[derive(Debug, Arbitrary)]
struct Input {
    initial: u16,
    maximum: u16,
    steps: Vec<Step>,
}

struct Block {
    start: NonNull<u8>,
    layout: Layout,
    number: u32,
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

fuzz_target!(|input: Input| {
    let budget = Budget::new(1 << 20);
    let mut arena = Arena::builder()
        .initial_chunk(usize::from(input.initial))
        .max_chunk(usize::from(input.maximum))
        .budget(&budget)
        .build();
    let mut blocks: Vec<Block> = Vec::new();
    for (number, step) in (0..).zip(input.steps) {
        let count = blocks.len().max(1);
        let which = |which: u8| usize::from(which) % count;
        match step {
            Step::Block { size, align } => {
                let align = 1 << (align % 10);
                let layout =
                    Layout::from_size_align(usize::from(size) + 1, align).expect("a layout");
                if let Ok(start) = arena.try_alloc_layout(layout) {
                    // SAFETY: the block is as large as its layout, and nobody else's.
                    unsafe { start.write_bytes(0, layout.size()) };
                    let mut block = Block { start, layout, number };
                    fill(block.bytes(), number);
                    assert!(arena.owns(start.as_ptr()));
                    blocks.push(block);
                }
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
            Step::Grow { which: one, by } if !blocks.is_empty() => {
                let block = &mut blocks[which(one)];
                let size = block.layout.size() + usize::from(by);
                let new = Layout::from_size_align(size, block.layout.align()).expect("a layout");
                // SAFETY: the block is live, has this layout, and is named by nobody else.
                if let Ok(start) = unsafe { arena.try_grow(block.start, block.layout, new) } {
                    let old = block.layout.size();
                    (block.start, block.layout) = (start, new);
                    // SAFETY: the new bytes belong to the block.
                    unsafe { start.add(old).write_bytes(0, size - old) };
                    let number = block.number;
                    assert!(is_intact(&block.bytes()[..old], number));
                    fill(block.bytes(), number);
                }
            }
            Step::Shrink { which: one, to } if !blocks.is_empty() => {
                let block = &mut blocks[which(one)];
                let size = 1 + usize::from(to) % block.layout.size();
                // SAFETY: the block is live, has this layout, and is given up behind the size.
                unsafe { arena.shrink(block.start, block.layout, size) };
                block.layout =
                    Layout::from_size_align(size, block.layout.align()).expect("a layout");
                block.check();
            }
            Step::Release(one) if !blocks.is_empty() => {
                let mut block = blocks.swap_remove(which(one));
                block.check();
                // SAFETY: the block is live, has this layout, and is given up.
                unsafe { arena.release_bytes(block.start, block.layout) };
            }
            Step::Grow { .. } | Step::Shrink { .. } | Step::Release(_) => {}
            Step::Budget(limit) => budget.set_limit(usize::from(limit) * 64),
            Step::Trim => {
                blocks.iter_mut().for_each(Block::check);
                blocks.clear();
                arena.trim();
            }
            Step::Reset | Step::Clear => {
                blocks.iter_mut().for_each(Block::check);
                blocks.clear();
                if matches!(step, Step::Reset) { arena.reset() } else { arena.clear() }
            }
        }
        assert!(arena.used_bytes() <= arena.allocated_bytes());
    }
    blocks.iter_mut().for_each(Block::check);
});
