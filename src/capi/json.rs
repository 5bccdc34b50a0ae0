//! JSON for C: read a text, look at its values, free it.

use core::cell::{Cell, UnsafeCell};
use core::ffi::c_char;
use core::fmt::Display;
use core::mem::MaybeUninit;
use core::ptr::{self, NonNull};
use core::slice;

use super::arguments::{limit_of, put};
use super::handle::{self, Body, NoArena};
use super::status::{ap_status, attempt, guard, message_of, or_nothing};
use super::text::{ap_error_position, text, write_into};
use crate::arena::{Arena, Budget};
use crate::json::{Document, Error, ErrorKind, Parser, Pool, Value};

/// The memory of documents, and of reading them.
///
/// Made by `ap_json_pool_new`, freed by `ap_json_pool_free`, which is refused while a
/// document lives in it. One thread at a time may use it, and make or free its documents.
#[repr(C, align(16))]
pub struct ap_json_pool {
    /// First, for the reason that it gives.
    no_arena: NoArena,
    /// Taken out before the rest is dropped: it refers to the budget.
    pool: UnsafeCell<Option<Pool<'static>>>,
    parser: UnsafeCell<Parser>,
    documents: Cell<usize>,
    budget: Budget,
}

// SAFETY: bodies of this type are placed by `ap_json_pool_new` only.
unsafe impl Body for ap_json_pool {
    const MARKER: usize = 0x6a73_7031;
}

/// A document that was read.
///
/// Made by `ap_json_parse`, freed by `ap_json_free`. It borrows strings from its text,
/// which stays as it is until then. Any thread may look at it, several at once, but
/// only one may free it or use its pool.
///
/// ```c
/// const char *text = "{\"name\": \"Ada\", \"born\": [1815, 12, 10]}";
/// ap_json_pool *pool = ap_json_pool_new(0);
/// ap_json *document = NULL;
/// assert(ap_json_parse(pool, text, strlen(text), &document, NULL) == AP_OK);
/// const ap_json_value *month = ap_json_pointer(ap_json_root(document), "/born/1");
/// int64_t number = 0;
/// assert(ap_json_i64(month, &number) == AP_OK && number == 12);
/// assert(ap_json_free(document) == AP_OK);
/// assert(ap_json_pool_free(pool) == AP_OK);
/// ```
#[repr(C, align(16))]
pub struct ap_json {
    /// First, for the reason that it gives.
    no_arena: NoArena,
    document: UnsafeCell<Option<Document<'static, 'static>>>,
    pool: NonNull<ap_json_pool>,
}

// SAFETY: bodies of this type are made by `boxed` only.
unsafe impl Body for ap_json {
    const MARKER: usize = 0x6a73_6431;
}

/// A value of a document: it lives as long as that, and nobody frees it. It has no
/// validity marker; NULL is a value that is not there, of which everything is NULL, 0 or
/// `AP_NULL`, so that a look-up can begin where another one has failed.
pub struct ap_json_value {
    _private: [u8; 0],
}

const _: fn() = || {
    fn any_thread<T: Sync>() {}
    // As the header says of a document.
    any_thread::<Value<'static>>();
};

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub enum ap_json_kind {
    /// Not there.
    AP_JSON_NONE = 0,
    /// `null`.
    AP_JSON_NULL = 1,
    /// `true` or `false`.
    AP_JSON_BOOL = 2,
    /// A number.
    AP_JSON_NUMBER = 3,
    /// A string.
    AP_JSON_STRING = 4,
    /// An array.
    AP_JSON_ARRAY = 5,
    /// An object.
    AP_JSON_OBJECT = 6,
}

/// Why a text was not read. The program's own, and as it was if there was no error.
#[repr(C)]
pub struct ap_json_error {
    /// Where.
    pub position: ap_error_position,
    /// What, with the line and a caret under the place; it ends with a zero byte.
    pub message: [c_char; 256],
}

