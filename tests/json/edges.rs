//! Texts that begin and end where memory does.

#![cfg(all(unix, not(miri)))]

use core::ptr;

use arraypool::json::{Parser, Pool};
use arraypool::{Direct, Tagged};

use crate::help::{documents, minified};

/// Memory between two pages that must not be touched.
struct Guarded {
    pages: *mut libc::c_void,
    page: usize,
    inside: usize,
}

impl Guarded {
    fn new(bytes: usize) -> Self {
        // SAFETY: it asks a number.
        let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap();
        let inside = bytes.div_ceil(page).max(1) * page;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: fresh memory, wherever the system likes.
        let pages = unsafe {
            libc::mmap(ptr::null_mut(), inside + 2 * page, libc::PROT_NONE, flags, -1, 0)
        };
        assert_ne!(pages, libc::MAP_FAILED);
        // SAFETY: the first page behind the guard lies in what was mapped.
        let first = unsafe { pages.byte_add(page) };
        // SAFETY: so do so many bytes.
        let opened = unsafe { libc::mprotect(first, inside, libc::PROT_READ | libc::PROT_WRITE) };
        assert_eq!(opened, 0);
        Self { pages, page, inside }
    }

    /// A copy of the text whose last byte is the last one, or whose first is the first.
    fn hold(&mut self, text: &[u8], at_end: bool) -> &[u8] {
        assert!(text.len() <= self.inside);
        let offset = self.page + if at_end { self.inside - text.len() } else { 0 };
        // SAFETY: the offset lies in what was mapped.
        let place = unsafe { self.pages.cast::<u8>().add(offset) };
        // SAFETY: so many bytes from there on can be written.
        unsafe { place.copy_from_nonoverlapping(text.as_ptr(), text.len()) };
        // SAFETY: they were written just now, and are borrowed with the memory.
        unsafe { core::slice::from_raw_parts(place, text.len()) }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // SAFETY: mapped by `new`, with this length, and nothing borrows it.
        unsafe { libc::munmap(self.pages, self.inside + 2 * self.page) };
    }
}

/// Reads a text at both ends; says whether it is one.
fn read(memory: &mut Guarded, parser: &mut Parser, text: &[u8]) -> bool {
    let pool = Pool::<Direct>::new();
    let outcomes = [false, true].map(|at_end| {
        let text = memory.hold(text, at_end);
        parser
            .parse(text, &pool)
            .map(|document| document.to_string())
            .map_err(|error| error.to_string())
    });
    assert_eq!(outcomes[0], outcomes[1]);
    outcomes[0].is_ok()
}

#[test]
fn nothing_is_read_beyond_a_whole_document() {
    let all = documents();
    let mut memory = Guarded::new(all.iter().map(Vec::len).max().unwrap_or(1));
    let mut parser = Parser::new();
    for text in all {
        assert!(read(&mut memory, &mut parser, &text));
    }
}

#[test]
fn nothing_is_read_beyond_a_document_that_is_cut_anywhere() {
    let text = [
        &minified(4)[..],
        br#"["\u00e9\ud83d\ude00", -12345678901234567890.5e-3, "0123456789abcdef0123456789"]"#,
    ]
    .concat();
    let (first, second) = text.split_at(minified(4).len());
    let mut memory = Guarded::new(text.len());
    let mut parser = Parser::new();
    for whole in [first, second] {
        for length in 0..whole.len() {
            assert!(!read(&mut memory, &mut parser, &whole[..length]));
            // As if it ended there: the sentinel's way.
            for end in [
                &b"]"[..],
                b"}",
                b"\"]",
                b"\"}",
                b"0]",
                b"\\\"]",
                b"\n                                ]",
            ] {
                read(&mut memory, &mut parser, &[&whole[..length], end].concat());
            }
        }
    }
}

#[test]
fn nothing_is_read_beyond_short_texts_of_special_bytes() {
    let bytes = br#"[]{}",:\u0-.e1tn "#;
    let mut memory = Guarded::new(16);
    let mut parser = Parser::new();
    let pool = Pool::<Tagged>::new();
    let mut counts = [0; 2];
    for length in 1..=4_u32 {
        for number in 0..bytes.len().pow(length) {
            let places = (0..length).map(|place| number / bytes.len().pow(place) % bytes.len());
            let text: Vec<u8> = places.map(|place| bytes[place]).collect();
            let held = memory.hold(&text, true);
            let is_text = parser.parse(held, &pool).is_ok();
            let expected = serde_json::from_slice::<serde_json::Value>(&text).is_ok();
            assert_eq!(is_text, expected, "{}", String::from_utf8_lossy(&text));
            counts[usize::from(is_text)] += 1;
        }
    }
    assert!(counts[0] > 50_000 && counts[1] > 100, "{counts:?}");
}
