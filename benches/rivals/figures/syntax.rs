//! A syntax tree of 100,000 nodes: in an arena, and of boxes, vectors and strings.
//!
//! Both are built from one recipe, as a parser builds: it does not know how many
//! children a list will have. The boxed one is built in the free blocks of a heap
//! that has been in use: every second block of the sizes that it needs is taken,
//! and the others were freed in a random order. An arena's chunks are in order,
//! whatever was before.

use arraypool::{Arena, Budget, Interner, Symbol};

use crate::clock::thread_nanoseconds;
use crate::json_memory::count;
use crate::measure::shuffle;
use crate::subjects::keep;
use crate::support::workload::XorShift;

/// Nodes of the tree, or a few more.
pub(crate) const NODES: usize = 100_000;
/// Different names.
const NAMES: u64 = 2000;

/// A node of the tree, its children next in the recipe.
#[derive(Debug, Clone, Copy)]
enum Step {
    Number(u32),
    Name(u32),
    Unary(u8),
    Binary(u8),
    Call(u32),
    /// The end of a call's children.
    End,
}

/// A program of calls, each with an expression or a few.
fn recipe() -> (Vec<String>, Vec<Step>) {
    let names = (0..NAMES).map(|i| format!("{}{i}", ["x", "total_", "value_of_"][i as usize % 3]));
    let mut random = XorShift(0x5EED);
    let mut steps = vec![Step::Call(0)];
    while steps.len() < NODES {
        expression(&mut steps, &mut random, 0);
    }
    steps.push(Step::End);
    (names.collect(), steps)
}

fn expression(steps: &mut Vec<Step>, random: &mut XorShift, depth: u32) {
    let mut below = |limit: u64| (random.next() >> 33) % limit;
    let (kind, name, number) = (below(100), below(NAMES) as u32, below(1000) as u32);
    match if depth > 6 { kind % 50 } else { kind } {
        0..20 => steps.push(Step::Number(number)),
        20..50 => steps.push(Step::Name(name)),
        50..58 => {
            steps.push(Step::Unary(1));
            expression(steps, random, depth + 1);
        }
        58..85 => {
            steps.push(Step::Binary(2));
            expression(steps, random, depth + 1);
            expression(steps, random, depth + 1);
        }
        _ => {
            steps.push(Step::Call(name));
            for _ in 0..number % 6 {
                expression(steps, random, depth + 1);
            }
            steps.push(Step::End);
        }
    }
}

/// A node as one writes it without an arena.
enum Boxed {
    Number(f64),
    Name(String),
    Unary(u8, Box<Boxed>),
    Binary(u8, Box<Boxed>, Box<Boxed>),
    Call(String, Vec<Boxed>),
}

impl Boxed {
    /// The next node of the recipe; `None` at the end of a list.
    fn build(names: &[String], steps: &mut impl Iterator<Item = Step>) -> Option<Self> {
        let child = |steps: &mut _| Box::new(Self::build(names, steps).expect("a child"));
        Some(match steps.next()? {
            Step::Number(number) => Self::Number(number.into()),
            Step::Name(name) => Self::Name(names[name as usize].clone()),
            Step::Unary(operator) => Self::Unary(operator, child(steps)),
            Step::Binary(operator) => {
                let left = child(steps);
                Self::Binary(operator, left, child(steps))
            }
            Step::Call(name) => {
                let mut children = Vec::new();
                while let Some(child) = Self::build(names, steps) {
                    children.push(child);
                }
                Self::Call(names[name as usize].clone(), children)
            }
            Step::End => return None,
        })
    }

    /// Reads every node; names count, but their letters are not read.
    fn walk(&self) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Name(name) => seen(name),
            Self::Unary(operator, child) => f64::from(*operator) - child.walk(),
            Self::Binary(operator, left, right) => {
                f64::from(*operator) + left.walk() + right.walk()
            }
            Self::Call(name, children) => seen(name) + children.iter().map(Self::walk).sum::<f64>(),
        }
    }

    /// Bytes of the blocks below this node, as the system's allocator counts them:
    /// what can be used of a block, and the word in front of it.
    fn held(&self) -> usize {
        match self {
            Self::Number(_) => 0,
            Self::Name(name) => block(name.as_ptr(), name.capacity()),
            Self::Unary(_, child) => boxed_block(child),
            Self::Binary(_, left, right) => boxed_block(left) + boxed_block(right),
            Self::Call(name, children) => {
                let list = block(children.as_ptr(), children.capacity());
                let below = children.iter().map(Self::held).sum::<usize>();
                block(name.as_ptr(), name.capacity()) + list + below
            }
        }
    }
}

