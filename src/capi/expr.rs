//! Expressions for C: a batch, compiled once and evaluated tick by tick.

use alloc::vec::Vec;
use core::cell::{Cell, UnsafeCell};
use core::ffi::{c_char, c_void};
use core::mem::MaybeUninit;
use core::ptr::{self, NonNull};

use super::arguments::{limit_of, put};
use super::handle::{self, Body, NoArena};
use super::status::{ap_status, attempt, guard, message_of, or_nothing};
use super::text::{ap_error_position, text, write_into};
use crate::arena::{Arena, Budget};
use crate::expr::{Batch, Engine, Error, ErrorKind, Failure, Pool};

/// The memory of batches: what is compiled lies in it, and what is replaced goes back
/// to it.
///
/// Made by `ap_expr_arena_new`, freed by `ap_expr_arena_free`, which is refused while a
/// builder lives in it. One thread at a time may use it and its builders.
#[repr(C, align(16))]
pub struct ap_expr_arena {
    /// First, for the reason that it gives.
    no_arena: NoArena,
    /// Taken out before the rest is dropped: it refers to the budget.
    pool: UnsafeCell<Option<Pool<'static>>>,
    builders: Cell<usize>,
    budget: Budget,
}

// SAFETY: bodies of this type are placed by `new_arena` only.
unsafe impl Body for ap_expr_arena {
    const MARKER: usize = 0x6578_7031;
}

/// Expressions over common parameters, evaluated together.
///
/// Made by `ap_batch_builder_new` or `ap_batch_builder_new_with_arena`, freed by
/// `ap_batch_builder_free`. One thread at a time may use it. A function of the
/// program's that it calls may not use it: that is `AP_BUSY`.
///
/// ```c
/// ap_batch_builder *batch = ap_batch_builder_new();
/// size_t speed = 0, force = 0;
/// double found = 0.0;
/// assert(ap_batch_builder_add_parameter(batch, "speed", 0.0, &speed) == AP_OK);
/// assert(ap_batch_builder_add_expression(batch, "max(0, 10 - speed) * 2.5", &force) == AP_OK);
/// assert(ap_batch_builder_set_parameter(batch, speed, 6.0) == AP_OK);
/// assert(ap_batch_builder_eval(batch) == AP_OK);            // every millisecond, say
/// assert(ap_batch_builder_get_result(batch, force, &found) == AP_OK && found == 10.0);
/// assert(ap_batch_builder_add_expression(batch, "speed +", NULL) == AP_SYNTAX);
/// puts(ap_batch_builder_error(batch, NULL));                // with a caret under the place
/// assert(ap_batch_builder_free(batch) == AP_OK);
/// ```
#[repr(C, align(16))]
pub struct ap_batch_builder {
    /// First, for the reason that it gives.
    no_arena: NoArena,
    /// It refers to the engine; taken out before the rest is dropped.
    batch: UnsafeCell<Option<Batch<'static, 'static>>>,
    engine: Engine<'static>,
    /// Closures that call the program's functions; the engine refers to them.
    natives: Arena<'static>,
    arena: NonNull<ap_expr_arena>,
    owns_arena: bool,
    busy: Cell<bool>,
    message: UnsafeCell<[MaybeUninit<u8>; 256]>,
    position: Cell<ap_error_position>,
    /// Whether the call that is running has said what is wrong.
    explained: Cell<bool>,
}

// SAFETY: bodies of this type are placed by `new_builder` only.
unsafe impl Body for ap_batch_builder {
    const MARKER: usize = 0x6261_7431;
}

/// A function of the program's, as expressions call it: with its `count` arguments,
/// which are valid during the call. It returns normally: no exception, no `longjmp`.
pub type ap_native_fn =
    Option<extern "C" fn(user: *mut c_void, arguments: *const f64, count: usize) -> f64>;

fn new_arena(limit: usize) -> Result<NonNull<ap_expr_arena>, ap_status> {
    let place = handle::reserve::<ap_expr_arena>().ok_or(ap_status::AP_OUT_OF_MEMORY)?;
    let (pool, builders) = (UnsafeCell::new(None), Cell::new(0));
    let budget = Budget::new(limit_of(limit));
    // SAFETY: the room is for such a body.
    unsafe { place.write(ap_expr_arena { no_arena: NoArena::HERE, pool, builders, budget }) };
    // SAFETY: it was written just now, and stays until the arena is freed.
    let body: &'static ap_expr_arena = unsafe { place.as_ref() };
    match Pool::try_owning(Arena::builder().budget(&body.budget).build()) {
        Ok(pool) => {
            // SAFETY: nobody has a reference to it yet.
            unsafe { *body.pool.get() = Some(pool) };
            // SAFETY: the body is written, and stays.
            unsafe { handle::validate(place) };
            Ok(place)
        }
        Err(error) => {
            // SAFETY: nobody knows the place; nothing in it needs dropping.
            unsafe { handle::give_back(place) };
            Err(error.into())
        }
    }
}

