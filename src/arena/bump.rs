//! Bump arithmetic: integers in, integers out.
//!
//! Everything here is a pure function on addresses, so it can be tested to
//! exhaustion without any memory. Two facts hold throughout: a cursor and an
//! end are multiples of [`ALIGN`], and `cursor <= end`.

#![forbid(unsafe_code)]

/// The alignment that every allocation has at least, in bytes: that of
/// `max_align_t` on 64-bit machines and of the widest baseline vector (SSE2,
/// NEON).
pub(crate) const ALIGN: usize = 16;

const _: () = assert!(ALIGN.is_power_of_two(), "rounding is done by masks");

/// Where an allocation lies and where the next one may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bumped {
    /// The first byte of the allocation.
    pub(crate) start: usize,
    /// The cursor after it.
    pub(crate) cursor: usize,
}

/// Rounds `size` up to a multiple of [`ALIGN`].
///
/// `size` is at most `isize::MAX`, as in every `Layout`, so this cannot overflow.
#[inline]
pub(crate) const fn round_up(size: usize) -> usize {
    debug_assert!(size <= isize::MAX.unsigned_abs());
    (size + (ALIGN - 1)) & !(ALIGN - 1)
}

/// Rounds `value` up to a multiple of `align`, a power of two.
#[inline]
pub(crate) const fn round_up_to(value: usize, align: usize) -> Option<usize> {
    debug_assert!(align.is_power_of_two());
    match value.checked_add(align - 1) {
        Some(sum) => Some(sum & !(align - 1)),
        None => None,
    }
}

/// Places `size` bytes at a multiple of `align` between `cursor` and `end`, whose
/// bits below [`ALIGN`] do not matter: all that it is compared to are multiples.
#[inline]
pub(crate) const fn bump(cursor: usize, end: usize, size: usize, align: usize) -> Option<Bumped> {
    debug_assert!(cursor <= end && cursor % ALIGN == 0);
    let start = if align <= ALIGN {
        cursor
    } else {
        match round_up_to(cursor, align) {
            Some(start) if start <= end => start,
            _ => return None,
        }
    };
    let bytes = round_up(size);
    if bytes > end - start {
        return no_room();
    }
    Some(Bumped { start, cursor: start + bytes })
}

/// The rare case, kept apart so that the common path is laid out without a jump.
#[cold]
#[inline]
const fn no_room() -> Option<Bumped> {
    None
}

/// The capacity that serves `size` bytes at `align` wherever the chunk lies, if
/// that is a size at all.
#[inline]
pub(crate) const fn capacity_for(size: usize, align: usize) -> Option<usize> {
    let slack = align.saturating_sub(ALIGN);
    match round_up(size).checked_add(slack) {
        Some(bytes) if bytes <= isize::MAX.unsigned_abs() - 2 * ALIGN => Some(bytes),
        _ => None,
    }
}

/// The part of a region that can hold a header of `header` bytes and at least
/// one unit of [`ALIGN`] behind it: its aligned first and last address.
pub(crate) const fn usable(address: usize, length: usize, header: usize) -> Option<(usize, usize)> {
    let Some(start) = round_up_to(address, ALIGN) else { return None };
    let Some(end) = address.checked_add(length) else { return None };
    let end = end & !(ALIGN - 1);
    match start.checked_add(header + ALIGN) {
        Some(least) if least <= end => Some((start, end)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "integers only, and many")]
    fn every_small_case_agrees_with_the_definition() {
        let (cursors, sizes) = (96, 130);
        for cursor in (0..cursors).step_by(ALIGN) {
            for end in (cursor..=128).step_by(ALIGN) {
                for size in 0..=sizes {
                    for align in [1, 2, 4, 8, 16, 32, 64, 128] {
                        let start = (cursor..).find(|a| a % align.max(ALIGN) == 0).unwrap();
                        let next = (start + size..).find(|a| a % ALIGN == 0).unwrap();
                        let expected = (next <= end).then_some(Bumped { start, cursor: next });
                        assert_eq!(bump(cursor, end, size, align), expected);
                        assert_eq!(bump(cursor, end | (ALIGN - 1), size, align), expected);
                    }
                }
            }
        }
    }

    #[test]
    fn the_end_of_the_address_space_is_no_special_place() {
        let end = usize::MAX & !(ALIGN - 1);
        let cursor = end - 64;
        assert_eq!(bump(cursor, end, 64, 16), Some(Bumped { start: cursor, cursor: end }));
        assert_eq!(bump(cursor, end, 65, 16), None);
        assert_eq!(bump(cursor, end, 1, 1 << 12), None);
        assert_eq!(bump(cursor, end, isize::MAX as usize, 1), None);
        assert_eq!(usable(usize::MAX - 7, 7, 32), None);
        assert_eq!(usable(usize::MAX - 7, 100, 32), None);
        assert_eq!(usable(end - 64, 64, 32), Some((end - 64, end)));
    }

    #[test]
    fn a_region_is_usable_only_where_a_header_and_a_unit_fit() {
        assert_eq!(usable(0x1000, 0, 32), None);
        assert_eq!(usable(0x1000, 47, 32), None);
        assert_eq!(usable(0x1000, 48, 32), Some((0x1000, 0x1030)));
        assert_eq!(usable(0x1001, 48, 32), None);
        assert_eq!(usable(0x1001, 63, 32), Some((0x1010, 0x1040)));
    }

    #[test]
    fn a_capacity_serves_its_request_wherever_it_lies() {
        for align in [1, 16, 32, 256, 4096] {
            for size in [0, 1, 15, 16, 17, 4096] {
                let capacity = capacity_for(size, align).unwrap();
                for cursor in (0..if cfg!(miri) { 64 } else { 8192 }).step_by(ALIGN) {
                    assert!(bump(cursor, cursor + capacity, size, align).is_some());
                }
            }
        }
        assert_eq!(capacity_for(isize::MAX as usize, 1), None);
        assert_eq!(capacity_for(isize::MAX as usize - 4096, 1 << 30), None);
    }
}
