//! Editing: a cursor that carries the pool, so that what is taken out goes home.

#![forbid(unsafe_code)]

mod copy;
mod merge;
mod patch;

use alloc::string::String;
use core::fmt;

pub use patch::PatchError;

use super::node::{Kind, Place, Tree, Value};
use super::{Document, Index, Pool, index};
use crate::arena::Interner;
use crate::error::AllocError;
use crate::pool::{DefaultStrategy, ReleaseStrategy};

/// A value of a document that may be changed. From [`Document::root_mut`].
///
/// What is removed or replaced gives its arrays back at once, under strategies
/// that take them back. An array that grows gets a slot of the next class that
/// holds half as much again, so that `n` pushes to an array that began empty move
/// `2n` elements at most. This holds under [`Direct`](crate::Direct), too, where the
/// outgrown arrays stay until the pool is reset.
///
/// ```
/// use arraypool::json::{self, Pool};
///
/// let pool = <Pool>::new();
/// let mut document = json::parse(r#"{"a": [1, 2]}"#, &pool)?;
/// let mut root = document.root_mut();
/// root.get_mut("a").unwrap().push("three")?;
/// root.insert("b", true)?;
/// root.remove("a").unwrap();
/// assert_eq!(document.to_string(), r#"{"b":true}"#);
/// assert_eq!(pool.stats().live, 2);   // the object, and its key
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ValueMut<'a, 'p, 't, S: ReleaseStrategy = DefaultStrategy> {
    place: Place<'a, 'p, 't, S>,
}

