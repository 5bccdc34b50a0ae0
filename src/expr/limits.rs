//! The bounds that parser, folder and evaluator keep.

/// Bounds, each with an error of its own.
///
/// ```
/// use arraypool::expr::{ErrorKind, Limits};
/// use arraypool::{Arena, expr};
///
/// let arena = Arena::new();
/// let limits = Limits { depth: 3, ..Limits::DEFAULT };
/// let error = expr::parse::<f64>("((((1))))", &arena, &limits).unwrap_err();
/// assert!(matches!(error.kind, ErrorKind::TooDeep { limit: 3 }));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of an expression's text; at most 65,535.
    pub text_bytes: usize,
    /// Levels of nesting, in the text and in the tree with functions inlined: so deep do
    /// parser, folder and evaluator recurse. The default takes up to 1.6 MB of native stack
    /// in a build without optimisation, and up to 260 KB on a Cortex-M7 in one for size:
    /// use [`SMALL`](Self::SMALL) there.
    pub depth: u16,
    /// Terms of one expression with functions inlined, including those that fold away: a
    /// bound of what is compiled. A program has at most 65,535 nodes, whatever this is.
    pub terms: usize,
    /// Depth of recursive calls of expression functions. One whose body is higher than
    /// 16 levels counts as one call for each 16, so recursion needs native stack for at
    /// most 16 times as many nodes;
    /// [`Batch::stack_depth`](super::Batch::stack_depth) says how many there are.
    /// A call counts while its arguments are evaluated, too: in `f(f(x))`, two do.
    pub call_depth: u32,
    /// Calls of recursive functions by one expression in one tick.
    pub calls: u32,
    /// Whether constants are folded. Off for tests: results are the same.
    pub fold: bool,
}

impl Limits {
    /// Levels of a body that is one call deep.
    pub(super) const LEVELS_OF_CALL: u16 = 16;

    /// 65,535 bytes, 512 levels, 16,384 terms, 256 calls deep, 1,000,000 calls.
    ///
    /// ```
    /// use arraypool::expr::Limits;
    ///
    /// let limits = Limits { calls: 10_000, ..Limits::DEFAULT };
    /// assert_eq!((limits.calls, limits.depth), (10_000, 512));
    /// ```
    pub const DEFAULT: Self = Self {
        text_bytes: u16::MAX as usize,
        depth: 512,
        terms: 16_384,
        call_depth: 256,
        calls: 1_000_000,
        fold: true,
    };

    /// For a stack of 32 KB, as where everything lies in buffers: 4,096 bytes, 24 levels,
    /// 1,024 terms, 8 calls deep, 10,000 calls.
    ///
    /// On a Cortex-M7, in a build for size, a level takes up to 504 bytes of stack while a
    /// text is compiled, and each of [`Batch::stack_depth`](super::Batch::stack_depth) nodes
    /// up to 100 while it is evaluated.
    ///
    /// ```
    /// use arraypool::expr::{Engine, ErrorKind, Limits, Phases, Pool};
    ///
    /// let pool = Pool::new();
    /// let engine = <Engine>::with(&pool, Phases::new(), Limits::SMALL);
    /// assert_eq!(engine.eval("2 * (3 + 4)")?, 14.0);
    /// let deep = "(".repeat(25) + "1" + &")".repeat(25);
    /// assert_eq!(engine.eval(&deep).unwrap_err().kind, ErrorKind::TooDeep { limit: 24 });
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    pub const SMALL: Self =
        Self { text_bytes: 4096, depth: 24, terms: 1024, call_depth: 8, calls: 10_000, fold: true };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
