//! Reusable arenas, one per worker.

#![forbid(unsafe_code)]

use alloc::vec::Vec;
use core::fmt;
use core::mem;
use core::ops::{Deref, DerefMut};

use crate::arena::{Arena, Budget, defer::Defer};
use crate::sync::{Condvar, Mutex, wait};

/// What [`ArenaPool::get`] does when all arenas that the pool may have are out.
///
/// ```
/// use arraypool::shared::{ArenaPool, WhenExhausted};
///
/// let arenas = ArenaPool::new(1, WhenExhausted::Fail);
/// let first = arenas.get().unwrap();
/// assert!(arenas.get().is_err());                  // or wait, or make one more
/// # drop(first);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenExhausted {
    /// Wait until one comes back.
    Block,
    /// Return [`Exhausted`].
    Fail,
    /// Make one more, which is dropped when it comes back.
    Grow,
}

/// All arenas that a pool may have are out.
///
/// ```
/// use arraypool::shared::{ArenaPool, WhenExhausted};
///
/// let arenas = ArenaPool::new(1, WhenExhausted::Fail);
/// let first = arenas.get().unwrap();
/// assert_eq!(arenas.get().unwrap_err().arenas, 1);
/// # drop(first);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exhausted {
    /// How many the pool may have.
    pub arenas: usize,
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "all {} arenas of the pool are out", self.arenas)
    }
}

impl core::error::Error for Exhausted {}

/// Arenas that worker threads borrow, one at a time each, and that keep their
/// memory in between.
///
/// The arena that came back last is handed out first: it is the one whose memory is
/// still in a cache. The lock is held for one push or one pop; arenas are made and
/// reset outside it. A worker that panics gives its arena back like any other.
///
/// ```
/// use arraypool::shared::{ArenaPool, WhenExhausted};
///
/// let arenas = ArenaPool::new(2, WhenExhausted::Block);
/// let lengths: Vec<usize> = std::thread::scope(|scope| {
///     let arenas = &arenas;
///     let work = |word: &'static str| {
///         move || arenas.get().map(|arena| arena.alloc_str(word).len()).unwrap()
///     };
///     let threads: Vec<_> = ["one", "three", "seven"].map(|word| scope.spawn(work(word))).into();
///     threads.into_iter().map(|thread| thread.join().unwrap()).collect()
/// });
/// assert_eq!(lengths, [3, 5, 5]);
/// assert!(arenas.made() <= 2);
/// ```
pub struct ArenaPool<'m> {
    state: Mutex<State<'m>>,
    /// One who waits is woken for each arena that comes back.
    returned: Condvar,
    most: usize,
    when_exhausted: WhenExhausted,
    keep_bytes: usize,
    initial_chunk: usize,
    max_chunk: usize,
    budget: Option<&'m Budget>,
}

/// What the lock guards.
struct State<'m> {
    /// Arenas that are in, the warmest last.
    idle: Vec<Arena<'m>>,
    /// Arenas that exist, here or elsewhere.
    made: usize,
}

impl ArenaPool<'static> {
    /// A pool of at most `most` arenas on the heap, made when they are needed.
    /// With 0, every `get` finds all of them out, and one that blocks never returns.
    ///
    /// ```
    /// use arraypool::shared::{ArenaPool, WhenExhausted};
    ///
    /// let arenas = ArenaPool::new(1, WhenExhausted::Fail);
    /// assert_eq!(arenas.made(), 0);
    /// ```
    #[must_use]
    pub fn new(most: usize, when_exhausted: WhenExhausted) -> Self {
        Self {
            state: Mutex::new(State { idle: Vec::new(), made: 0 }),
            returned: Condvar::new(),
            most,
            when_exhausted,
            keep_bytes: usize::MAX,
            initial_chunk: 4 << 10,
            max_chunk: 64 << 10,
            budget: None,
        }
    }
}

impl<'m> ArenaPool<'m> {
    /// The chunk sizes of the arenas: see [`ArenaBuilder`](crate::ArenaBuilder).
    ///
    /// ```
    /// use arraypool::shared::{ArenaPool, WhenExhausted};
    ///
    /// let arenas = ArenaPool::new(1, WhenExhausted::Fail);
    /// let arenas = arenas.chunks(1024, 4096);
    /// let arena = arenas.get().unwrap();
    /// arena.alloc(7);
    /// assert_eq!(arena.allocated_bytes(), 1024);
    /// ```
    #[must_use]
    pub fn chunks(mut self, initial: usize, maximum: usize) -> Self {
        (self.initial_chunk, self.max_chunk) = (initial, maximum);
        self
    }

    /// The most bytes that an arena keeps when it comes back; one that has grown
    /// beyond is [cleared](Arena::clear) to its first chunk, and keeps nothing if that
    /// is too large. No limit if not set.
    ///
    /// ```
    /// use arraypool::shared::{ArenaPool, WhenExhausted};
    ///
    /// let arenas = ArenaPool::new(1, WhenExhausted::Fail);
    /// let arenas = arenas.keep_bytes(5000);
    /// arenas.get().unwrap().alloc([0_u8; 100_000]);
    /// assert!(arenas.get().unwrap().allocated_bytes() <= 5000);
    /// ```
    #[must_use]
    pub fn keep_bytes(mut self, bytes: usize) -> Self {
        self.keep_bytes = bytes;
        self
    }

