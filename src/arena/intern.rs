//! Strings stored once in an arena, and named by a number.
//!
//! A hash table of open addressing (linear probing, at most half full) leads from
//! a string to its number, and a list from a number to its string. Both lie in
//! the arena, as the strings do; when one has grown, its old place is given back.

use core::alloc::Layout;
use core::fmt;
use core::mem;
use core::num::NonZeroU32;
use core::ops::Index;
use core::ptr::{self, NonNull};

use super::Arena;
use crate::error::{AllocError, OrPanic};
use crate::random::{GOLDEN, scatter};

/// The name of a string in its [`Interner`]: 4 bytes, and so is `Option<Symbol>`.
/// Equal strings of one interner have equal symbols. Symbols are ordered as their
/// strings came.
///
/// ```
/// use arraypool::{Arena, Interner};
///
/// let arena = Arena::new();
/// let mut names = Interner::new_in(&arena);
/// let (x, y) = (names.intern("x"), names.intern("y"));
/// assert!(x < y && x == names.intern("x"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(NonZeroU32);

impl Symbol {
    /// How many strings the interner had before this one.
    ///
    /// ```
    /// use arraypool::{Arena, Interner};
    ///
    /// let arena = Arena::new();
    /// let mut names = Interner::new_in(&arena);
    /// let (x, y) = (names.intern("x"), names.intern("y"));
    /// assert_eq!((x.index(), y.index()), (0, 1));
    /// ```
    #[inline]
    #[must_use]
    pub fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// A place of the table: half of a string's hash, and its symbol.
#[derive(Debug, Clone, Copy)]
struct Entry {
    hash: u32,
    symbol: Option<Symbol>,
}

const FREE: Entry = Entry { hash: 0, symbol: None };
/// Places of the first table; the first list of strings holds half as many.
const FIRST: usize = 64;

/// Strings stored once in an arena, each of which has a [`Symbol`].
///
/// Interning a string that is already here takes no memory, nor does
/// [`get`](Self::get), which never adds one. Everything lies in the arena and is
/// charged to its budget, and no heap is needed.
///
/// The hash has a secret, the arena's address, so that whoever sends the strings cannot
/// make many of one hash beforehand. Where addresses are the same in every run, as on a
/// microcontroller, they can, and each string may take a step for each of the others.
///
/// ```
/// use arraypool::{Arena, Interner};
///
/// let arena = Arena::new();
/// let mut names = Interner::new_in(&arena);
/// let (x, y) = (names.intern("x"), names.intern("y"));
/// assert_eq!((names.intern("x"), names.get("z")), (x, None));
/// assert_eq!(names.resolve(y), Some("y"));
/// ```
pub struct Interner<'a> {
    arena: &'a Arena<'a>,
    keys: Keys,
    /// A power of two of places, or none yet: the interner's alone, as long as the arena
    /// is borrowed. (References that may be written through would make the interner
    /// invariant.)
    table: NonNull<[Entry]>,
    /// The strings, and room for as many as the table may hold: as above.
    strings: NonNull<[&'a str]>,
    count: usize,
}

impl<'a> Interner<'a> {
    /// An interner without strings, which takes no memory until it has one. Never
    /// panics.
    ///
    /// ```
    /// use arraypool::{Arena, Interner};
    ///
    /// let arena = Arena::new();
    /// let mut names = Interner::new_in(&arena);
    /// assert!(names.is_empty());
    /// # names.intern("x");
    /// ```
    #[must_use]
    pub fn new_in(arena: &'a Arena<'a>) -> Self {
        let keys = Keys::of(ptr::from_ref(arena).addr() as u64);
        let (table, strings) = (NonNull::from(&mut []), NonNull::from(&mut []));
        Self { arena, keys, table, strings, count: 0 }
    }

    /// The symbol of a string, which is copied into the arena if it is new.
    ///
    /// Complexity: that of hashing and comparing the string, on average.
    ///
    /// ```
    /// use arraypool::{Arena, Interner};
    ///
    /// let arena = Arena::new();
    /// let mut names = Interner::new_in(&arena);
    /// let x = names.intern("x");
    /// assert_eq!(names.intern("x"), x);
    /// ```
    ///
    /// # Panics
    /// If there is no memory.
    #[inline]
    #[track_caller]
    pub fn intern(&mut self, text: &str) -> Symbol {
        self.try_intern(text).or_panic()
    }

