//! The 256 numbers that a batch's programs read, and what each is for.

use core::cell::Cell;
use core::fmt;

use super::context::Context;
use super::error::{Error, ErrorKind, about};
use super::memory::{Pool, Vector};
use super::names::{Names, NativeFn, Place, is_attribute, is_name};
use super::parameters::Parameters;
use super::program::Program;
use super::real::Real;
use crate::pool::{DefaultStrategy, ReleaseStrategy};

/// Slots of a frame: as many as a byte can tell apart, so that no read of one
/// needs a check.
pub(super) const SLOTS: usize = 256;

/// The numbers themselves.
pub(super) type Slots<R> = [Cell<R>; SLOTS];

/// What a slot is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Free,
    Parameter,
    Constant,
    /// A copy of a value of the context.
    Bound,
    /// The intermediate value of this number, of one expression after the other.
    Local(u8),
}

/// A slot that follows a value of the context.
#[derive(Debug, Clone, Copy)]
struct Binding {
    slot: u8,
    place: Place,
    /// The element, if the place is an array.
    element: Option<u32>,
}

/// A native function's definition, as it was under a version of all definitions: that of an
/// older one stays for the programs that use it, and is not found any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known {
    place: Place,
    shapes: u32,
}

/// An array of the context, copied into the frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    place: Place,
    pub(super) start: u32,
    pub(super) length: u32,
}

/// A native function of the context, as programs call it.
#[derive(Clone, Copy)]
pub(super) struct Callee<'m, R> {
    of: Known,
    pub(super) function: NativeFn<'m, R>,
}

/// The slots that an expression uses, one bit each.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SlotSet([u64; SLOTS / 64]);

impl SlotSet {
    /// Adds a slot; false: it was there.
    fn insert(&mut self, slot: u8) -> bool {
        let Some(word) = self.0.get_mut(usize::from(slot / 64)) else { return false };
        let bit = 1 << (slot % 64);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    fn iter(self) -> impl Iterator<Item = u8> {
        [0_u8, 64, 128, 192].into_iter().zip(self.0).flat_map(|(first, word)| {
            let rest = |word: &u64| Some(word & word.wrapping_sub(1));
            let words = core::iter::successors(Some(word), rest).take_while(|word| *word != 0);
            #[allow(clippy::cast_possible_truncation, reason = "a word has 64 bits")]
            words.map(move |word| first + word.trailing_zeros() as u8)
        })
    }
}

/// What programs read: 256 numbers, called slots; copies of arrays; natives; and windows
/// of calls, as many as the expression with the most has needed so far. Parameters take
/// slots from below; constants, followed values and intermediate ones from above. Slots
/// come back when an expression goes, arrays and natives when every program of a batch
/// is made anew or goes, windows with the frame.
///
/// A frame is for one context: it would take places of another for places of its own.
///
/// A [`Batch`](super::Batch) has one. Without a batch it is what the phases
/// share: [`resolve`](super::resolve()) notes in it what names stand for,
/// [`lower`](super::lower) takes constants' slots, and a [`Program`] reads it.
///
/// ```
/// use arraypool::Arena;
/// use arraypool::expr::{Context, Frame, Limits, Pool, lower, parse, resolve};
///
/// let pool = Pool::new();
/// let context = <Context>::new(&pool);
/// let mut frame = Frame::new(&pool);
/// let x = frame.parameter("x", 2.0)?;
///
/// let (trees, checked, limits) = (Arena::new(), Arena::new(), Limits::DEFAULT);
/// let tree = parse("x * x", &trees, &limits)?;
/// let ir = resolve(&tree, &trees, &checked, &context, &mut frame, &limits)?;
/// let square = lower(&ir, &checked, &pool, &mut frame, &limits)?;
/// assert_eq!(square.eval(&frame, &limits), Ok(4.0));
/// frame.set(x, 3.0);
/// assert_eq!(square.eval(&frame, &limits), Ok(9.0));
/// # Ok::<(), arraypool::expr::Error>(())
/// ```
pub struct Frame<'m, R: Real = f64, S: ReleaseStrategy = DefaultStrategy> {
    pub(super) slots: Slots<R>,
    pub(super) names: Parameters<'m, S>,
    pool: &'m Pool<'m, S>,
    uses: [Use; SLOTS],
    /// Expressions that use a slot; the most there can be stands for that and more.
    counts: [u16; SLOTS],
    /// No slot between the parameters and this one was ever used.
    lowest: usize,
    bindings: Vector<'m, Binding, S>,
    pub(super) extents: Vector<'m, Extent, S>,
    pub(super) data: Vector<'m, R, S>,
    pub(super) natives: Vector<'m, Callee<'m, R>, S>,
    /// The version of the definitions that programs are made of now.
    shapes: u32,
    /// The windows of functions that recurse.
    pub(super) stack: Vector<'m, Cell<R>, S>,
    /// What the expression that is being compiled uses.
    touched: SlotSet,
    /// Expressions before it, whatever became of them.
    pub(super) turn: u32,
    /// By [`Program::eval`], and not yet to its end.
    pub(super) is_evaluated: Cell<bool>,
}