fn boxed_block(child: &Boxed) -> usize {
    block(child, 1) + child.held()
}

/// Bytes of the block of a collection with this capacity.
fn block<T>(first: *const T, capacity: usize) -> usize {
    if capacity == 0 {
        return 0;
    }
    // SAFETY: `first` is the beginning of a block of the system's allocator, which
    // only looks up its size.
    let usable = unsafe { libc::malloc_usable_size(first.cast_mut().cast()) };
    usable + size_of::<usize>()
}

/// What a name counts, whose letters are not read.
fn seen<T>(name: &T) -> f64 {
    keep(name);
    1.0
}

/// A node in an arena: 16 bytes, so that lists of nodes leave no gaps.
#[derive(Clone, Copy)]
enum Node<'a> {
    Number(f64),
    Name(Symbol),
    Unary(u8, &'a Node<'a>),
    Binary(u8, &'a [Node<'a>; 2]),
    Call(Symbol, &'a &'a [Node<'a>]),
}

const _: () = assert!(size_of::<Node<'_>>() == 16);

/// A tree in an arena, with the names that it uses.
struct Tree<'a> {
    arena: &'a Arena<'a>,
    names: Interner<'a>,
}

impl<'a> Tree<'a> {
    fn new(arena: &'a Arena<'a>) -> Self {
        Self { arena, names: Interner::new_in(arena) }
    }

    /// The next node of the recipe; `None` at the end of a list. Children of lists
    /// that are not complete wait on the stack.
    fn build(
        &mut self,
        names: &[String],
        steps: &mut impl Iterator<Item = Step>,
        stack: &mut Vec<Node<'a>>,
    ) -> Option<Node<'a>> {
        Some(match steps.next()? {
            Step::Number(number) => Node::Number(number.into()),
            Step::Name(name) => Node::Name(self.names.intern(&names[name as usize])),
            Step::Unary(operator) => {
                let child = self.build(names, steps, stack).expect("a child");
                Node::Unary(operator, self.arena.alloc(child))
            }
            Step::Binary(operator) => {
                let left = self.build(names, steps, stack).expect("a child");
                let right = self.build(names, steps, stack).expect("a child");
                Node::Binary(operator, self.arena.alloc([left, right]))
            }
            Step::Call(name) => {
                let name = self.names.intern(&names[name as usize]);
                let bottom = stack.len();
                while let Some(child) = self.build(names, steps, stack) {
                    stack.push(child);
                }
                let children = &*self.arena.alloc_slice_copy(&stack[bottom..]);
                stack.truncate(bottom);
                Node::Call(name, self.arena.alloc(children))
            }
            Step::End => return None,
        })
    }
}

impl Node<'_> {
    /// Reads every node; names count, but their letters are not read.
    fn walk(&self) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Name(name) => seen(name),
            Self::Unary(operator, child) => f64::from(*operator) - child.walk(),
            Self::Binary(operator, [left, right]) => {
                f64::from(*operator) + left.walk() + right.walk()
            }
            Self::Call(name, children) => seen(name) + children.iter().map(Self::walk).sum::<f64>(),
        }
    }
}

/// A heap that has been in use: no two free blocks are neighbours, and they are
/// handed out in a random order.
fn shuffle_heap(random: &mut XorShift) -> Vec<Box<[u8]>> {
    let mut kept = Vec::new();
    for size in [size_of::<Boxed>(), 4 * size_of::<Boxed>(), 8 * size_of::<Boxed>(), 8, 24] {
        let mut blocks: Vec<Box<[u8]>> =
            (0..NODES).map(|_| vec![1; size].into_boxed_slice()).collect();
        let mut freed = Vec::new();
        for index in (0..NODES / 2).rev() {
            freed.push(blocks.swap_remove(2 * index));
        }
        shuffle(&mut freed, random);
        freed.into_iter().for_each(drop);
        kept.append(&mut blocks);
    }
    kept
}