/// Memory for documents, of at most `limit` bytes; 0 is no limit. What reading needs
/// besides is not counted, and kept for the next text. NULL: there is no memory, or the
/// limit is too small for the bookkeeping, which takes some 10 KiB on a 64-bit machine. A
/// first small document takes some 5 KiB more.
#[unsafe(no_mangle)]
pub extern "C" fn ap_json_pool_new(limit: usize) -> *mut ap_json_pool {
    or_nothing(|| {
        let place = handle::reserve::<ap_json_pool>()?;
        let body = ap_json_pool {
            no_arena: NoArena::HERE,
            pool: UnsafeCell::new(None),
            parser: UnsafeCell::new(Parser::new()),
            documents: Cell::new(0),
            budget: Budget::new(limit_of(limit)),
        };
        // SAFETY: the room is for such a body.
        unsafe { place.write(body) };
        // SAFETY: it was written just now, and stays until the pool is freed.
        let body: &'static ap_json_pool = unsafe { place.as_ref() };
        let arena = Arena::builder().budget(&body.budget).build();
        let Ok(raw) = Pool::builder().try_build_owning(arena) else {
            // SAFETY: nobody knows the place; nothing in it needs dropping.
            unsafe { handle::give_back(place) };
            return None;
        };
        // SAFETY: nobody has a reference to it yet.
        unsafe { *body.pool.get() = Some(Pool::from(raw)) };
        // SAFETY: the body is written, and stays.
        unsafe { handle::validate(place) };
        Some(place.as_ptr())
    })
}

/// Frees the memory of documents. `AP_BUSY`: a document lives in it, and nothing
/// happened.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_json_pool_free(pool: *mut ap_json_pool) -> ap_status {
    attempt(|| {
        // SAFETY: the module's contract.
        let body = unsafe { handle::borrow(pool) }?;
        if body.documents.get() > 0 {
            return Err(ap_status::AP_BUSY);
        }
        // SAFETY: no document refers to it. It refers to the budget beside it, so that it
        // goes before anything has the body for itself.
        unsafe { *body.pool.get() = None };
        // SAFETY: nobody uses it any more: the module's contract; and nothing else in it
        // refers to a part of it.
        unsafe { handle::unbox(pool) }
    })
}

/// Reads a text of `length` bytes, and writes its document. If that fails, the document is
/// NULL and `error`, if it is not NULL, says what is wrong, and for a text, where. The status
/// is `AP_SYNTAX`, `AP_INVALID_UTF8`, one that an allocation may have, `AP_TOO_LARGE` also
/// for a length above `PTRDIFF_MAX`, `AP_WRONG_HANDLE`, or `AP_NULL`, also if there is no
/// place for the document.
///
/// The rules are those of RFC 8259. `AP_SYNTAX` is also what is nested deeper than 1024
/// arrays and objects, a text of 4 GiB and more, a number that no `double` is near to
/// (1e999), half of a surrogate pair, and a byte order mark. A key may occur twice:
/// `ap_json_get` and `ap_json_pointer` find the last one, `ap_json_at` each. An integer that
/// fits neither `int64_t` nor `uint64_t` is kept as the nearest `double`, and written as
/// that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_json_parse(
    pool: *mut ap_json_pool,
    text: *const c_char,
    length: usize,
    document: *mut *mut ap_json,
    error: *mut ap_json_error,
) -> ap_status {
    attempt(|| {
        // SAFETY: the module's contract.
        let read = unsafe { parse(pool, text, length, document) };
        read.map_err(|fault| {
            let (status, position, shown): (_, _, &dyn Display) = match &fault {
                Fault::Text(found) => (status_of(found), position_of(found), found),
                Fault::Call(status) => {
                    (*status, ap_error_position::default(), &message_of(*status))
                }
            };
            // SAFETY: it is NULL, or can be written: the module's contract.
            unsafe { report(error, position, shown) };
            status
        })
    })
}