impl<'m, R: Real, S: ReleaseStrategy> Frame<'m, R, S> {
    /// A frame that keeps what it needs in a pool. Takes no memory yet.
    ///
    /// ```
    /// use arraypool::expr::{Frame, Pool};
    ///
    /// let pool = Pool::new();
    /// let frame = <Frame>::new(&pool);
    /// assert_eq!(pool.stats().live, 0);
    /// # drop(frame);
    /// ```
    #[must_use]
    pub fn new(pool: &'m Pool<'m, S>) -> Self {
        Self {
            names: Parameters::new(pool),
            pool,
            slots: [const { Cell::new(R::ZERO) }; SLOTS],
            uses: [Use::Free; SLOTS],
            counts: [0; SLOTS],
            lowest: SLOTS,
            bindings: pool.vec(),
            extents: pool.vec(),
            data: pool.vec(),
            natives: pool.vec(),
            shapes: 0,
            stack: pool.vec(),
            touched: SlotSet::default(),
            turn: 0,
            is_evaluated: Cell::new(false),
        }
    }

    /// Adds a parameter; its index counts up from 0. It hides a variable, or an attribute
    /// such as `motor.angle`, of the context with the same name.
    ///
    /// ```
    /// # use arraypool::expr::{Frame, Pool};
    /// # let pool = Pool::new();
    /// let mut frame = <Frame>::new(&pool);
    /// assert_eq!((frame.parameter("x", 1.0)?, frame.parameter("y", 2.0)?), (0, 1));
    /// assert!(frame.parameter("x", 3.0).is_err());
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`] if the name is taken or is none,
    /// [`ErrorKind::TooManySlots`], [`ErrorKind::Memory`].
    pub fn parameter(&mut self, name: &str, value: R) -> Result<usize, Error> {
        if !(is_name(name) || is_attribute(name)) || self.names.find(name.as_bytes()).is_some() {
            return Err(about(ErrorKind::InvalidName, name));
        }
        self.add(name, value).map_err(|kind| about(kind, name))
    }

    /// The next parameter, whose index is its slot.
    fn add(&mut self, name: &str, value: R) -> Result<usize, ErrorKind> {
        let index = self.names.len();
        if index >= SLOTS || self.uses[index] != Use::Free {
            return Err(ErrorKind::TooManySlots { limit: SLOTS });
        }
        self.names.push(self.pool.copy(name.as_bytes())?)?;
        self.uses[index] = Use::Parameter;
        self.slots[index].set(value);
        Ok(index)
    }

    /// Sets a parameter; false if there is none of this index.
    ///
    /// ```
    /// # use arraypool::expr::{Frame, Pool};
    /// # let pool = Pool::new();
    /// let mut frame = <Frame>::new(&pool);
    /// let x = frame.parameter("x", 1.0)?;
    /// assert!(frame.set(x, 2.0) && !frame.set(x + 1, 2.0));
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    #[inline]
    pub fn set(&mut self, index: usize, value: R) -> bool {
        let is_there = index < self.names.len();
        if let Some(slot) = self.slots.get(index).filter(|_| is_there) {
            slot.set(value);
        }
        is_there
    }