/// Memory for batches, of at most `limit` bytes for what is compiled; 0 is no limit.
/// NULL: there is no memory, or the limit is too small for the bookkeeping, which takes some
/// 10 KiB on a 64-bit machine. A first short expression takes some 10 KiB more.
#[unsafe(no_mangle)]
pub extern "C" fn ap_expr_arena_new(limit: usize) -> *mut ap_expr_arena {
    or_nothing(|| Some(new_arena(limit).ok()?.as_ptr()))
}

/// Frees the memory of batches. `AP_BUSY`: a builder lives in it, and nothing happened.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_expr_arena_free(arena: *mut ap_expr_arena) -> ap_status {
    attempt(|| {
        // SAFETY: the module's contract.
        unsafe { unused(arena) }?;
        // SAFETY: nobody uses it any more: the module's contract.
        unsafe { free_arena(arena) }
    })
}

/// Takes back everything that batches have left in the memory, for the next ones.
/// `AP_BUSY`: a builder lives in it, and nothing happened.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_expr_arena_reset(arena: *mut ap_expr_arena) -> ap_status {
    attempt(|| {
        // SAFETY: the module's contract.
        let body = unsafe { unused(arena) }?;
        // SAFETY: no builder refers to it.
        if let Some(pool) = unsafe { &mut *body.pool.get() } {
            pool.reset();
        }
        Ok(())
    })
}

/// Frees an arena, if it is one.
///
/// # Safety
/// As [`handle::unbox`], and no builder lives in it.
unsafe fn free_arena(arena: *mut ap_expr_arena) -> Result<(), ap_status> {
    // SAFETY: the caller's promise.
    let body = unsafe { handle::borrow(arena) }?;
    // SAFETY: no builder refers to it. It refers to the budget beside it, so that it goes
    // before anything has the body for itself.
    unsafe { *body.pool.get() = None };
    // SAFETY: the caller's promise; and nothing else in it refers to a part of it.
    unsafe { handle::unbox(arena) }
}

/// The body of an arena without builders.
///
/// # Safety
/// As [`handle::borrow`].
unsafe fn unused<'a>(arena: *const ap_expr_arena) -> Result<&'a ap_expr_arena, ap_status> {
    // SAFETY: the caller's promise.
    let body = unsafe { handle::borrow(arena) }?;
    if body.builders.get() == 0 { Ok(body) } else { Err(ap_status::AP_BUSY) }
}

fn new_builder(
    arena: NonNull<ap_expr_arena>,
    owns_arena: bool,
) -> Result<*mut ap_batch_builder, ap_status> {
    // SAFETY: the arena stays as long as the builder: it counts them.
    let home: &'static ap_expr_arena = unsafe { arena.as_ref() };
    // SAFETY: a valid arena has a pool, which changes only where no builder lives.
    let pool = unsafe { &*home.pool.get() }.as_ref().ok_or(ap_status::AP_WRONG_HANDLE)?;
    let body = ap_batch_builder {
        no_arena: NoArena::HERE,
        batch: UnsafeCell::new(None),
        engine: Engine::new(pool),
        natives: Arena::new(),
        arena,
        owns_arena,
        busy: Cell::new(false),
        message: UnsafeCell::new([MaybeUninit::new(0); 256]),
        position: Cell::default(),
        explained: Cell::default(),
    };
    let place = NonNull::new(handle::boxed(body).ok_or(ap_status::AP_OUT_OF_MEMORY)?);
    let place = place.ok_or(ap_status::AP_OUT_OF_MEMORY)?;
    // SAFETY: it was made just now, and stays until the batch in it is dropped.
    let body: &'static ap_batch_builder = unsafe { place.as_ref() };
    let batch = body.engine.batch().build();
    // SAFETY: nobody has a reference to it yet.
    unsafe { *body.batch.get() = Some(batch) };
    home.builders.set(home.builders.get() + 1);
    Ok(place.as_ptr())
}