/// Why a value could not be changed. Nothing has changed then, but for a
/// [`merge`](ValueMut::merge) that ran out of memory.
///
/// ```
/// use arraypool::json::{Document, EditError, Pool};
///
/// let pool = <Pool>::new();
/// let mut list = Document::array(&pool);
/// let mut root = list.root_mut();
/// assert_eq!(root.insert("key", true), Err(EditError::NotAnObject));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EditError {
    /// The value is no array.
    NotAnArray,
    /// The value is no object.
    NotAnObject,
    /// The array has no such position.
    OutOfBounds,
    /// The document that was to be moved in belongs to another pool.
    OtherPool,
    /// There was no memory.
    Alloc(AllocError),
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnArray => f.write_str("the value is no array"),
            Self::NotAnObject => f.write_str("the value is no object"),
            Self::OutOfBounds => f.write_str("the array has no such position"),
            Self::OtherPool => f.write_str("the document belongs to another pool"),
            Self::Alloc(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for EditError {}

impl From<AllocError> for EditError {
    fn from(error: AllocError) -> Self {
        Self::Alloc(error)
    }
}

/// What can be put into a document: `()` for `null`, a `bool`, an integer of up to 64
/// bits, a float (`null` if it is not finite), a string, which is copied, a
/// [`Document`] of the same pool, which is moved, and a [`&Value`](Value) of any
/// document of any pool, which is copied with its strings.
///
/// It is sealed.
///
/// ```
/// use arraypool::json::{Document, Pool};
///
/// let pool = <Pool>::new();
/// let mut list = Document::array(&pool);
/// let mut root = list.root_mut();
/// root.push(())?;
/// root.push(2.5)?;
/// root.push("text")?;
/// root.push(Document::object(&pool))?;
/// assert_eq!(list.to_string(), r#"[null,2.5,"text",{}]"#);
///
/// let other = <Pool>::new();
/// let copy = Document::of(&list[2], &other)?;
/// assert_eq!(copy.to_string(), r#""text""#);
/// # Ok::<(), arraypool::json::EditError>(())
/// ```
pub trait Put<'p, 't, S: ReleaseStrategy>: sealed::Sealed<'p, 't, S> {}

mod sealed {
    use super::{AllocError, Pool, ReleaseStrategy, Tree};

    #[allow(unreachable_pub, reason = "a seal is public where nobody can name it")]
    pub trait Sealed<'p, 't, S: ReleaseStrategy> {
        #[allow(private_interfaces, reason = "nobody else can call it")]
        fn into_tree(self, pool: &'p Pool<'p, S>) -> Result<Tree<'p, 't, S>, AllocError>;
    }
}

/// Implements [`Put`] for what becomes a node without an array.
macro_rules! put_leaves {
    ($($type:ty: $value:ident => $node:expr;)+) => {
        $(impl<'p, 't, S: ReleaseStrategy> sealed::Sealed<'p, 't, S> for $type {
            #[allow(private_interfaces, reason = "nobody else can call it")]
            fn into_tree(self, pool: &'p Pool<'p, S>) -> Result<Tree<'p, 't, S>, AllocError> {
                let $value = self;
                Ok(Tree::leaf($node, pool))
            }
        }

        impl<'p, 't, S: ReleaseStrategy> Put<'p, 't, S> for $type {})+
    };
}

put_leaves! {
    (): _nothing => Value::NULL;
    bool: value => Value::bool(value);
    u8: integer => Value::unsigned(integer.into());
    u16: integer => Value::unsigned(integer.into());
    u32: integer => Value::unsigned(integer.into());
    u64: integer => Value::unsigned(integer);
    usize: integer => Value::unsigned(integer as u64);
    i8: integer => Value::signed(integer.into());
    i16: integer => Value::signed(integer.into());
    i32: integer => Value::signed(integer.into());
    i64: integer => Value::signed(integer);
    isize: integer => Value::signed(integer as i64);
    f32: float => Value::finite(float.into());
    f64: float => Value::finite(float);
}

/// Implements [`Put`] for what is copied.
macro_rules! put_copies {
    ($($type:ty: $value:ident, $pool:ident => $tree:expr;)+) => {
        $(impl<'p, 't, S: ReleaseStrategy> sealed::Sealed<'p, 't, S> for $type {
            #[allow(private_interfaces, reason = "nobody else can call it")]
            fn into_tree(self, $pool: &'p Pool<'p, S>) -> Result<Tree<'p, 't, S>, AllocError> {
                let $value = self;
                $tree
            }
        }

        impl<'p, 't, S: ReleaseStrategy> Put<'p, 't, S> for $type {})+
    };
}

put_copies! {
    &str: text, pool => Tree::string(text, pool);
    &String: text, pool => Tree::string(text, pool);
    String: text, pool => Tree::string(&text, pool);
    &Value<'_>: value, pool => copy::copied(value, pool);
}

impl<'p, 't, S: ReleaseStrategy> sealed::Sealed<'p, 't, S> for Document<'p, 't, S> {
    #[allow(private_interfaces, reason = "nobody else can call it")]
    fn into_tree(self, _: &'p Pool<'p, S>) -> Result<Tree<'p, 't, S>, AllocError> {
        Ok(self.into_tree())
    }
}

impl<'p, 't, S: ReleaseStrategy> Put<'p, 't, S> for Document<'p, 't, S> {}

impl<'p, 't, S: ReleaseStrategy> Document<'p, 't, S> {
    /// A document of one value.
    ///
    /// ```
    /// use arraypool::json::{Document, Pool};
    ///
    /// let pool = <Pool>::new();
    /// assert_eq!(Document::of("text", &pool)?.as_str(), Some("text"));
    /// # Ok::<(), arraypool::json::EditError>(())
    /// ```
    ///
    /// # Errors
    /// [`EditError::OtherPool`] for a document of another pool, or
    /// [`EditError::Alloc`] if there is no memory.
    pub fn of(value: impl Put<'p, 't, S>, pool: &'p Pool<'p, S>) -> Result<Self, EditError> {
        let tree = value.into_tree(pool)?;
        let is_related = core::ptr::eq(tree.pool(), pool);
        if is_related { Ok(Self::new(tree)) } else { Err(EditError::OtherPool) }
    }

    /// An empty array. It takes no memory. Never panics.
    ///
    /// ```
    /// use arraypool::json::{Document, Pool};
    ///
    /// let pool = <Pool>::new();
    /// assert_eq!(Document::array(&pool).to_string(), "[]");
    /// ```
    #[must_use]
    pub fn array(pool: &'p Pool<'p, S>) -> Self {
        Self::new(Tree::empty(Kind::Array, pool))
    }

    /// An empty object. It takes no memory. Never panics.
    ///
    /// ```
    /// use arraypool::json::{Document, Pool};
    ///
    /// let pool = <Pool>::new();
    /// assert_eq!(Document::object(&pool).to_string(), "{}");
    /// ```
    #[must_use]
    pub fn object(pool: &'p Pool<'p, S>) -> Self {
        Self::new(Tree::empty(Kind::Object, pool))
    }

    /// The value at the root, to be changed.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut document = json::parse(r#"{"a": [1, 2]}"#, &pool)?;
    /// document.root_mut().insert("b", true)?;
    /// assert_eq!(document.to_string(), r#"{"a":[1,2],"b":true}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn root_mut(&mut self) -> ValueMut<'_, 'p, 't, S> {
        ValueMut { place: self.place() }
    }

    /// A document that borrows no text: every string is copied.
    ///
    /// Complexity: linear. Not recursive.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let document = json::parse(r#"{"a": [1, 2]}"#, &pool)?;
    /// let owned: json::Document<'_, 'static> = document.into_owned()?;   // without the text
    /// assert_eq!(owned["a"][1].as_i64(), Some(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If there is no memory; the document is gone then.
    pub fn into_owned(self) -> Result<Document<'p, 'static, S>, AllocError> {
        copy::copied(self.root(), self.pool()).map(Document::new)
    }

    /// The same with keys that are kept once for all documents: those of objects
    /// come from an interner, and borrow its arena; every other string is copied.
    ///
    /// Keys that repeat, as those of records do, make up much of a document that
    /// borrows no text; `docs/JSON.md` has the figures.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    /// use arraypool::{Arena, Interner};
    ///
    /// let (pool, arena) = (<Pool>::new(), Arena::new());
    /// let mut keys = Interner::new_in(&arena);
    /// let text = String::from(r#"[{"id":1},{"id":2}]"#);
    /// let document = json::parse(&text, &pool)?.into_owned_with_keys(&mut keys)?;
    /// drop(text);
    /// assert_eq!(document.to_string(), r#"[{"id":1},{"id":2}]"#);
    /// assert_eq!((keys.len(), pool.stats().live), (1, 3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Complexity: linear, and one look-up for each key, constant on average: see
    /// [`Interner`] for keys that somebody chose. Not recursive.
    ///
    /// # Errors
    /// If there is no memory; the document is gone then.
    pub fn into_owned_with_keys<'k>(
        self,
        keys: &mut Interner<'k>,
    ) -> Result<Document<'p, 'k, S>, AllocError> {
        copy::copied_with_keys(self.root(), self.pool(), keys).map(Document::new)
    }
}

