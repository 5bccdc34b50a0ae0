//! The known name that is nearest to an unknown one.

use super::error::SUGGESTION;

/// Longer names are not compared: an error has no room for them.
const LONGEST: usize = SUGGESTION;

/// The nearest name so far.
#[derive(Debug)]
pub(super) struct Nearest<'n> {
    wanted: &'n [u8],
    best: [u8; LONGEST],
    length: usize,
    distance: usize,
}

impl<'n> Nearest<'n> {
    pub(super) fn new(wanted: &'n [u8]) -> Self {
        // A third of the name may differ, and one letter of a short one.
        let distance = (wanted.len() / 3).max(1) + 1;
        Self { wanted, best: [0; LONGEST], length: 0, distance }
    }

    /// Compares one more name.
    pub(super) fn offer(&mut self, name: &[u8]) {
        let Some(distance) = distance(self.wanted, name) else { return };
        // Nothing of a single letter is left if that one is changed.
        if distance < self.distance.min(self.wanted.len()) {
            self.distance = distance;
            self.length = name.len();
            for (to, from) in self.best.iter_mut().zip(name) {
                *to = *from;
            }
        }
    }

    /// The nearest name, if one is near.
    pub(super) fn name(&self) -> Option<&str> {
        let bytes = self.best.get(..self.length).filter(|bytes| !bytes.is_empty())?;
        core::str::from_utf8(bytes).ok()
    }
}

/// Letters to insert, remove, change or swap with their neighbour (Damerau's
/// distance, restricted); `None`: the second name is too long.
fn distance(left: &[u8], right: &[u8]) -> Option<usize> {
    if right.len() > LONGEST {
        return None;
    }
    let mut rows = [[0_usize; LONGEST + 1]; 3];
    for (column, cell) in rows[1].iter_mut().enumerate() {
        *cell = column;
    }
    for (i, &x) in left.iter().enumerate() {
        let [before, last, row] = &mut rows;
        row[0] = i + 1;
        for (j, &y) in right.iter().enumerate() {
            let change = last[j] + usize::from(!x.eq_ignore_ascii_case(&y));
            let mut best = change.min(last[j + 1] + 1).min(row[j] + 1);
            let swapped = i > 0 && j > 0 && left[i - 1] == y && x == right[j - 1];
            if swapped {
                best = best.min(before[j - 1] + 1);
            }
            row[j + 1] = best;
        }
        // What `rotate_left` does, in far less code.
        rows.swap(0, 1);
        rows.swap(1, 2);
    }
    Some(rows[1][right.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_counted() {
        let count = |left: &str, right: &str| distance(left.as_bytes(), right.as_bytes());
        assert_eq!(count("", "abc"), Some(3));
        assert_eq!(count("kitten", "sitting"), Some(3));
        assert_eq!(count("sni", "sin"), Some(1));
        assert_eq!(count("same", "same"), Some(0));
        assert_eq!(count("a", &"b".repeat(40)), None);
    }

    #[test]
    fn the_nearest_wins_if_it_is_near() {
        let mut nearest = Nearest::new(b"presure");
        for name in ["p", "measure", "pressure", "temperature"] {
            nearest.offer(name.as_bytes());
        }
        assert_eq!(nearest.name(), Some("pressure"));
        // Of what an error has no room for nothing is said: the next one is.
        let mut nearest = Nearest::new(b"temperature_of_the_boile");
        nearest.offer(b"temperature_of_the_boiler");
        nearest.offer(b"temperature_of_a_boiler");
        assert_eq!(nearest.name(), Some("temperature_of_a_boiler"));
        let mut nearest = Nearest::new(b"x");
        nearest.offer(b"y");
        assert_eq!(nearest.name(), None);
    }
}