    /// The twin of [`intern`](Self::intern) that returns an error; the string was
    /// not added then.
    ///
    /// ```
    /// use arraypool::{Arena, Interner};
    ///
    /// let arena = Arena::new();
    /// let mut names = Interner::new_in(&arena);
    /// let x = names.try_intern("x")?;
    /// assert_eq!(names.resolve(x), Some("x"));
    /// # Ok::<(), arraypool::AllocError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Arena::try_alloc`], and [`AllocError::TooLarge`] after 2^31 strings.
    #[inline]
    pub fn try_intern(&mut self, text: &str) -> Result<Symbol, AllocError> {
        let hash = self.keys.hash(text.as_bytes());
        match self.find(text, hash) {
            Ok(symbol) => Ok(symbol),
            Err(place) => self.add(text, hash, place),
        }
    }

    /// The symbol of a string that is already here.
    ///
    /// Complexity: that of hashing and comparing the string, on average. Never
    /// panics.
    ///
    /// ```
    /// use arraypool::{Arena, Interner};
    ///
    /// let arena = Arena::new();
    /// let mut names = Interner::new_in(&arena);
    /// names.intern("x");
    /// assert!(names.get("x").is_some() && names.get("y").is_none());
    /// ```
    #[inline]
    #[must_use]
    pub fn get(&self, text: &str) -> Option<Symbol> {
        self.find(text, self.keys.hash(text.as_bytes())).ok()
    }

    /// The string of a symbol; `None` if the symbol is another interner's, and its
    /// [index](Symbol::index) too large here. Complexity: constant. Never panics.
    ///
    /// ```
    /// use arraypool::{Arena, Interner};
    ///
    /// let arena = Arena::new();
    /// let mut names = Interner::new_in(&arena);
    /// let x = names.intern("x");
    /// assert_eq!(names.resolve(x), Some("x"));
    /// ```
    #[inline]
    #[must_use]
    pub fn resolve(&self, symbol: Symbol) -> Option<&'a str> {
        self.as_slice().get(symbol.index()).copied()
    }

