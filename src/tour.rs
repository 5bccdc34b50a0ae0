//! A guided tour: ten stops, from one array to many threads. There is nothing to call here.
//!
//! Every stop is a program that runs. Read in order; it takes a quarter of an hour.
//!
//! # 1. An array
//!
//! A pool gives arrays of the very length that is asked for. An array is a slice, and
//! owns its elements; when it goes out of scope, its place serves the next one.
//!
//! ```
//! use arraypool::ArrayPool;
//!
//! let pool = ArrayPool::<f32>::new();
//! let mut wave = pool.allocate_with(100, |i| (i as f32).sin());
//! wave[0] = 1.0;
//! let address = wave.as_ptr();
//! drop(wave);
//!
//! let again = pool.allocate_with(90, |_| 0.0);
//! assert_eq!(again.as_ptr(), address);          // the same place, of the same class
//! assert_eq!(again.len(), 90);
//! ```
//!
//! Lengths share places by [class](crate::ClassTable): up to 16 elements, up to 256,
//! and powers of two above. The table is yours to set.
//!
//! # 2. A wrong release
//!
//! Where a handle cannot go, across a language's border for instance, an array is managed
//! manually. Then mistakes are possible, and nearly all are errors that say which; the
//! exception is in `docs/SECURITY.md`.
//!
//! ```
//! use arraypool::{ArrayPool, ReleaseError};
//!
//! let pool = ArrayPool::<u8>::new();
//! let raw = pool.allocate_copy(b"by hand").into_raw();
//! let other = [0_u8; 16];
//! // SAFETY: nobody uses the array afterwards; that is all that is asked for.
//! let foreign = unsafe { pool.release_ptr(other.as_ptr()) };
//! // SAFETY: as above.
//! let interior = unsafe { pool.release_ptr(raw.ptr.as_ptr().wrapping_add(3)) };
//! // SAFETY: as above.
//! let first = unsafe { pool.release_raw(raw) };
//! // SAFETY: as above.
//! let second = unsafe { pool.release_raw(raw) };
//! assert!(matches!(foreign, Err(ReleaseError::Foreign { .. })));
//! assert!(matches!(interior, Err(ReleaseError::Interior { .. })));
//! assert_eq!(first, Ok(()));
//! assert!(matches!(second, Err(ReleaseError::AlreadyReleased { .. })));
//! ```
//!
//! The check is part of every release, in release builds too: there is no other mode.
//!
//! # 3. An array that grows
//!
//! [`PoolVec`](crate::PoolVec) climbs the classes, and what it has outgrown goes back at
//! once. At the end it becomes an array, without a copy.
//!
//! ```
//! use arraypool::{ArrayPool, PoolArray};
//!
//! let pool = ArrayPool::<&str>::new();
//! let mut words = pool.vec();
//! words.extend("every wrong release is an error".split(' '));
//! let words: PoolArray<&str> = words.into_array();
//! assert_eq!(words.len(), 6);
//! ```
//!
//! # 4. The strategy
//!
//! Where the bookkeeping lies is a type parameter. Code that does not care is generic;
//! code that names no strategy has [`DefaultStrategy`](crate::DefaultStrategy).
//!
//! ```
//! use arraypool::{ArrayPool, Direct, Metadata, ReleaseStrategy, Tagged};
//!
//! fn live_after_one_release<S: ReleaseStrategy>() -> usize {
//!     let pool = ArrayPool::<u64, S>::new();
//!     let kept = pool.allocate(10);
//!     drop(pool.allocate(10));
//!     let live = pool.stats().live;
//!     drop(kept);
//!     live
//! }
//!
//! assert_eq!(live_after_one_release::<Metadata>(), 1);   // records beside the memory
//! assert_eq!(live_after_one_release::<Tagged>(), 1);     // a header before each array
//! assert_eq!(live_after_one_release::<Direct>(), 2);     // nothing goes back alone
//! ```
//!
//! # 5. The arena below
//!
//! Pools take memory from an [`Arena`](crate::Arena), which is useful on its own: for
//! values that all die together, and in scopes for those that die sooner.
//!
//! ```
//! use arraypool::{Arena, ArrayPool};
//!
//! let arena = Arena::new();
//! let name = arena.alloc_str("kept");
//! let sum = arena.scope(|inner| {
//!     let pool = ArrayPool::<u32>::new_in(inner);        // dies with the scope
//!     pool.allocate_with(100, |i| i as u32).iter().sum::<u32>()
//! });
//! assert_eq!((&*name, sum, arena.used_bytes()), ("kept", 4950, 16));
//! ```
//!
//! # 6. A limit
//!
//! Every call that needs memory has a twin that returns an error. One
//! [`Budget`](crate::Budget) bounds any number of arenas and pools, bookkeeping included.
//!
//! ```
//! use arraypool::{AllocError, Arena, ArrayPool, Budget};
//!
//! let budget = Budget::new(64 * 1024);
//! let arena = Arena::builder().budget(&budget).build();
//! let pool = ArrayPool::<u64>::new_in(&arena);
//! let error = pool.try_allocate(1_000_000).unwrap_err();
//! assert!(matches!(error, AllocError::OverBudget { limit: 65_536, .. }));
//! assert!(pool.try_allocate(100).is_ok());               // and on it goes
//! ```
//!
//! # 7. No heap
//!
//! A fixed buffer, here on the stack, is an arena as well. Reserve what a program will need
//! at the start, and make growth an error: then no call takes longer than the first ones.
//!
//! ```
//! use arraypool::{Arena, ArrayPool, Buffer, Tagged};
//!
//! type Samples<'m> = ArrayPool<'m, f32, Tagged>;
//! const BYTES: usize = Samples::bytes_for(&[8, 2]);
//!
//! let mut buffer = Buffer::<BYTES>::new();
//! let arena = Arena::from_buffer(&mut buffer);
//! let pool = Samples::new_in(&arena);
//! pool.reserve(16, 8);
//! pool.reserve(256, 2);
//! pool.freeze();
//! assert!(pool.try_allocate(200).is_ok());
//! ```
//!
//! # 8. Documents
//!
//! [`json`](crate::json) is built on these layers alone: a document's parts are arrays
//! of a pool, so they go back one by one, and a server that reads and drops for ever
//! stops growing.
//!
//! ```
//! # #[cfg(feature = "json")] {
//! use arraypool::json::{self, Pool};
//!
//! let pool = <Pool>::new();
//! let first = json::parse(r#"{"name": "first", "list": [1, 2, 3]}"#, &pool).unwrap();
//! let second = json::parse(r#"[true, null]"#, &pool).unwrap();
//! assert_eq!(first["list"][2].as_i64(), Some(3));
//! drop(first);
//! assert_eq!(second.to_string(), "[true,null]");
//! # }
//! ```
//!
//! # 9. Expressions
//!
//! [`expr`](crate::expr) compiles text into one pool array per program, and evaluates a
//! batch of them every tick without an allocation, within bounds that are known when it
//! was compiled.
//!
//! ```
//! # #[cfg(feature = "expr")] {
//! use arraypool::expr::{Engine, Pool};
//!
//! let pool = Pool::new();
//! let engine = <Engine>::new(&pool);
//! let mut builder = engine.batch();
//! let speed = builder.parameter("speed", 0.0).unwrap();
//! let force = builder.add("max(0, 10 - speed) * 2.5").unwrap();
//! let mut batch = builder.build();
//! batch.set(speed, 6.0);
//! batch.eval();
//! assert_eq!(batch.result(force), Some(10.0));
//! # }
//! ```
//!
//! # 10. Threads
//!
//! A pool belongs to one thread, and is the faster for it. `shared::SharedPool` (feature
//! `shared`) is for any number: its arrays go home from wherever they are dropped.
//!
//! ```
//! # #[cfg(feature = "shared")] {
//! use arraypool::shared::SharedPool;
//!
//! static POOL: SharedPool<u32> = SharedPool::new();
//!
//! let numbers = POOL.allocate_with(1000, |i| i as u32);
//! let sum = std::thread::spawn(move || numbers.iter().sum::<u32>()).join().unwrap();
//! assert_eq!((sum, POOL.stats().live), (499_500, 0));
//! # }
//! ```
//!
//! # And when something is wrong
//!
//! [`Checks`](crate::Checks) turn on, for one pool or by an environment variable, what
//! finds out *who*: a canary behind every array, poison in free ones, the places in the
//! program that allocated and released.
//!
//! ```
//! # #[cfg(feature = "diagnostics")] {
//! use arraypool::{ArrayPool, Checks};
//!
//! let pool = ArrayPool::<u8>::builder().checks(Checks::none().callers()).build();
//! let array = pool.allocate(5);
//! let history = pool.history(array.as_ptr()).unwrap();
//! assert_eq!(history.allocated.unwrap().location().unwrap().file(), file!());
//! # }
//! ```
//!
//! From here: the types that the stops name, and the pages under `docs/` of the
//! repository, of which `DESIGN.md` says why things are as they are.
