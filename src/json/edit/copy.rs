//! A copy of a value that borrows no text, or nothing but its keys.

#![forbid(unsafe_code)]

use alloc::vec::Vec;
use core::slice;

use crate::arena::Interner;
use crate::error::AllocError;
use crate::json::node::{Builder, Content, Guard, Kind, Stack, Tree, Value};
use crate::json::{Pool, push};
use crate::pool::ReleaseStrategy;

/// Copies a value into arrays of a pool, all strings included.
pub(in crate::json) fn copied<'p, S: ReleaseStrategy>(
    value: &Value<'_>,
    pool: &'p Pool<'p, S>,
) -> Result<Tree<'p, 'static, S>, AllocError> {
    copied_with(value, pool, |key, builder| builder.push_copy(Kind::String, key))
}

/// The same with keys that an interner has.
pub(in crate::json) fn copied_with_keys<'p, 'k, S: ReleaseStrategy>(
    value: &Value<'_>,
    pool: &'p Pool<'p, S>,
    keys: &mut Interner<'k>,
) -> Result<Tree<'p, 'k, S>, AllocError> {
    copied_with(value, pool, |key, builder| {
        let symbol = keys.try_intern(key)?;
        builder.push_text(keys.resolve(symbol).unwrap_or_default())
    })
}

fn copied_with<'p, 'k, S: ReleaseStrategy>(
    value: &Value<'_>,
    pool: &'p Pool<'p, S>,
    push_key: impl FnMut(&str, &mut Builder<'_, 'p, 'k, S>) -> Result<(), AllocError>,
) -> Result<Tree<'p, 'k, S>, AllocError> {
    match value.content() {
        Content::Array(children) | Content::Object(children) if !children.is_empty() => {}
        _ => return copied_leaf(value, pool),
    }
    let mut stack = Stack::new();
    let mut guard = Guard(Builder::new(pool, &mut stack));
    copy_into(value, &mut guard.0, push_key)?;
    // One value was pushed, so there is a tree.
    Ok(guard.0.finish().unwrap_or_else(|| Tree::empty(Kind::Null, pool)))
}

/// Pushes a copy, without recursion.
fn copy_into<'p, 'k, S: ReleaseStrategy>(
    value: &Value<'_>,
    builder: &mut Builder<'_, 'p, 'k, S>,
    mut push_key: impl FnMut(&str, &mut Builder<'_, 'p, 'k, S>) -> Result<(), AllocError>,
) -> Result<(), AllocError> {
    let mut around: Vec<slice::Iter<'_, Value<'_>>> = Vec::new();
    let mut next = Some(value);
    loop {
        match next {
            Some(value) => {
                if let Some(children) = copy_node(value, builder)? {
                    push(&mut around, children.iter())?;
                }
            }
            None => {
                around.pop();
                builder.close()?;
            }
        }
        let Some(rest) = around.last_mut() else { return Ok(()) };
        // Keys and values take turns, so an even number is left in front of a key.
        if builder.is_object() && rest.len() % 2 == 0 {
            if let Some(key) = rest.next() {
                push_key(key.string_text().unwrap_or_default(), builder)?;
            }
        }
        next = rest.next();
    }
}

/// A copy of a value without children, which needs no stack.
fn copied_leaf<'p, 'k, S: ReleaseStrategy>(
    value: &Value<'_>,
    pool: &'p Pool<'p, S>,
) -> Result<Tree<'p, 'k, S>, AllocError> {
    match value.content() {
        Content::Array(_) => Ok(Tree::empty(Kind::Array, pool)),
        Content::Object(_) => Ok(Tree::empty(Kind::Object, pool)),
        Content::String(text) => Tree::string(text, pool),
        Content::Digits(text) => Tree::digits(text, pool),
        scalar => Ok(Tree::leaf(copy_of_scalar(&scalar), pool)),
    }
}

/// Pushes a copy of a leaf, or opens a container and returns its nodes.
fn copy_node<'a, 't, S: ReleaseStrategy>(
    value: &'a Value<'t>,
    builder: &mut Builder<'_, '_, '_, S>,
) -> Result<Option<&'a [Value<'t>]>, AllocError> {
    let (kind, children) = match value.content() {
        Content::Array(children) => (Kind::Array, children),
        Content::Object(children) => (Kind::Object, children),
        Content::String(text) => return builder.push_copy(Kind::String, text).map(|()| None),
        Content::Digits(text) => return builder.push_copy(Kind::Digits, text).map(|()| None),
        scalar => return builder.push(copy_of_scalar(&scalar)).map(|()| None),
    };
    builder.open(kind)?;
    Ok(Some(children))
}

/// A node that is all in its bits. The other kinds hold or borrow an array, and are
/// `null`: both callers have copied them.
fn copy_of_scalar<'k>(content: &Content<'_, '_>) -> Value<'k> {
    match *content {
        Content::Bool(value) => Value::bool(value),
        Content::Unsigned(integer) => Value::unsigned(integer),
        Content::Negative(integer) => Value::signed(integer),
        Content::Float(float) => Value::float(float),
        Content::Null
        | Content::Digits(_)
        | Content::String(_)
        | Content::Array(_)
        | Content::Object(_) => Value::NULL,
    }
}
