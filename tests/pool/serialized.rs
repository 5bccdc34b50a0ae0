//! What serde makes of a handle: the sequence of its elements.

use arraypool::{PoolArray, PoolVec, ReleaseStrategy};
use serde::Serialize;

use crate::support::{Table, for_every_pool, pool};

for_every_pool!(a_handle_is_a_sequence, an_element_that_refuses_is_heard);

fn a_handle_is_a_sequence<S: ReleaseStrategy, C: Table>() {
    /// Both kinds in the fields of something.
    #[derive(Serialize)]
    #[serde(bound = "")]
    struct Page<'p, S: ReleaseStrategy, C: Table> {
        words: PoolArray<'p, String, S, C>,
        lines: PoolVec<'p, String, S, C>,
    }

    let pool = pool::<String, S, C>();
    let words = pool.allocate_with(3, |i| format!("{i}"));
    let lines = PoolVec::from(pool.allocate_clone(&words[1..]));
    let page = Page { words, lines };
    let text = serde_json::to_string(&page).unwrap();
    assert_eq!(text, r#"{"words":["0","1","2"],"lines":["1","2"]}"#);
    assert_eq!(serde_json::to_string(&pool.allocate_clone(&[])).unwrap(), "[]");
    let units = self::pool::<(), S, C>();
    assert_eq!(serde_json::to_string(&units.allocate_copy(&[(); 2])).unwrap(), "[null,null]");
}

/// An element that cannot be serialized.
struct Mute;

impl Serialize for Mute {
    fn serialize<A: serde::Serializer>(&self, _: A) -> Result<A::Ok, A::Error> {
        Err(serde::ser::Error::custom("it says nothing"))
    }
}

fn an_element_that_refuses_is_heard<S: ReleaseStrategy, C: Table>() {
    let pool = pool::<Mute, S, C>();
    let error = serde_json::to_string(&pool.allocate_with(2, |_| Mute)).unwrap_err();
    assert_eq!(error.to_string(), "it says nothing");
}