    /// Frees the slots that only this program uses. It is not to be evaluated
    /// any more.
    ///
    /// ```
    /// # use arraypool::Arena;
    /// # use arraypool::expr::{Context, Frame, Limits, Pool, lower, parse, resolve};
    /// # let pool = Pool::new();
    /// # let context = <Context>::new(&pool);
    /// # let mut frame = Frame::new(&pool);
    /// # let (trees, checked, limits) = (Arena::new(), Arena::new(), Limits::DEFAULT);
    /// let tree = parse("1 + 0.25 * 3", &trees, &limits)?;
    /// let ir = resolve(&tree, &trees, &checked, &context, &mut frame, &limits)?;
    /// let program = lower(&ir, &checked, &pool, &mut frame, &limits)?;
    /// assert_eq!(program.eval(&frame, &limits), Ok(1.75));
    /// frame.forget(program);                                  // the constant's slot is free
    /// assert_eq!(pool.stats().live, 0);
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    pub fn forget(&mut self, program: Program<'m, R, S>) {
        self.release(program.uses);
    }

    /// Copies the values of the context that programs follow, after a change. (After a
    /// change of definitions [`resolve`](super::resolve()) does so, too.) For a program, a
    /// native that was defined anew and an array of another length stay what they were, but
    /// an element of a constant index, as in `t[1]`, follows the array: it is NaN if that has
    /// become too short. A program that reads a removed name is not to be evaluated any
    /// more: the place may be another name's.
    ///
    /// ```
    /// # use arraypool::Arena;
    /// # use arraypool::expr::{Context, Frame, Limits, Pool, lower, parse, resolve};
    /// # let pool = Pool::new();
    /// # let context = <Context>::new(&pool);
    /// context.set("gain", 2.0)?;
    /// # let mut frame = Frame::new(&pool);
    /// # let (trees, checked, limits) = (Arena::new(), Arena::new(), Limits::DEFAULT);
    /// let tree = parse("gain * 3", &trees, &limits)?;
    /// let ir = resolve(&tree, &trees, &checked, &context, &mut frame, &limits)?;
    /// let program = lower(&ir, &checked, &pool, &mut frame, &limits)?;
    /// context.set("gain", 5.0)?;
    /// assert_eq!(program.eval(&frame, &limits), Ok(6.0));
    /// frame.follow(&context);
    /// assert_eq!(program.eval(&frame, &limits), Ok(15.0));
    /// # Ok::<(), arraypool::expr::Error>(())
    /// ```
    pub fn follow(&mut self, context: &Context<'m, R, S>) {
        self.refresh(context);
    }

    /// The value of a slot that is a constant's.
    pub(super) fn constant_at(&self, slot: u8) -> Option<R> {
        let index = usize::from(slot);
        (self.uses[index] == Use::Constant).then(|| self.slots[index].get())
    }