    /// How many strings there are.
    ///
    /// ```
    /// use arraypool::{Arena, Interner};
    ///
    /// let arena = Arena::new();
    /// let mut names = Interner::new_in(&arena);
    /// names.intern("x");
    /// names.intern("x");
    /// assert_eq!(names.len(), 1);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    ///
    /// ```
    /// use arraypool::{Arena, Interner};
    ///
    /// let arena = Arena::new();
    /// let mut names = Interner::new_in(&arena);
    /// names.intern("x");
    /// assert!(!names.is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// All strings with their symbols, in the order in which they came.
    ///
    /// Complexity: one step per string. Never panics.
    ///
    /// ```
    /// use arraypool::{Arena, Interner};
    ///
    /// let arena = Arena::new();
    /// let mut names = Interner::new_in(&arena);
    /// names.intern("x");
    /// names.intern("y");
    /// assert!(names.iter().map(|(_, text)| text).eq(["x", "y"]));
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (Symbol, &'a str)> + '_ {
        let strings = self.as_slice().iter();
        (1..).map_while(NonZeroU32::new).map(Symbol).zip(strings.copied())
    }

    /// All strings, each at its symbol's [index](Symbol::index): threads can share this
    /// to resolve symbols. Complexity: constant. Never panics.
    ///
    /// ```
    /// use arraypool::{Arena, Interner};
    ///
    /// let arena = Arena::new();
    /// let mut names = Interner::new_in(&arena);
    /// let x = names.intern("x");
    /// let names: &[&str] = names.as_slice();                  // `Copy`, `Send` and `Sync`
    /// std::thread::scope(|scope| {
    ///     scope.spawn(move || assert_eq!(names[x.index()], "x"));
    /// });
    /// ```
    #[inline]
    #[must_use]
    pub fn as_slice(&self) -> &[&'a str] {
        // SAFETY: the list is the interner's alone, from `new_in` or `grow`, and borrowed
        // as it is here.
        let strings = unsafe { self.strings.as_ref() };
        &strings[..self.count]
    }

    /// The places of the table.
    #[inline]
    fn table(&self) -> &[Entry] {
        // SAFETY: as in `as_slice`.
        unsafe { self.table.as_ref() }
    }

    /// The table and the whole list, to be written.
    fn lists(&mut self) -> (&mut [Entry], &mut [&'a str]) {
        // SAFETY: as in `as_slice`.
        let table = unsafe { self.table.as_mut() };
        // SAFETY: as above; the two are blocks of their own.
        (table, unsafe { self.strings.as_mut() })
    }

    /// The symbol of a string, or the place where it would be.
    #[inline]
    fn find(&self, text: &str, hash: u32) -> Result<Symbol, usize> {
        let (table, strings) = (self.table(), self.as_slice());
        let mask = table.len().wrapping_sub(1);
        let mut place = hash as usize & mask;
        while let Some(&Entry { hash: other, symbol: Some(symbol) }) = table.get(place) {
            if other == hash && strings[symbol.index()] == text {
                return Ok(symbol);
            }
            place = (place + 1) & mask;
        }
        Err(place)
    }

    #[cold]
    #[inline(never)]
    fn add(&mut self, text: &str, hash: u32, mut place: usize) -> Result<Symbol, AllocError> {
        if self.count == self.strings.len() {
            self.grow()?;
            place = free_place(self.table(), hash);
        }
        let symbol = u32::try_from(self.count + 1).ok().and_then(NonZeroU32::new).map(Symbol);
        let symbol = symbol.ok_or(AllocError::TooLarge { length: self.count })?;
        let (text, count) = (self.arena.try_alloc_str(text)?, self.count);
        let (table, strings) = self.lists();
        strings[count] = text;
        table[place] = Entry { hash, symbol: Some(symbol) };
        self.count += 1;
        Ok(symbol)
    }

    /// Doubles the table and the list, or fails and changes nothing.
    fn grow(&mut self) -> Result<(), AllocError> {
        let places = (self.table().len() * 2).max(FIRST);
        if places as u64 > 1 << 32 {
            return Err(AllocError::TooLarge { length: self.count });
        }
        let arena = self.arena;
        let strings = arena.try_alloc_slice_fill_with(places / 2, |_| "")?;
        let table = match arena.try_alloc_slice_fill_with(places, |_| FREE) {
            Ok(table) => table,
            Err(error) => {
                // SAFETY: the arena handed it out just now.
                unsafe { give_back(arena, NonNull::from(strings)) };
                return Err(error);
            }
        };
        for &entry in self.table().iter().filter(|entry| entry.symbol.is_some()) {
            table[free_place(table, entry.hash)] = entry;
        }
        strings[..self.count].copy_from_slice(self.as_slice());
        let table = mem::replace(&mut self.table, NonNull::from(table));
        let strings = mem::replace(&mut self.strings, NonNull::from(strings));
        // SAFETY: it is empty, or the arena handed it out here when the table grew last;
        // nobody else has it.
        unsafe { give_back(arena, table) };
        // SAFETY: as above.
        unsafe { give_back(arena, strings) };
        Ok(())
    }
}

/// The first free place for a string of this hash; there is one.
fn free_place(table: &[Entry], hash: u32) -> usize {
    let mask = table.len() - 1;
    let mut place = hash as usize & mask;
    while table[place].symbol.is_some() {
        place = (place + 1) & mask;
    }
    place
}

/// Gives a list back that has been replaced, or is not needed.
///
/// # Safety
/// The list is empty, or all that `arena` handed out for it in one block, and nobody uses
/// it any more.
unsafe fn give_back<T: Copy>(arena: &Arena<'_>, list: NonNull<[T]>) {
    let bytes = list.len() * size_of::<T>();
    let Ok(layout) = Layout::from_size_align(bytes, align_of::<T>()) else { return };
    // SAFETY: the list is empty, or the arena handed it out as one block, with this
    // layout, and nobody uses it: the caller's promise. The arena is not rewound while it
    // is borrowed here, but by somebody who promises the same.
    unsafe { arena.release_bytes(list.cast(), layout) };
}

/// Mixes two words: the halves of their product, one upon the other.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "the halves are taken apart")]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// A word of up to eight bytes at the beginning of some that are no fewer.
#[inline]
fn word<const N: usize>(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..N].copy_from_slice(&bytes[..N]);
    u64::from_le_bytes(word)
}

/// What a hash begins with, and what it multiplies by: both of a secret, so that strings
/// of one hash, or a word that makes a product 0, cannot be computed without it.
#[derive(Debug, Clone, Copy)]
struct Keys {
    start: u64,
    factor: u64,
}

impl Keys {
    fn of(secret: u64) -> Self {
        let state = secret.wrapping_add(GOLDEN);
        Self { start: scatter(state), factor: scatter(state.wrapping_add(GOLDEN)) | 1 }
    }