/// A batch with memory of its own, which is freed with it. NULL: there is no memory.
#[unsafe(no_mangle)]
pub extern "C" fn ap_batch_builder_new() -> *mut ap_batch_builder {
    or_nothing(|| {
        let arena = new_arena(0).ok()?;
        let builder = new_builder(arena, true);
        if builder.is_err() {
            // SAFETY: nobody else knows it.
            let _ = unsafe { free_arena(arena.as_ptr()) };
        }
        builder.ok()
    })
}

/// A batch whose memory may serve others too. NULL: there is no such arena, or no memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_batch_builder_new_with_arena(
    arena: *mut ap_expr_arena,
) -> *mut ap_batch_builder {
    or_nothing(|| {
        // SAFETY: the module's contract.
        let body = unsafe { handle::borrow(arena) }.ok()?;
        new_builder(NonNull::from(body), false).ok()
    })
}

/// Frees a batch. `AP_BUSY`: one of its functions is running.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_batch_builder_free(builder: *mut ap_batch_builder) -> ap_status {
    attempt(|| {
        // SAFETY: the module's contract.
        let body = unsafe { handle::borrow(builder) }?;
        if body.busy.get() {
            return Err(body.in_use());
        }
        let (arena, owns_arena) = (body.arena, body.owns_arena);
        // SAFETY: no call is running that has a reference to it.
        unsafe { *body.batch.get() = None };
        // SAFETY: nobody uses it any more: the module's contract. What refers to the engine
        // went just now. What the engine refers to, the program's functions, lies on the
        // heap, where `natives` keeps it, which is dropped after the engine.
        unsafe { handle::unbox(builder) }?;
        // SAFETY: the arena stays as long as its builders.
        let builders = unsafe { &arena.as_ref().builders };
        builders.set(builders.get() - 1);
        if owns_arena {
            // SAFETY: it was this builder's alone.
            unsafe { free_arena(arena.as_ptr()) }?;
        }
        Ok(())
    })
}

impl ap_batch_builder {
    /// Remembers an error, and says what it is to C.
    fn note(&self, error: &Error) -> ap_status {
        let (line, column) = (usize::from(error.line), usize::from(error.column));
        let offset = error.range().start;
        let place = ap_error_position { offset, line, column };
        // The body of a function that was defined before is no text of this call.
        let is_here = error.function().is_none();
        self.position.set(if is_here { place } else { ap_error_position::default() });
        self.explain(error);
        match error.kind {
            ErrorKind::Memory(error) => error.into(),
            ErrorKind::Busy => ap_status::AP_BUSY,
            ErrorKind::InvalidName => ap_status::AP_INVALID_ARGUMENT,
            ErrorKind::TooManySlots { .. } | ErrorKind::TooManyArguments => ap_status::AP_TOO_LARGE,
            _ => ap_status::AP_SYNTAX,
        }
    }

    /// Remembers that there is nothing of an index.
    fn not_found(&self) -> ap_status {
        self.explain_without_place(&ErrorKind::NoSuchIndex);
        ap_status::AP_NOT_FOUND
    }

    /// Remembers that a call is running, which says itself what is wrong with it.
    fn in_use(&self) -> ap_status {
        let explained = self.explained.get();
        self.explain_without_place(&message_of(ap_status::AP_BUSY));
        self.explained.set(explained);
        ap_status::AP_BUSY
    }

    fn failed(&self, failure: Failure) -> ap_status {
        self.explain_without_place(&failure);
        match failure {
            Failure::NotEvaluated => ap_status::AP_NOT_EVALUATED,
            _ => ap_status::AP_EVALUATION_FAILED,
        }
    }

    /// Explains what no text is to blame for.
    fn explain_without_place(&self, shown: &dyn core::fmt::Display) {
        self.position.set(ap_error_position::default());
        self.explain(shown);
    }

    fn explain(&self, shown: &dyn core::fmt::Display) {
        self.explained.set(true);
        // SAFETY: references to it end within a call; what C has is a pointer.
        write_into(unsafe { &mut *self.message.get() }, shown);
    }
}

