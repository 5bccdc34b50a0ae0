//! The tree of a text: terms in an arena, names in the text.

use super::operator::{Op1, Op2};
use super::real::Real;

/// A place in a text, in bytes.
///
/// ```
/// use arraypool::Arena;
/// use arraypool::expr::{Expr, Limits, parse};
///
/// let (arena, text) = (Arena::new(), "f(a + 1)");
/// let tree: Expr<f64> = parse(text, &arena, &Limits::default())?;
/// assert_eq!(&text[tree.root.span().range()], "f(a + 1)");
/// # Ok::<(), arraypool::expr::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// The first byte.
    pub start: u16,
    /// One past the last.
    pub end: u16,
}

impl Span {
    /// As a range of the text's bytes.
    ///
    /// ```
    /// use arraypool::Arena;
    /// use arraypool::expr::{Expr, Limits, parse};
    ///
    /// let (arena, text) = (Arena::new(), "f(a + 1)");
    /// let tree: Expr<f64> = parse(text, &arena, &Limits::default())?;
    /// assert_eq!(tree.root.span().range(), 0..8);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn range(self) -> core::ops::Range<usize> {
        usize::from(self.start)..usize::from(self.end)
    }
}

/// An expression: the tree of a text, both of them borrowed.
///
/// [`Display`](core::fmt::Display) prints a text of the same tree, with
/// no parentheses that could be left out.
///
/// ```
/// use arraypool::expr::{Limits, parse};
/// use arraypool::Arena;
///
/// let arena = Arena::new();
/// let expression = parse::<f64>("((a)+b)*-(y**x)", &arena, &Limits::DEFAULT)?;
/// assert_eq!(expression.to_string(), "(a + b) * -y ^ x");
/// # Ok::<(), arraypool::expr::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Expr<'a, R = f64> {
    /// What was parsed.
    pub text: &'a str,
    /// Its outermost term.
    pub root: Term<'a, R>,
}