    /// Bytes of the frame, and of what it keeps in the pool.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>()
            + size_of_val(&*self.bindings)
            + size_of_val(&*self.extents)
            + size_of_val(&*self.data)
            + size_of_val(&*self.natives)
            + size_of_val(&*self.stack)
    }

    /// Begins to note what an expression uses. What one has used that came to
    /// nothing is free again.
    pub(super) fn begin(&mut self) {
        let used = self.finish();
        self.release(used);
    }

    /// What the expression has used since.
    pub(super) fn finish(&mut self) -> SlotSet {
        self.turn = self.turn.wrapping_add(1);
        core::mem::take(&mut self.touched)
    }

    /// An expression is gone; slots that nobody else uses are free again.
    pub(super) fn release(&mut self, set: SlotSet) {
        for slot in set.iter() {
            let index = usize::from(slot);
            // Nobody knows how many more than the most use it: it stays.
            if self.counts[index] == u16::MAX {
                continue;
            }
            self.counts[index] = self.counts[index].saturating_sub(1);
            if self.counts[index] == 0 {
                if self.uses[index] == Use::Bound {
                    self.unbind(slot);
                }
                self.uses[index] = Use::Free;
            }
        }
    }

    /// The last binding comes to where that of `slot` was.
    fn unbind(&mut self, slot: u8) {
        let is_it = |binding: &Binding| binding.slot == slot;
        let Some(index) = self.bindings.iter().position(is_it) else { return };
        if let (Some(last), Some(gone)) = (self.bindings.pop(), self.bindings.get_mut(index)) {
            (gone.slot, gone.place, gone.element) = (last.slot, last.place, last.element);
        }
    }

    fn touch(&mut self, slot: u8) -> u8 {
        if self.touched.insert(slot) {
            let count = &mut self.counts[usize::from(slot)];
            *count = count.saturating_add(1);
        }
        slot
    }

    /// The highest free slot, for a new use.
    fn take(&mut self, use_it: Use) -> Option<u8> {
        let index = (self.names.len()..SLOTS).rev().find(|&slot| self.uses[slot] == Use::Free)?;
        self.lowest = self.lowest.min(index);
        self.uses[index] = use_it;
        self.counts[index] = 0;
        u8::try_from(index).ok().map(|slot| self.touch(slot))
    }

    /// The slot of a constant; `None`: the frame is full, and it has to stand in
    /// the program.
    pub(super) fn constant(&mut self, value: R) -> Option<u8> {
        let bits = value.to_bits();
        let found = (self.lowest..SLOTS).rev().find(|&slot| {
            self.uses[slot] == Use::Constant && self.slots[slot].get().to_bits() == bits
        });
        if let Some(slot) = found {
            return u8::try_from(slot).ok().map(|slot| self.touch(slot));
        }
        // The last slots are for what cannot be without one.
        let used = self.uses.iter().filter(|used| **used != Use::Free).count();
        if used >= SLOTS - SLOTS / 8 {
            return None;
        }
        let slot = self.take(Use::Constant)?;
        self.slots[usize::from(slot)].set(value);
        Some(slot)
    }

    /// The slot of an intermediate value.
    pub(super) fn local(&mut self, number: u8) -> Result<u8, ErrorKind> {
        let found = self.uses.iter().position(|used| *used == Use::Local(number));
        let slot = match found.and_then(|slot| u8::try_from(slot).ok()) {
            Some(slot) => Some(self.touch(slot)),
            None => self.take(Use::Local(number)),
        };
        slot.ok_or(ErrorKind::TooManySlots { limit: SLOTS })
    }

    /// The slot that follows a value of the context.
    pub(super) fn bind(
        &mut self,
        names: &dyn Names<'m, R>,
        place: Place,
        element: Option<u32>,
    ) -> Result<u8, ErrorKind> {
        let same = |binding: &&Binding| (binding.place, binding.element) == (place, element);
        if let Some(slot) = self.bindings.iter().find(same).map(|binding| binding.slot) {
            return Ok(self.touch(slot));
        }
        self.bindings.try_reserve(1)?;
        let slot = self.take(Use::Bound).ok_or(ErrorKind::TooManySlots { limit: SLOTS })?;
        let binding = Binding { slot, place, element };
        self.bindings.try_push(binding)?;
        self.copy(names, binding);
        Ok(slot)
    }

    fn copy(&self, names: &dyn Names<'m, R>, binding: Binding) {
        let slot = &self.slots[usize::from(binding.slot)];
        match binding.element {
            None => slot.set(names.value(binding.place).map_or(R::NAN, |(value, _)| value)),
            Some(element) => names.array(binding.place, &mut |array| {
                slot.set(array.get(element as usize).copied().unwrap_or(R::NAN));
            }),
        }
    }

    /// What comes is of these definitions. If they are others than before, arrays and
    /// natives are taken anew, and values copied: a place may be another name's now.
    pub(super) fn under(&mut self, names: &dyn Names<'m, R>) {
        let (_, shapes) = names.versions();
        if shapes != self.shapes {
            self.shapes = shapes;
            self.refresh(names);
        }
    }

    /// The number of an array in the frame.
    pub(super) fn array(
        &mut self,
        names: &dyn Names<'m, R>,
        place: Place,
    ) -> Result<u16, ErrorKind> {
        let full = ErrorKind::TooManySlots { limit: usize::from(u16::MAX) };
        // A copy that older definitions had serves as well: when they change, it is made
        // anew from what is at its place, if that has its length.
        let mut length = 0;
        names.array(place, &mut |array| length = array.len());
        let same = |extent: &Extent| extent.place == place && extent.length as usize == length;
        if let Some(index) = self.extents.iter().position(same) {
            return u16::try_from(index).map_err(|_| full);
        }
        let index = u16::try_from(self.extents.len()).map_err(|_| full)?;
        self.extents.try_reserve(1)?;
        let before = self.data.len();
        let mut copied = Ok(());
        names.array(place, &mut |array| copied = self.data.try_extend_from_slice(array));
        copied?;
        let parts = (u32::try_from(before), u32::try_from(self.data.len() - before));
        let (Ok(start), Ok(length)) = parts else {
            self.data.truncate(before);
            return Err(full);
        };
        self.extents.try_push(Extent { place, start, length })?;
        Ok(index)
    }

    /// The number of a native function in the frame.
    pub(super) fn native(
        &mut self,
        place: Place,
        function: NativeFn<'m, R>,
    ) -> Result<u16, ErrorKind> {
        let full = ErrorKind::TooManySlots { limit: usize::from(u16::MAX) };
        let of = Known { place, shapes: self.shapes };
        let known = self.natives.iter().position(|callee| callee.of == of);
        let index = u16::try_from(known.unwrap_or(self.natives.len())).map_err(|_| full)?;
        if known.is_none() {
            self.natives.try_push(Callee { of, function })?;
        }
        Ok(index)
    }

    /// Makes sure that the windows of calls have so many slots.
    pub(super) fn stack(&mut self, slots: usize) -> Result<(), ErrorKind> {
        if self.stack.len() < slots {
            self.stack.try_resize_with(slots, || Cell::new(R::ZERO))?;
        }
        Ok(())
    }

    /// Copies every value that is followed anew.
    pub(super) fn refresh(&mut self, names: &dyn Names<'m, R>) {
        for binding in self.bindings.iter() {
            self.copy(names, *binding);
        }
        for extent in self.extents.iter() {
            let (start, length) = (extent.start as usize, extent.length as usize);
            let Some(copy) = self.data.get_mut(start..start + length) else { continue };
            names.array(extent.place, &mut |array| {
                // Another length is another shape: every program is made anew then.
                if array.len() == copy.len() {
                    copy.copy_from_slice(array);
                }
            });
        }
    }

    /// Forgets arrays and natives, when every program is made anew.
    pub(super) fn clear(&mut self) {
        self.extents.clear();
        self.data.clear();
        self.natives.clear();
    }
}