/// Why there is no document.
enum Fault {
    /// The text, or the memory for what is in it.
    Text(Error),
    /// An argument, or the memory for the document itself.
    Call(ap_status),
}

impl From<ap_status> for Fault {
    fn from(status: ap_status) -> Self {
        Self::Call(status)
    }
}

/// Reads a text and writes its document.
///
/// # Safety
/// The module's contract for [`ap_json_parse`].
unsafe fn parse(
    pool: *mut ap_json_pool,
    text: *const c_char,
    length: usize,
    document: *mut *mut ap_json,
) -> Result<(), Fault> {
    let place = NonNull::new(document).ok_or(ap_status::AP_NULL)?;
    // SAFETY: the place can be written: the caller's promise.
    unsafe { place.write(ptr::null_mut()) };
    // SAFETY: the caller's promise.
    let body = unsafe { handle::borrow(pool) }?;
    let first = NonNull::new(text.cast_mut().cast::<u8>()).ok_or(ap_status::AP_NULL)?;
    // No text is so long: not even an error may look for its place in it.
    if length > isize::MAX.unsigned_abs() {
        return Err(Fault::Call(ap_status::AP_TOO_LARGE));
    }
    // SAFETY: the text is so long, and stays: the caller's promise.
    let text: &'static [u8] = unsafe { slice::from_raw_parts(first.as_ptr(), length) };
    // SAFETY: the pool stays as long as its documents: it counts them.
    let memory = unsafe { &*body.pool.get() }.as_ref().ok_or(ap_status::AP_WRONG_HANDLE)?;
    // SAFETY: one thread at a time has the pool, and reading calls nobody.
    let parser = unsafe { &mut *body.parser.get() };
    let document = UnsafeCell::new(Some(parser.parse(text, memory).map_err(Fault::Text)?));
    let made = ap_json { no_arena: NoArena::HERE, document, pool: NonNull::from(body) };
    let made = handle::boxed(made).ok_or(ap_status::AP_OUT_OF_MEMORY)?;
    body.documents.set(body.documents.get() + 1);
    // SAFETY: as above.
    unsafe { place.write(made) };
    Ok(())
}

fn status_of(error: &Error) -> ap_status {
    match error.kind() {
        ErrorKind::InvalidUtf8 => ap_status::AP_INVALID_UTF8,
        ErrorKind::Alloc(error) => error.into(),
        _ => ap_status::AP_SYNTAX,
    }
}

fn position_of(error: &Error) -> ap_error_position {
    ap_error_position { offset: error.offset(), line: error.line(), column: error.column() }
}

/// Writes an error where the program wants it.
///
/// # Safety
/// `place` is NULL, or can be written.
unsafe fn report(place: *mut ap_json_error, position: ap_error_position, shown: &dyn Display) {
    let mut text = [MaybeUninit::new(0); 256];
    write_into(&mut text, shown);
    // SAFETY: all of it was written: zeros, and then the text.
    let message = text.map(|byte| c_char::from_ne_bytes([unsafe { byte.assume_init() }]));
    // SAFETY: the caller's promise.
    unsafe { put(place, ap_json_error { position, message }) };
}

/// Frees a document: all its arrays go back to its pool. At most linear in the document.
/// NULL is `AP_NULL`, and nothing happens.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_json_free(document: *mut ap_json) -> ap_status {
    attempt(|| {
        // SAFETY: the module's contract.
        let pool = unsafe { handle::borrow(document) }?.pool;
        // SAFETY: nobody uses it any more: the module's contract. The document refers to its
        // pool, which is another handle's, and to nothing in this body.
        unsafe { handle::unbox(document) }?;
        // SAFETY: the pool stays as long as its documents.
        let documents = unsafe { &pool.as_ref().documents };
        documents.set(documents.get() - 1);
        Ok(())
    })
}