fn build_boxed(names: &[String], steps: &[Step]) -> Boxed {
    Boxed::build(names, &mut steps.iter().copied()).expect("a tree")
}

fn build_in<'a>(arena: &'a Arena<'a>, names: &[String], steps: &[Step]) -> (Tree<'a>, Node<'a>) {
    let mut tree = Tree::new(arena);
    let root = tree.build(names, &mut steps.iter().copied(), &mut Vec::new()).expect("a tree");
    (tree, root)
}

/// Bytes that each tree holds: arena, then boxed. An arena's are all that it has
/// taken, the empty end of its last chunk and the names' table included.
pub(crate) fn bytes_held() -> [f64; 2] {
    let (names, steps) = recipe();
    let budget = Budget::unlimited();
    let arena = Arena::builder().budget(&budget).build();
    build_in(&arena, &names, &steps);
    let boxed = build_boxed(&names, &steps);
    [budget.used() as f64, (size_of::<Boxed>() + boxed.held()) as f64]
}

/// How often each asks the heap to build its tree: an arena of default chunks, one
/// that was told how much, boxes.
pub(crate) fn heap_calls() -> [f64; 3] {
    let (names, steps) = recipe();
    let in_arena = |make: fn() -> Arena<'static>| {
        let (_, asked) = count(|| {
            let arena = make();
            build_in(&arena, &names, &steps);
        });
        asked.calls as f64
    };
    let grown = in_arena(Arena::new);
    let sized = in_arena(|| Arena::with_capacity(2 << 20));
    let (_, boxed) = count(|| build_boxed(&names, &steps));
    [grown, sized, boxed.calls as f64]
}

/// What one round took, in nanoseconds.
#[derive(Default)]
pub(crate) struct Taken {
    pub(crate) build: Vec<f64>,
    pub(crate) walk: Vec<f64>,
    pub(crate) tear_down: Vec<f64>,
}

fn timed<R>(samples: &mut Vec<f64>, work: impl FnOnce() -> R) -> R {
    let before = thread_nanoseconds();
    let result = work();
    samples.push((thread_nanoseconds() - before) as f64);
    result
}

/// Builds, walks and tears down both trees in turn, as many times: arena, then boxed.
pub(crate) fn times(rounds: usize, random: &mut XorShift) -> [Taken; 2] {
    let (names, steps) = recipe();
    let [mut ours, mut theirs] = [Taken::default(), Taken::default()];
    let mut arena = Arena::new();
    // The first round maps memory for both.
    for round in 0..=rounds {
        if round == 1 {
            [ours, theirs] = [Taken::default(), Taken::default()];
        }
        let kept = shuffle_heap(random);
        let boxed = timed(&mut theirs.build, || build_boxed(&names, &steps));
        let answer = timed(&mut theirs.walk, || boxed.walk());
        timed(&mut theirs.tear_down, || drop(boxed));
        drop(kept);
        {
            let (tree, root) = timed(&mut ours.build, || build_in(&arena, &names, &steps));
            let walked = timed(&mut ours.walk, || root.walk());
            assert_eq!(walked, answer, "both trees say the same");
            assert_eq!(tree.names.len(), NAMES as usize, "every name is used");
        }
        timed(&mut ours.tear_down, || arena.reset());
    }
    [ours, theirs]
}

/// Builds one tree and walks it so many times, for a child that is counted.
pub(crate) fn walk_only(name: &str, passes: usize) -> Result<(), String> {
    let (names, steps) = recipe();
    let mut sum = 0.0;
    match name {
        "arena" => {
            let arena = Arena::new();
            let (_, root) = build_in(&arena, &names, &steps);
            sum += (0..passes).map(|_| root.walk()).sum::<f64>();
        }
        "boxed" => {
            let kept = shuffle_heap(&mut XorShift(1));
            let boxed = build_boxed(&names, &steps);
            sum += (0..passes).map(|_| boxed.walk()).sum::<f64>();
            drop(kept);
        }
        _ => return Err(format!("no tree `{name}`")),
    }
    if sum.is_finite() { Ok(()) } else { Err("the sum is no number".to_string()) }
}
