//! A batch that is being put together.

use super::Batch;
use crate::expr::error::Error;
use crate::expr::real::Real;
use crate::pool::{DefaultStrategy, ReleaseStrategy};

/// A batch that is being put together.
///
/// ```
/// use arraypool::expr::{BatchBuilder, Engine, Error, Pool};
///
/// fn controller(batch: &mut BatchBuilder<'_, '_>) -> Result<usize, Error> {
///     batch.parameter("error", 0.0)?;
///     batch.add("max(-1, min(1, 0.8 * error))")
/// }
///
/// let pool = Pool::new();
/// let engine = <Engine>::new(&pool);
/// let mut builder = engine.batch();
/// let output = controller(&mut builder)?;
/// let mut batch = builder.build();
/// batch.eval();
/// assert_eq!(batch.result(output), Some(0.0));
/// # Ok::<(), arraypool::expr::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct BatchBuilder<'e, 'm, R: Real = f64, S: ReleaseStrategy = DefaultStrategy> {
    batch: Batch<'e, 'm, R, S>,
}

impl<'e, 'm, R: Real, S: ReleaseStrategy> BatchBuilder<'e, 'm, R, S> {
    pub(in crate::expr) fn new(batch: Batch<'e, 'm, R, S>) -> Self {
        Self { batch }
    }

    /// As [`Batch::parameter`].
    ///
    /// ```
    /// # use arraypool::expr::{Engine, Pool};
    /// # let pool = Pool::new();
    /// # let engine = <Engine>::new(&pool);
    /// let mut builder = engine.batch();
    /// assert_eq!(builder.parameter("x", 2.0)?, 0);
    /// assert_eq!(builder.parameter("y", 3.0)?, 1);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Batch::parameter`].
    pub fn parameter(&mut self, name: &str, value: R) -> Result<usize, Error> {
        self.batch.parameter(name, value)
    }

    /// As [`Batch::add`].
    ///
    /// ```
    /// # use arraypool::expr::{Engine, Pool};
    /// # let pool = Pool::new();
    /// # let engine = <Engine>::new(&pool);
    /// let mut builder = engine.batch();
    /// assert_eq!(builder.add("1 + 2")?, 0);
    /// assert!(builder.add("1 +").is_err());
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Batch::add`].
    pub fn add(&mut self, text: &str) -> Result<usize, Error> {
        self.batch.add(text)
    }

    /// As [`Batch::add_named`].
    ///
    /// ```
    /// # use arraypool::expr::{Engine, Pool};
    /// # let pool = Pool::new();
    /// # let engine = <Engine>::new(&pool);
    /// let mut builder = engine.batch();
    /// builder.add_named("seconds", "24 * 60 * 60")?;
    /// let mut batch = builder.build();
    /// batch.eval();
    /// assert_eq!(batch.result_by_name("seconds"), Some(86_400.0));
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Batch::add_named`].
    pub fn add_named(&mut self, name: &str, text: &str) -> Result<usize, Error> {
        self.batch.add_named(name, text)
    }

    /// The batch, which says what a tick of it can take.
    ///
    /// ```
    /// # use arraypool::expr::{Engine, Pool};
    /// # let pool = Pool::new();
    /// # let engine = <Engine>::new(&pool);
    /// let mut builder = engine.batch();
    /// builder.add("1 + 2")?;
    /// let batch = builder.build();
    /// assert_eq!(batch.cost().steps, 1);                      // it is one constant now
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn build(self) -> Batch<'e, 'm, R, S> {
        self.batch
    }
}