    /// One limit over all arenas of the pool, those that are in included.
    ///
    /// ```
    /// use arraypool::shared::{ArenaPool, WhenExhausted};
    ///
    /// let arenas = ArenaPool::new(1, WhenExhausted::Fail);
    /// let budget = arraypool::Budget::new(10_000);
    /// let arenas = arenas.budget(&budget);
    /// assert!(arenas.get().unwrap().try_alloc([0_u8; 10_000]).is_err());
    /// ```
    #[must_use]
    pub fn budget<'b>(self, budget: &'b Budget) -> ArenaPool<'b>
    where
        'm: 'b,
    {
        let Self { most, when_exhausted, keep_bytes, initial_chunk, max_chunk, .. } = self;
        ArenaPool {
            // Nobody has an arena, as the pool can be moved; those that are in go.
            state: Mutex::new(State { idle: Vec::new(), made: 0 }),
            returned: Condvar::new(),
            most,
            when_exhausted,
            keep_bytes,
            initial_chunk,
            max_chunk,
            budget: Some(budget),
        }
    }

    /// An arena, empty and this caller's until the guard is dropped: the one that
    /// came back last, or a new one.
    ///
    /// Complexity: one pop under the lock, unless it has to wait. Never panics.
    ///
    /// ```
    /// use arraypool::shared::{ArenaPool, WhenExhausted};
    ///
    /// let arenas = ArenaPool::new(1, WhenExhausted::Fail);
    /// let arena = arenas.get().unwrap();
    /// assert_eq!(*arena.alloc(7), 7);
    /// ```
    ///
    /// # Errors
    /// [`Exhausted`] if all are out and the pool was made to fail then.
    pub fn get(&self) -> Result<ArenaGuard<'_, 'm>, Exhausted> {
        let mut state = self.state.lock();
        loop {
            if let Some(arena) = state.idle.pop() {
                return Ok(ArenaGuard { arena, pool: self });
            }
            if state.made < self.most || self.when_exhausted == WhenExhausted::Grow {
                state.made += 1;
                drop(state);
                return Ok(ArenaGuard { arena: self.make(), pool: self });
            }
            if self.when_exhausted == WhenExhausted::Fail {
                return Err(Exhausted { arenas: self.most });
            }
            state = wait(&self.returned, state);
        }
    }

    /// An arena without memory. It takes some when it is used.
    fn make(&self) -> Arena<'m> {
        let builder = Arena::builder().initial_chunk(self.initial_chunk).max_chunk(self.max_chunk);
        match self.budget {
            Some(budget) => builder.budget(budget).build(),
            None => builder.build(),
        }
    }

    /// Takes an arena in. It has been reset.
    fn put(&self, arena: Arena<'m>) {
        let mut state = self.state.lock();
        let surplus = if state.made > self.most || state.idle.try_reserve(1).is_err() {
            state.made -= 1;
            Some(arena)
        } else {
            state.idle.push(arena);
            None
        };
        drop(state);
        self.returned.notify_one();
        drop(surplus);
    }

    /// Counts an arena as gone. One who waits may make another.
    fn lose(&self) {
        self.state.lock().made -= 1;
        self.returned.notify_one();
    }

    /// Arenas that exist, in or out. Takes the lock for one look. Never panics.
    ///
    /// ```
    /// use arraypool::shared::{ArenaPool, WhenExhausted};
    ///
    /// let arenas = ArenaPool::new(1, WhenExhausted::Fail);
    /// drop(arenas.get());
    /// drop(arenas.get());
    /// assert_eq!(arenas.made(), 1);
    /// ```
    #[must_use]
    pub fn made(&self) -> usize {
        self.state.lock().made
    }

    /// Arenas that are in. Takes the lock for one look. Never panics.
    ///
    /// ```
    /// use arraypool::shared::{ArenaPool, WhenExhausted};
    ///
    /// let arenas = ArenaPool::new(1, WhenExhausted::Fail);
    /// drop(arenas.get());
    /// assert_eq!(arenas.idle(), 1);
    /// ```
    #[must_use]
    pub fn idle(&self) -> usize {
        self.state.lock().idle.len()
    }
}

impl fmt::Debug for ArenaPool<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArenaPool")
            .field("most", &self.most)
            .field("when_exhausted", &self.when_exhausted)
            .finish_non_exhaustive()
    }
}

/// An arena of an [`ArenaPool`]: reset and given back when it is dropped.
///
/// ```
/// use arraypool::shared::{ArenaPool, WhenExhausted};
///
/// let arenas = ArenaPool::new(1, WhenExhausted::Fail);
/// let arena = arenas.get().unwrap();
/// arena.alloc(7);
/// drop(arena);                                    // empty, and back in the pool
/// assert_eq!(arenas.get().unwrap().used_bytes(), 0);
/// ```
#[derive(Debug)]
pub struct ArenaGuard<'p, 'm> {
    arena: Arena<'m>,
    pool: &'p ArenaPool<'m>,
}

impl<'m> Deref for ArenaGuard<'_, 'm> {
    type Target = Arena<'m>;

    fn deref(&self) -> &Arena<'m> {
        &self.arena
    }
}

impl<'m> DerefMut for ArenaGuard<'_, 'm> {
    fn deref_mut(&mut self) -> &mut Arena<'m> {
        &mut self.arena
    }
}

impl Drop for ArenaGuard<'_, '_> {
    fn drop(&mut self) {
        // The arena may be one that the user put there, with a hook that panics.
        let gone = Defer(|| self.pool.lose());
        // One without memory stands in until the guard is gone.
        let mut arena = mem::replace(&mut self.arena, Arena::builder().build());
        if arena.allocated_bytes() > self.pool.keep_bytes {
            arena.clear();
            // Its first chunk, which it keeps, may be one array's.
            if arena.allocated_bytes() > self.pool.keep_bytes {
                arena = self.pool.make();
            }
        } else {
            arena.reset();
        }
        gone.cancel();
        self.pool.put(arena);
    }
}