/// The value at the root. NULL: no document.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_json_root(document: *const ap_json) -> *const ap_json_value {
    or_nothing(|| {
        // SAFETY: the module's contract.
        let body = unsafe { handle::borrow(document) }.ok()?;
        // SAFETY: it changes only when the document is freed.
        let document = unsafe { &*body.document.get() }.as_ref()?;
        Some(handed_out(document.root()))
    })
}

fn handed_out(value: &Value<'_>) -> *const ap_json_value {
    ptr::from_ref(value).cast()
}

/// The value that C holds a pointer to.
///
/// # Safety
/// It is NULL, or came from [`handed_out`], of a document that lives.
unsafe fn value<'a>(value: *const ap_json_value) -> Option<&'a Value<'static>> {
    // SAFETY: the caller's promise.
    unsafe { value.cast::<Value<'static>>().as_ref() }
}

/// What a value is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_json_kind_of(value: *const ap_json_value) -> ap_json_kind {
    use ap_json_kind::*;
    guard(AP_JSON_NONE, || {
        // SAFETY: the module's contract.
        let Some(value) = (unsafe { self::value(value) }) else { return AP_JSON_NONE };
        let kinds = [
            (value.is_null(), AP_JSON_NULL),
            (value.as_bool().is_some(), AP_JSON_BOOL),
            (value.is_number(), AP_JSON_NUMBER),
            (value.is_string(), AP_JSON_STRING),
            (value.is_array(), AP_JSON_ARRAY),
        ];
        kinds.into_iter().find(|(is_it, _)| *is_it).map_or(AP_JSON_OBJECT, |(_, it)| it)
    })
}

/// The elements of an array, the members of an object, the bytes of a string; 0 of
/// anything else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_json_len(value: *const ap_json_value) -> usize {
    or_nothing(|| {
        // SAFETY: the module's contract.
        let value = unsafe { self::value(value) }?;
        let array = value.as_array().map(<[_]>::len);
        let object = value.as_object().map(|object| object.len());
        array.or(object).or(value.as_str().map(str::len))
    })
}

/// The element of an array, or the value of the member of an object, at an index from 0
/// on. Constant. NULL: there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_json_at(
    value: *const ap_json_value,
    index: usize,
) -> *const ap_json_value {
    or_nothing(|| {
        // SAFETY: the module's contract.
        let value = unsafe { self::value(value) }?;
        let found = match (value.as_array(), value.as_object()) {
            (Some(elements), _) => elements.get(index),
            (None, Some(object)) => object.iter().nth(index).map(|(_, value)| value),
            (None, None) => None,
        };
        found.map(handed_out)
    })
}

/// The key of the member of an object at an index, of `*length` bytes; no zero byte
/// ends it. It lives as long as the document. Constant. NULL: there is none, and `*length`
/// is as it was. `length` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_json_key_at(
    value: *const ap_json_value,
    index: usize,
    length: *mut usize,
) -> *const c_char {
    or_nothing(|| {
        // SAFETY: the module's contract.
        let object = unsafe { self::value(value) }?.as_object()?;
        let (key, _) = object.iter().nth(index)?;
        // SAFETY: the place is NULL, or can be written: the module's contract.
        unsafe { put(length, key.len()) };
        Some(key.as_ptr().cast())
    })
}

/// The value of the last member of an object with that key, a text that ends with a
/// zero byte. Linear in the members. NULL: there is none, or the key is not UTF-8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_json_get(
    value: *const ap_json_value,
    key: *const c_char,
) -> *const ap_json_value {
    or_nothing(|| {
        // SAFETY: the module's contract.
        let key = unsafe { text(key) }.ok()?;
        // SAFETY: as above.
        let value = unsafe { self::value(value) }?;
        value.get(key).map(handed_out)
    })
}

/// The value that a JSON pointer (RFC 6901) leads to, such as "/items/0/name". Linear in
/// the members of the objects on the way. NULL: there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_json_pointer(
    value: *const ap_json_value,
    path: *const c_char,
) -> *const ap_json_value {
    or_nothing(|| {
        // SAFETY: the module's contract.
        let path = unsafe { text(path) }.ok()?;
        // SAFETY: as above.
        let value = unsafe { self::value(value) }?;
        value.pointer(path).map(handed_out)
    })
}

