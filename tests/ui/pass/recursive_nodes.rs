//! A recursive node type compiles, and a tree of it drops, under every strategy.

use arraypool::shared::{Lane, LaneArray, SharedArray, SharedPool};
use arraypool::{ArrayPool, Direct, Metadata, PoolArray, ReleaseStrategy, Tagged};

enum Node<'p, S: ReleaseStrategy> {
    Leaf(f64),
    Branch(PoolArray<'p, Node<'p, S>, S>),
}

impl<S: ReleaseStrategy> Node<'_, S> {
    fn sum(&self) -> f64 {
        match self {
            Self::Leaf(value) => *value,
            Self::Branch(nodes) => nodes.iter().map(Self::sum).sum(),
        }
    }
}

fn tree<'p, S: ReleaseStrategy>(
    pool: &'p ArrayPool<'_, Node<'p, S>, S>,
    depth: usize,
) -> Node<'p, S> {
    if depth == 0 {
        return Node::Leaf(1.0);
    }
    Node::Branch(pool.allocate_with(3, |_| tree(pool, depth - 1)))
}

fn grows_and_drops<S: ReleaseStrategy>() {
    let pool = ArrayPool::new();
    let root = tree::<S>(&pool, 4);
    assert_eq!(root.sum(), 81.0);
    drop(root);
    let stats = pool.verify().unwrap();
    assert_eq!(stats.live, if S::RECLAIMS { 0 } else { 40 });
}

/// The same in a pool that threads share.
enum SharedNode<'p, S: ReleaseStrategy> {
    Leaf(f64),
    Branch(SharedArray<'p, SharedNode<'p, S>, S>),
}

impl<S: ReleaseStrategy> SharedNode<'_, S> {
    fn sum(&self) -> f64 {
        match self {
            Self::Leaf(value) => *value,
            Self::Branch(nodes) => nodes.iter().map(Self::sum).sum(),
        }
    }
}

fn shared_tree<'p, S: ReleaseStrategy>(
    pool: &'p SharedPool<SharedNode<'p, S>, S>,
    depth: usize,
) -> SharedNode<'p, S> {
    if depth == 0 {
        return SharedNode::Leaf(1.0);
    }
    SharedNode::Branch(pool.allocate_with(3, |_| shared_tree(pool, depth - 1)))
}

fn is_dropped_elsewhere<S: ReleaseStrategy>() {
    let pool = SharedPool::new();
    let root = shared_tree::<S>(&pool, 4);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            assert_eq!(root.sum(), 81.0);
            drop(root);
        });
    });
    assert_eq!(pool.verify().unwrap().live, 0);
}

/// The same on a lane, which the nodes borrow.
enum LaneNode<'l, 'p, S: ReleaseStrategy> {
    Leaf(f64),
    Branch(LaneArray<'l, 'p, LaneNode<'l, 'p, S>, S>),
}

impl<S: ReleaseStrategy> LaneNode<'_, '_, S> {
    fn sum(&self) -> f64 {
        match self {
            Self::Leaf(value) => *value,
            Self::Branch(nodes) => nodes.iter().map(Self::sum).sum(),
        }
    }
}

fn lane_tree<'l, 'p, S: ReleaseStrategy>(
    lane: &'l Lane<'p, LaneNode<'l, 'p, S>, S>,
    depth: usize,
) -> LaneNode<'l, 'p, S> {
    if depth == 0 {
        return LaneNode::Leaf(1.0);
    }
    LaneNode::Branch(lane.allocate_with(3, |_| lane_tree(lane, depth - 1)))
}

fn is_dropped_before_its_lane<S: ReleaseStrategy>() {
    let pool = SharedPool::new();
    let lane = pool.lane();
    let root = lane_tree::<S>(&lane, 4);
    assert_eq!(root.sum(), 81.0);
    drop(root);
    assert_eq!(pool.verify().unwrap().live, 0);
}

fn main() {
    grows_and_drops::<Direct>();
    grows_and_drops::<Metadata>();
    grows_and_drops::<Tagged>();
    is_dropped_elsewhere::<Metadata>();
    is_dropped_elsewhere::<Tagged>();
    is_dropped_before_its_lane::<Metadata>();
    is_dropped_before_its_lane::<Tagged>();
}