/// Does something with the batch, which nobody else uses meanwhile.
///
/// # Safety
/// As [`handle::borrow`].
unsafe fn with_batch(
    builder: *const ap_batch_builder,
    work: impl FnOnce(&ap_batch_builder, &mut Batch<'static, 'static>) -> Result<(), ap_status>,
) -> ap_status {
    attempt(|| {
        // SAFETY: the caller's promise.
        let body = unsafe { handle::borrow(builder) }?;
        if body.busy.replace(true) {
            return Err(body.in_use());
        }
        body.explained.set(false);
        let done = guard(Err(ap_status::AP_PANIC), || {
            // SAFETY: this call is the only one: it was not busy.
            let batch = unsafe { &mut *body.batch.get() };
            work(body, batch.as_mut().ok_or(ap_status::AP_WRONG_HANDLE)?)
        });
        body.busy.set(false);
        // An error of an earlier call is not told as this one's.
        if let (Err(status), false) = (done, body.explained.get()) {
            body.explain_without_place(&message_of(status));
        }
        done
    })
}

/// Adds an expression and writes its index, if `index` is not NULL. `AP_SYNTAX`:
/// `ap_batch_builder_error` says what is wrong, and where. `AP_TOO_LARGE`: no place
/// is left for its intermediate values, as parameters, constants and intermediate values
/// of all expressions share 256; or a call has more than 255 arguments. The batch is as
/// before then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_batch_builder_add_expression(
    builder: *mut ap_batch_builder,
    expression: *const c_char,
    index: *mut usize,
) -> ap_status {
    let work = |body: &ap_batch_builder, batch: &mut Batch<'static, 'static>| {
        // SAFETY: the module's contract.
        let text = unsafe { text(expression) }?;
        let found = batch.add(text).map_err(|error| body.note(&error))?;
        // SAFETY: the module's contract.
        unsafe { put(index, found) };
        Ok(())
    };
    // SAFETY: the module's contract.
    unsafe { with_batch(builder, work) }
}

/// Adds a parameter with a value and writes its index, if `index` is not NULL.
/// `AP_INVALID_ARGUMENT`: it is there already, or not a name. `AP_TOO_LARGE`: no place is
/// left of the 256 that parameters share with the constants and intermediate values of
/// all expressions; those that are added before any expression find theirs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_batch_builder_add_parameter(
    builder: *mut ap_batch_builder,
    name: *const c_char,
    value: f64,
    index: *mut usize,
) -> ap_status {
    let work = |body: &ap_batch_builder, batch: &mut Batch<'static, 'static>| {
        // SAFETY: the module's contract.
        let name = unsafe { text(name) }?;
        let found = batch.parameter(name, value).map_err(|error| body.note(&error))?;
        // SAFETY: the module's contract.
        unsafe { put(index, found) };
        Ok(())
    };
    // SAFETY: the module's contract.
    unsafe { with_batch(builder, work) }
}

/// Sets a parameter. `AP_NOT_FOUND`: there is none of this index.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_batch_builder_set_parameter(
    builder: *mut ap_batch_builder,
    index: usize,
    value: f64,
) -> ap_status {
    let work = |body: &ap_batch_builder, batch: &mut Batch<'static, 'static>| {
        if batch.set(index, value) { Ok(()) } else { Err(body.not_found()) }
    };
    // SAFETY: the module's contract.
    unsafe { with_batch(builder, work) }
}

/// Lets expressions call a function of the program's, with `arity` arguments; negative
/// is any number of them. `user` is passed on to it. One that is there already is
/// replaced; each call keeps some bytes until the builder is freed.
///
/// `AP_NULL`: no name or no function. `AP_INVALID_ARGUMENT`: not a name that a function
/// can have, or an arity above 255. `AP_TOO_LARGE`: there are 65,535 names already.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_batch_builder_register_function(
    builder: *mut ap_batch_builder,
    name: *const c_char,
    arity: i32,
    function: ap_native_fn,
    user: *mut c_void,
) -> ap_status {
    let work = |body: &ap_batch_builder, _: &mut Batch<'static, 'static>| {
        // SAFETY: the module's contract.
        let name = unsafe { text(name) }?;
        let function = function.ok_or(ap_status::AP_NULL)?;
        let arity = match arity {
            ..0 => None,
            _ => Some(u8::try_from(arity).map_err(|_| ap_status::AP_INVALID_ARGUMENT)?),
        };
        let call = move |arguments: &[f64]| function(user, arguments.as_ptr(), arguments.len());
        let kept: *const _ = body.natives.try_alloc(call)?;
        // SAFETY: it stays as long as the builder, and so as long as its engine.
        let kept: &'static _ = unsafe { &*kept };
        let context = body.engine.context();
        let defined = match arity {
            Some(arity) => context.native(name, arity, kept),
            None => context.native_of_any(name, kept),
        };
        defined.map_err(|error| body.note(&error))
    };
    // SAFETY: the module's contract.
    unsafe { with_batch(builder, work) }
}