/// The text of a string, UTF-8 of `*length` bytes; no zero byte ends it. It lives as long
/// as the document. NULL: the value is no string, and `*length` is as it was. `length` may
/// be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_json_string(
    value: *const ap_json_value,
    length: *mut usize,
) -> *const c_char {
    or_nothing(|| {
        // SAFETY: the module's contract.
        let string = unsafe { self::value(value) }?.as_str()?;
        // SAFETY: the place is NULL, or can be written: the module's contract.
        unsafe { put(length, string.len()) };
        Some(string.as_ptr().cast())
    })
}

/// Writes what `read` finds in a value.
///
/// # Safety
/// The module's contract.
unsafe fn read_into<T>(
    value: *const ap_json_value,
    place: *mut T,
    read: impl FnOnce(&Value<'static>) -> Option<T>,
) -> ap_status {
    attempt(|| {
        // SAFETY: the caller's promise.
        let value = unsafe { self::value(value) }.ok_or(ap_status::AP_NULL)?;
        let place = NonNull::new(place).ok_or(ap_status::AP_NULL)?;
        let found = read(value).ok_or(ap_status::AP_WRONG_TYPE)?;
        // SAFETY: it can be written: the caller's promise.
        unsafe { place.write(found) };
        Ok(())
    })
}

/// Writes `true` or `false`. `AP_WRONG_TYPE`: it is neither.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_json_bool(value: *const ap_json_value, found: *mut bool) -> ap_status {
    // SAFETY: the module's contract.
    unsafe { read_into(value, found, |value| value.as_bool()) }
}

/// Writes a number as the nearest `double`. `AP_WRONG_TYPE`: it is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_json_f64(value: *const ap_json_value, found: *mut f64) -> ap_status {
    // SAFETY: the module's contract.
    unsafe { read_into(value, found, |value| value.as_f64()) }
}

/// Writes an integer. `AP_WRONG_TYPE`: it is none (1.0 and 1e2 are not, nor is -0), or does
/// not fit; and nothing is written, as by the others of these functions.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_json_i64(value: *const ap_json_value, found: *mut i64) -> ap_status {
    // SAFETY: the module's contract.
    unsafe { read_into(value, found, |value| value.as_i64()) }
}

/// Writes an integer without sign. `AP_WRONG_TYPE`: it is none, or does not fit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_json_u64(value: *const ap_json_value, found: *mut u64) -> ap_status {
    // SAFETY: the module's contract.
    unsafe { read_into(value, found, |value| value.as_u64()) }
}

/// Writes a value as JSON text into a buffer of `size` bytes, with a zero byte behind it,
/// as far as it fits. Returns how many bytes all of it has, as `snprintf`; the buffer may
/// be NULL if `size` is 0, and is long enough if `size` is `SIZE_MAX`. Linear in the value.
/// 0, and an empty text: no value, or no memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_json_write(
    value: *const ap_json_value,
    buffer: *mut c_char,
    size: usize,
) -> usize {
    or_nothing(|| {
        // SAFETY: the module's contract.
        let value = unsafe { self::value(value) };
        let shown = value.map_or(&"" as &dyn Display, |value| value);
        let (first, size) = match NonNull::new(buffer.cast::<MaybeUninit<u8>>()) {
            // No buffer is so long; one that is long enough takes the text and its end.
            Some(first) if size > isize::MAX.unsigned_abs() => {
                (first, write_into(&mut [], shown).unwrap_or(0) + 1)
            }
            Some(first) => (first, size),
            None => (NonNull::dangling(), 0),
        };
        // SAFETY: so many bytes can be written: the module's contract.
        let buffer = unsafe { slice::from_raw_parts_mut(first.as_ptr(), size) };
        write_into(buffer, shown)
    })
}
