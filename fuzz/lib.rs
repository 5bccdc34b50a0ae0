//! What the targets share: patterns that tell one tenant's bytes from another's.

/// The byte at a position of the tenant of that number.
#[must_use]
pub fn byte(number: u32, position: usize) -> u8 {
    let mixed = number.wrapping_mul(0x9E37_79B1) ^ (position as u32).wrapping_mul(0x85EB_CA6B);
    (mixed >> 24) as u8
}

/// Whether all bytes are those that the tenant of that number wrote.
#[must_use]
pub fn is_intact(bytes: &[u8], number: u32) -> bool {
    bytes.iter().enumerate().all(|(position, &found)| found == byte(number, position))
}

/// Fills the bytes with those of the tenant of that number.
pub fn fill(bytes: &mut [u8], number: u32) {
    for (position, place) in bytes.iter_mut().enumerate() {
        *place = byte(number, position);
    }
}