/// Defines a function by an expression. `parameters` are names separated by commas; NULL
/// or an empty text is none. It can use the other functions, and itself.
///
/// `AP_SYNTAX`: the expression is wrong. `AP_INVALID_ARGUMENT`: a name is not valid.
/// `AP_TOO_LARGE`: more than 255 parameters, or there are 65,535 names already.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_batch_builder_add_expression_function(
    builder: *mut ap_batch_builder,
    name: *const c_char,
    parameters: *const c_char,
    expression: *const c_char,
) -> ap_status {
    let work = |body: &ap_batch_builder, _: &mut Batch<'static, 'static>| {
        // SAFETY: the module's contract.
        let name = unsafe { text(name) }?;
        // SAFETY: as above.
        let expression = unsafe { text(expression) }?;
        let listed = match parameters.is_null() {
            true => "",
            // SAFETY: as above.
            false => unsafe { text(parameters) }?.trim(),
        };
        let mut names = Vec::new();
        // One more than a function can have is enough to refuse them.
        let some = listed.split(',').filter(|_| !listed.is_empty()).take(256);
        for one in some.map(str::trim) {
            names.try_reserve(1).map_err(|_| ap_status::AP_OUT_OF_MEMORY)?;
            names.push(one);
        }
        body.engine.define(name, &names, expression).map_err(|error| body.note(&error))
    };
    // SAFETY: the module's contract.
    unsafe { with_batch(builder, work) }
}

/// Evaluates all expressions, in order: a tick. It takes no memory, unless a function was
/// defined, or a parameter added after an expression, since the last one: then expressions
/// are compiled anew. `AP_EVALUATION_FAILED`: at least one has no value,
/// as `ap_batch_builder_get_result` says of each; the others have theirs.
/// `ap_batch_builder_error` then says no more than that; it says why after the
/// `ap_batch_builder_get_result` that fails.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_batch_builder_eval(builder: *mut ap_batch_builder) -> ap_status {
    let work = |_: &ap_batch_builder, batch: &mut Batch<'static, 'static>| {
        batch.eval();
        // No function of this interface removes one: so many indexes there are, without gaps.
        let mut statuses = (0..batch.len()).map(|index| batch.status(index));
        let failed = statuses.any(|status| matches!(status, Some(Err(_))));
        if failed { Err(ap_status::AP_EVALUATION_FAILED) } else { Ok(()) }
    };
    // SAFETY: the module's contract.
    unsafe { with_batch(builder, work) }
}

/// Writes the result of an expression in the last tick; NaN if it has none.
/// `AP_NOT_FOUND`, `AP_NOT_EVALUATED`, `AP_EVALUATION_FAILED`: `ap_batch_builder_error`
/// says why.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_batch_builder_get_result(
    builder: *const ap_batch_builder,
    index: usize,
    result: *mut f64,
) -> ap_status {
    let work = |body: &ap_batch_builder, batch: &mut Batch<'static, 'static>| {
        let place = NonNull::new(result).ok_or(ap_status::AP_NULL)?;
        let status = batch.status(index);
        // SAFETY: the place can be written: the module's contract.
        unsafe { place.write(batch.result(index).unwrap_or(f64::NAN)) };
        match status {
            None => Err(body.not_found()),
            Some(status) => status.map_err(|failure| body.failed(failure)),
        }
    };
    // SAFETY: the module's contract.
    unsafe { with_batch(builder, work) }
}

/// What was wrong with the last call of this builder that failed, in English; for a text,
/// with the line and a caret under the place. An empty text if none has failed, NULL if there
/// is no builder. Calls that succeed leave it as it is: look at it after one that fails. Writes
/// the place, if `position` is not NULL; all 0 where no text of that call is to blame: after
/// `ap_batch_builder_eval` and `ap_batch_builder_get_result`, and where the mistake is in a
/// function that an earlier call has defined, whose text the message shows. The message is the
/// builder's, until its next call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ap_batch_builder_error(
    builder: *const ap_batch_builder,
    position: *mut ap_error_position,
) -> *const c_char {
    guard(ptr::null(), || {
        // SAFETY: the module's contract.
        let Ok(body) = (unsafe { handle::borrow(builder) }) else { return ptr::null() };
        // SAFETY: the place is NULL, or can be written: the module's contract.
        unsafe { put(position, body.position.get()) };
        body.message.get().cast()
    })
}