    /// The hash of a string: eight bytes at a time, the last eight once more.
    #[inline]
    fn hash(self, bytes: &[u8]) -> u32 {
        let length = bytes.len();
        let mut state = self.start ^ length as u64;
        // Some factors leave strings that are alike near to one another: what is mixed by
        // the golden ratio at the end spreads under every secret.
        let mixed = if length > 8 {
            for eight in bytes[..length - 1].chunks_exact(8) {
                state = fold(state ^ word::<8>(eight), self.factor);
            }
            fold(state ^ word::<8>(&bytes[length - 8..]), GOLDEN)
        } else {
            let all = match length {
                0 => 0,
                1..=3 => {
                    let ends = u64::from(bytes[0]) << 16 | u64::from(bytes[length - 1]);
                    ends | u64::from(bytes[length / 2]) << 8
                }
                _ => word::<4>(bytes) << 32 | word::<4>(&bytes[length - 4..]),
            };
            fold(fold(state ^ all, self.factor), GOLDEN)
        };
        #[allow(clippy::cast_possible_truncation, reason = "the upper half is mixed best")]
        let hash = (mixed >> 32) as u32;
        hash
    }
}

/// The string of a symbol.
impl Index<Symbol> for Interner<'_> {
    type Output = str;

    /// # Panics
    /// If the symbol is another interner's, and its index too large here: see
    /// [`resolve`](Interner::resolve).
    fn index(&self, symbol: Symbol) -> &str {
        self.as_slice()[symbol.index()]
    }
}

impl fmt::Debug for Interner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(_, text)| text)).finish()
    }
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::format;
    use alloc::string::String;

    use super::*;

    /// Names as programs have them: numbered, of every length, unlike in one byte alone.
    fn families() -> [alloc::vec::Vec<String>; 5] {
        let all = |name: &dyn Fn(usize) -> String| (0..4096).map(name).collect();
        let letter = |number: usize| char::from(b'a' + u8::try_from(number % 16).unwrap());
        let letters = |number: usize| [letter(number >> 8), letter(number >> 4), letter(number)];
        [
            all(&|number| letters(number).iter().collect()),
            all(&|number| format!("{number:04}")),
            all(&|number| format!("field_of_a_record_{number}")),
            all(&|number| format!("{number}_which_comes_first")),
            all(&|number| format!("{}{}", "x".repeat(number / 16), letter(number))),
        ]
    }

    #[test]
    #[cfg_attr(miri, ignore = "tens of thousands of names")]
    fn names_of_a_family_spread_over_a_table() {
        for family in families() {
            // Of 4096 places taken at random out of 8192, 3223 are expected to differ,
            // with a standard deviation of 24.
            for (secret, shift) in (0..8).flat_map(|secret| [(secret, 0), (secret, 19)]) {
                let keys = Keys::of(secret);
                let places: BTreeSet<u32> =
                    family.iter().map(|name| keys.hash(name.as_bytes()) >> shift & 8191).collect();
                assert!(places.len() > 3000, "{} places for {}", places.len(), family[7]);
            }
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "tens of thousands of names")]
    fn strings_made_for_one_secret_spread_under_another() {
        let known = Keys::of(0x7FFF_D0C3_E5A0);
        // The second word is the state behind the first, which it makes 0.
        let hostile = |first: u64| {
            let second = fold(known.start ^ 24 ^ first, known.factor);
            [first.to_le_bytes(), second.to_le_bytes(), [b'A'; 8]].concat()
        };
        let hashes = |secret| -> BTreeSet<u32> {
            (0..4096).map(|first| Keys::of(secret).hash(&hostile(first))).collect()
        };
        assert_eq!(hashes(0x7FFF_D0C3_E5A0).len(), 1);
        for secret in [0, 1, 0x7FFF_D0C3_E5B0, u64::MAX] {
            assert!(hashes(secret).len() > 4000, "{secret:#x}");
        }
        let arenas = [Arena::new(), Arena::new()];
        let [one, other] = arenas.each_ref().map(|arena| Interner::new_in(arena).keys);
        assert!(one.start != other.start && one.factor != other.factor);
    }

    #[test]
    #[cfg_attr(miri, ignore = "tens of thousands of names")]
    fn two_names_of_one_hash_are_two() {
        let arena = Arena::new();
        let mut names = Interner::new_in(&arena);
        names.keys = Keys::of(0);
        let mut hashes = BTreeSet::new();
        let mut met = 0;
        // Hashes have 32 bits: two of 65,536 are as likely alike as not.
        for number in 0.. {
            let name = format!("{number:x}");
            met += usize::from(!hashes.insert(names.keys.hash(name.as_bytes())));
            assert_eq!(names.intern(&name).index(), number);
            if met == 1 {
                break;
            }
        }
        assert_eq!(names.len(), hashes.len() + 1);
    }
}