/// One term of a tree: 16 bytes on a 64-bit machine.
///
/// Names are places in the text; `height` is the number of levels below and
/// including the term.
///
/// ```
/// use arraypool::Arena;
/// use arraypool::expr::{Expr, Limits, parse};
///
/// let (arena, text) = (Arena::new(), "f(a + 1)");
/// let tree: Expr<f64> = parse(text, &arena, &Limits::default())?;
/// assert_eq!(tree.root.children().len(), 1);
/// # Ok::<(), arraypool::expr::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields are what they are in every variant")]
pub enum Term<'a, R = f64> {
    /// A number: finite, and not negative.
    Number { span: Span, value: R },
    /// `x`, or an attribute, `o.x`.
    Name { span: Span },
    /// `-x`, `!x`, `~x`.
    Unary { op: Op1, span: Span, height: u16, operand: &'a Term<'a, R> },
    /// `x + y` and so on; `,` and `;` are [`Op2::Second`].
    Binary { op: Op2, span: Span, height: u16, operands: &'a [Term<'a, R>; 2] },
    /// `x ? y : z`.
    Conditional { span: Span, height: u16, parts: &'a [Term<'a, R>; 3] },
    /// `t[x]`; the name is as long as `name` says.
    Index { span: Span, name: u8, height: u16, index: &'a Term<'a, R> },
    /// `f()`.
    Call0 { span: Span, name: u8 },
    /// `f(x)`.
    Call1 { span: Span, name: u8, height: u16, argument: &'a Term<'a, R> },
    /// `f(x, y)`.
    Call2 { span: Span, name: u8, height: u16, arguments: &'a [Term<'a, R>; 2] },
    /// `f(x, y, z)`, and more.
    Call { span: Span, name: u8, height: u16, arguments: &'a &'a [Term<'a, R>] },
}

#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Option<Term<'_, f64>>>() == 16);

impl<'a, R: Real> Term<'a, R> {
    /// What stands where a term is to come.
    pub(super) const NOTHING: Self = Self::Name { span: Span { start: 0, end: 0 } };

    /// Its place in the text.
    ///
    /// ```
    /// use arraypool::Arena;
    /// use arraypool::expr::{Expr, Limits, parse};
    ///
    /// let (arena, text) = (Arena::new(), "f(a + 1)");
    /// let tree: Expr<f64> = parse(text, &arena, &Limits::default())?;
    /// assert_eq!(&text[tree.root.children()[0].span().range()], "a + 1");
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn span(&self) -> Span {
        match *self {
            Self::Number { span, .. }
            | Self::Name { span }
            | Self::Unary { span, .. }
            | Self::Binary { span, .. }
            | Self::Conditional { span, .. }
            | Self::Index { span, .. }
            | Self::Call0 { span, .. }
            | Self::Call1 { span, .. }
            | Self::Call2 { span, .. }
            | Self::Call { span, .. } => span,
        }
    }

    /// Levels below and including this term.
    ///
    /// ```
    /// use arraypool::Arena;
    /// use arraypool::expr::{Expr, Limits, parse};
    ///
    /// let (arena, text) = (Arena::new(), "f(a + 1)");
    /// let tree: Expr<f64> = parse(text, &arena, &Limits::default())?;
    /// assert!(tree.root.height() > tree.root.children()[0].height());
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn height(&self) -> u16 {
        match *self {
            Self::Number { .. } | Self::Name { .. } | Self::Call0 { .. } => 1,
            Self::Unary { height, .. }
            | Self::Binary { height, .. }
            | Self::Conditional { height, .. }
            | Self::Index { height, .. }
            | Self::Call1 { height, .. }
            | Self::Call2 { height, .. }
            | Self::Call { height, .. } => height,
        }
    }

    /// The terms right below this one, in the order of the text.
    ///
    /// ```
    /// use arraypool::Arena;
    /// use arraypool::expr::{Expr, Limits, parse};
    ///
    /// let (arena, text) = (Arena::new(), "f(a + 1)");
    /// let tree: Expr<f64> = parse(text, &arena, &Limits::default())?;
    /// assert_eq!(tree.root.children()[0].children().len(), 2);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn children(&self) -> &'a [Self] {
        match *self {
            Self::Number { .. } | Self::Name { .. } | Self::Call0 { .. } => &[],
            Self::Unary { operand, .. } => core::slice::from_ref(operand),
            Self::Index { index, .. } => core::slice::from_ref(index),
            Self::Call1 { argument, .. } => core::slice::from_ref(argument),
            Self::Binary { operands, .. } => operands,
            Self::Conditional { parts, .. } => parts,
            Self::Call2 { arguments, .. } => arguments,
            Self::Call { arguments, .. } => arguments,
        }
    }

    /// The name of a variable, an array or a function in its text.
    ///
    /// ```
    /// use arraypool::Arena;
    /// use arraypool::expr::{Expr, Limits, parse};
    ///
    /// let (arena, text) = (Arena::new(), "f(a + 1)");
    /// let tree: Expr<f64> = parse(text, &arena, &Limits::default())?;
    /// assert_eq!(tree.root.name(text), "f");
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn name<'t>(&self, text: &'t str) -> &'t str {
        let span = self.name_span();
        text.get(span.range()).unwrap_or_default()
    }

    /// The same as bytes, which takes no look at what characters they make up.
    #[inline]
    pub(super) fn name_bytes<'t>(&self, text: &'t str) -> &'t [u8] {
        let span = self.name_span();
        text.as_bytes().get(span.range()).unwrap_or_default()
    }

    /// Where that name stands.
    ///
    /// ```
    /// use arraypool::Arena;
    /// use arraypool::expr::{Expr, Limits, parse};
    ///
    /// let (arena, text) = (Arena::new(), "f(a + 1)");
    /// let tree: Expr<f64> = parse(text, &arena, &Limits::default())?;
    /// assert_eq!(tree.root.name_span().range(), 0..1);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn name_span(&self) -> Span {
        match *self {
            Self::Index { span, name, .. }
            | Self::Call0 { span, name }
            | Self::Call1 { span, name, .. }
            | Self::Call2 { span, name, .. }
            | Self::Call { span, name, .. } => {
                Span { start: span.start, end: span.start.saturating_add(u16::from(name)) }
            }
            Self::Name { span } => span,
            _ => Span::default(),
        }
    }

    /// Whether both are the same tree; places do not count.
    ///
    /// Complexity: one step per term; recursive, as deep as the trees are high.
    ///
    /// ```
    /// use arraypool::Arena;
    /// use arraypool::expr::{Expr, Limits, parse};
    ///
    /// let (arena, text) = (Arena::new(), "f(a + 1)");
    /// let tree: Expr<f64> = parse(text, &arena, &Limits::default())?;
    /// assert!(tree.root.is_same(text, &tree.root, text));
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[must_use]
    pub fn is_same(&self, text: &str, other: &Self, other_text: &str) -> bool {
        let same_head = match (self, other) {
            (Self::Number { value: x, .. }, Self::Number { value: y, .. }) => {
                x.to_bits() == y.to_bits()
            }
            (Self::Unary { op: x, .. }, Self::Unary { op: y, .. }) => x == y,
            (Self::Binary { op: x, .. }, Self::Binary { op: y, .. }) => x == y,
            (x, y) => {
                core::mem::discriminant(x) == core::mem::discriminant(y)
                    && x.name(text) == y.name(other_text)
            }
        };
        let (below, other_below) = (self.children(), other.children());
        same_head
            && below.len() == other_below.len()
            && below.iter().zip(other_below).all(|(x, y)| x.is_same(text, y, other_text))
    }
}

impl<R: Real> PartialEq for Expr<'_, R> {
    /// Whether both are the same tree; places in the text do not count.
    fn eq(&self, other: &Self) -> bool {
        self.root.is_same(self.text, &other.root, other.text)
    }
}