impl<'a, 'p, 't, S: ReleaseStrategy> ValueMut<'a, 'p, 't, S> {
    /// The value, to be looked at.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut document = json::parse(r#"{"a": [1, 2]}"#, &pool)?;
    /// let root = document.root_mut();
    /// assert!(root.as_value().is_object());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn as_value(&self) -> &Value<'t> {
        self.place.node()
    }

    /// The pool that its arrays go back to.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut document = json::parse(r#"{"a": [1, 2]}"#, &pool)?;
    /// let root = document.root_mut();
    /// assert!(core::ptr::eq(root.pool(), &pool));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn pool(&self) -> &'p Pool<'p, S> {
        self.place.pool()
    }

    /// The same value for a shorter time.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut document = json::parse(r#"{"a": [1, 2]}"#, &pool)?;
    /// let mut root = document.root_mut();
    /// root.reborrow().into_get("a").unwrap().push(3_i64)?;
    /// root.insert("b", ())?;
    /// assert_eq!(document.to_string(), r#"{"a":[1,2,3],"b":null}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reborrow(&mut self) -> ValueMut<'_, 'p, 't, S> {
        ValueMut { place: self.place.reborrow() }
    }

    /// The member of an object with that key, or the element of an array at that
    /// position, to be changed.
    ///
    /// Complexity: linear in the members of an object, logarithmic with an
    /// [index](super::Options::index_from). Never panics.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut document = json::parse(r#"{"a": [1, 2]}"#, &pool)?;
    /// document.root_mut().get_mut("a").unwrap().push(3_i64)?;
    /// assert_eq!(document["a"][2].as_i64(), Some(3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get_mut(&mut self, index: impl Index) -> Option<ValueMut<'_, 'p, 't, S>> {
        self.reborrow().into_get(index)
    }

    /// [`get_mut`](Self::get_mut) that gives this cursor up. As complex; never panics.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut document = json::parse(r#"{"a": [1, 2]}"#, &pool)?;
    /// let mut list = document.root_mut().into_get("a").unwrap();
    /// list.push(3_i64)?;
    /// assert_eq!(document["a"][2].as_i64(), Some(3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn into_get(self, index: impl Index) -> Option<Self> {
        let node = index.node_in(self.as_value())?;
        self.place.child(node).map(|place| Self { place })
    }

    /// The value that a JSON pointer (RFC 6901) leads to, to be changed: see
    /// [`Value::pointer`].
    ///
    /// Complexity: as [`Value::pointer`]. Never panics.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut document = json::parse(r#"{"a": [1, 2]}"#, &pool)?;
    /// document.root_mut().pointer_mut("/a/0").unwrap().replace("one")?;
    /// assert_eq!(document["a"][0].as_str(), Some("one"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pointer_mut(&mut self, pointer: &str) -> Option<ValueMut<'_, 'p, 't, S>> {
        let mut place = self.place.reborrow();
        for token in index::tokens(pointer)? {
            let node = index::node_of_token(place.node(), token)?;
            place = place.child(node)?;
        }
        Some(ValueMut { place })
    }

    /// Puts another value here; returns the one that was.
    ///
    /// Complexity: constant, and linear in what is copied. Never panics.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut document = json::parse(r#"{"a": [1, 2]}"#, &pool)?;
    /// let old = document.root_mut().get_mut("a").unwrap().replace(7_i64)?;
    /// assert_eq!((old.to_string(), document["a"].as_i64()), ("[1,2]".to_owned(), Some(7)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`EditError::OtherPool`], or [`EditError::Alloc`].
    pub fn replace(&mut self, new: impl Put<'p, 't, S>) -> Result<Document<'p, 't, S>, EditError> {
        let tree = new.into_tree(self.pool())?;
        self.place.replace(tree).map(Document::new).ok_or(EditError::OtherPool)
    }

    /// Takes the value out as a document of its own; `null` stays. Never panics.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut document = json::parse(r#"{"a": [1, 2]}"#, &pool)?;
    /// let list = document.root_mut().get_mut("a").unwrap().take();
    /// assert_eq!((list[1].as_i64(), document["a"].is_null()), (Some(2), true));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn take(&mut self) -> Document<'p, 't, S> {
        Document::new(self.place.take())
    }

    /// Adds an element to an array.
    ///
    /// Complexity: amortised constant.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut document = json::parse(r#"{"a": [1, 2]}"#, &pool)?;
    /// document.root_mut().get_mut("a").unwrap().push("three")?;
    /// assert_eq!(document["a"][2].as_str(), Some("three"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`EditError::NotAnArray`], [`EditError::OtherPool`] or [`EditError::Alloc`].
    pub fn push(&mut self, new: impl Put<'p, 't, S>) -> Result<(), EditError> {
        let length = self.as_value().as_array().ok_or(EditError::NotAnArray)?.len();
        self.insert_at(length, new)
    }

    /// Puts an element into an array, in front of the one at `position`.
    ///
    /// Complexity: linear in the elements behind it.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut document = json::parse(r#"{"a": [1, 2]}"#, &pool)?;
    /// document.root_mut().get_mut("a").unwrap().insert_at(0, 0_i64)?;
    /// assert_eq!(document["a"].to_string(), "[0,1,2]");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`EditError::NotAnArray`], [`EditError::OutOfBounds`],
    /// [`EditError::OtherPool`] or [`EditError::Alloc`].
    pub fn insert_at(
        &mut self,
        position: usize,
        new: impl Put<'p, 't, S>,
    ) -> Result<(), EditError> {
        let length = self.as_value().as_array().ok_or(EditError::NotAnArray)?.len();
        if position > length {
            return Err(EditError::OutOfBounds);
        }
        let tree = new.into_tree(self.pool())?;
        let inserted = self.place.insert(position, [tree])?;
        if inserted { Ok(()) } else { Err(EditError::OtherPool) }
    }

    /// Gives a member of an object a value; returns the one that it had. A new
    /// member comes last. The key is copied.
    ///
    /// Complexity: linear in the members.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut document = json::parse(r#"{"a": [1, 2]}"#, &pool)?;
    /// document.root_mut().insert("b", "new")?;
    /// assert_eq!(document["b"].as_str(), Some("new"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`EditError::NotAnObject`], [`EditError::OtherPool`] or [`EditError::Alloc`].
    pub fn insert(
        &mut self,
        key: &str,
        new: impl Put<'p, 't, S>,
    ) -> Result<Option<Document<'p, 't, S>>, EditError> {
        if !self.as_value().is_object() {
            return Err(EditError::NotAnObject);
        }
        if let Some(mut member) = self.get_mut(key) {
            return member.replace(new).map(Some);
        }
        let value = new.into_tree(self.pool())?;
        self.add_member(key, value).map(|_| None)
    }

    /// Adds a member to an object, the last one; returns the node of its value.
    fn add_member(&mut self, key: &str, value: Tree<'p, 't, S>) -> Result<usize, EditError> {
        let members = self.as_value().as_object().ok_or(EditError::NotAnObject)?.len();
        let key = Tree::string(key, self.pool())?;
        let inserted = self.place.insert(members * 2, [key, value])?;
        if inserted { Ok(members * 2 + 1) } else { Err(EditError::OtherPool) }
    }

    /// Takes out the element of an array at that position, or the member of an
    /// object with that key: all of them, if there are several; the last is
    /// returned.
    ///
    /// Complexity: linear in what is behind an element, and in the members of an
    /// object. Never panics.
    ///
    /// ```
    /// use arraypool::json::{self, Pool};
    ///
    /// let pool = <Pool>::new();
    /// let mut document = json::parse(r#"{"a": [1, 2]}"#, &pool)?;
    /// let list = document.root_mut().remove("a").unwrap();
    /// assert_eq!((list.to_string(), document.to_string()), ("[1,2]".to_owned(), "{}".to_owned()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn remove(&mut self, index: impl Index) -> Option<Document<'p, 't, S>> {
        let node = index.node_in(self.as_value())?;
        if self.as_value().is_array() {
            let [element] = self.place.remove(node)?;
            return Some(Document::new(element));
        }
        let [key, value] = self.place.remove(node - 1)?;
        if let Some(key) = key.root().string_text() {
            self.place.remove_members(key);
        }
        Some(Document::new(value))
    }
}

impl<S: ReleaseStrategy> fmt::Debug for ValueMut<'_, '_, '_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_value().fmt(f)
    }
}
