//! A recursive node type compiles, and a tree of it drops, under every strategy.

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

fn main() {
    grows_and_drops::<Direct>();
    grows_and_drops::<Metadata>();
    grows_and_drops::<Tagged>();
}