impl<R: Real, S: ReleaseStrategy> fmt::Debug for Frame<'_, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.names.iter().map(|name| core::str::from_utf8(name).unwrap_or_default());
        f.debug_map().entries(names.zip(&self.slots)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arena::Arena;
    use crate::expr::names::Space;

    #[test]
    fn a_slot_that_more_expressions_use_than_are_counted_stays() {
        let pool = Pool::new();
        let mut frame = <Frame<'_, f64>>::new(&pool);
        let mut used = SlotSet::default();
        let mut using = |frame: &mut Frame<'_, f64>| {
            frame.begin();
            assert_eq!(frame.constant(1.5), Some(u8::MAX));
            used = frame.finish();
        };
        using(&mut frame);
        // Under Miri most of the uses are only written down.
        let written = if cfg!(miri) { u16::MAX - 3 } else { 1 };
        frame.counts[usize::from(u8::MAX)] = written;
        for _ in written..=u16::MAX {
            using(&mut frame);
        }
        frame.release(used);
        assert_eq!(frame.constant(2.5), Some(u8::MAX - 1));
        assert_eq!(frame.constant_at(u8::MAX), Some(1.5));
    }

    #[test]
    fn an_array_that_has_no_place_is_not_copied() {
        let outer = Pool::new();
        let context = <Context>::new(&outer);
        context.set_array("t", &[1.5; 300]).unwrap();
        let place = context.find(0, Space::Array, b"t").unwrap();
        let mut memory = [const { core::mem::MaybeUninit::uninit() }; 16 * 1024];
        let (mut refused, mut length) = (0, 0);
        loop {
            length += if cfg!(miri) { 512 } else { 16 };
            let arena = Arena::from_buffer(&mut memory[..length]);
            let Ok(pool) = Pool::<DefaultStrategy>::try_owning(arena) else { continue };
            let mut frame = <Frame<'_, f64>>::new(&pool);
            if frame.array(&context, place).is_ok() {
                break;
            }
            assert!(frame.data.is_empty() && frame.extents.is_empty(), "{length}");
            refused += 1;
        }
        assert!(refused > 0);
    }
}
