//! What the JSON tests share: strategies, comparison with `serde_json`, random numbers, documents.

use arraypool::ReleaseStrategy;
use arraypool::json::{Pool, Value};

/// The pool adds up, and nothing is out.
#[track_caller]
pub(crate) fn assert_whole<S: ReleaseStrategy>(pool: &Pool<'_, S>) {
    let stats = pool.verify().expect("the books add up");
    if S::RECLAIMS {
        assert_eq!(stats.live, 0, "everything came back");
    }
    assert_eq!((stats.lost, stats.left, stats.corrupted), (0, 0, 0));
}

/// The tree says what `serde_json`'s does, by its accessors, to the last bit.
#[track_caller]
pub(crate) fn assert_same(value: &Value<'_>, expected: &serde_json::Value) {
    assert_eq!(value.is_null(), expected.is_null());
    assert_eq!(value.as_bool(), expected.as_bool());
    assert_eq!(value.as_i64(), expected.as_i64());
    assert_eq!(value.as_u64(), expected.as_u64());
    let bits = |float: Option<f64>| float.map(f64::to_bits);
    assert_eq!(bits(value.as_f64()), bits(expected.as_f64()));
    assert_eq!(value.as_str(), expected.as_str());
    assert_eq!(value.as_array().map(<[_]>::len), expected.as_array().map(Vec::len));
    assert_eq!(value.is_object(), expected.is_object());
    for (index, expected) in expected.as_array().into_iter().flatten().enumerate() {
        assert_same(&value[index], expected);
    }
    for (key, expected) in expected.as_object().into_iter().flatten() {
        assert_same(value.get(key.as_str()).expect("the member is there"), expected);
    }
    for (key, _) in value.as_object().into_iter().flatten() {
        assert!(expected.get(key).is_some(), "{key}");
    }
}

/// Random numbers (Marsaglia, "Xorshift RNGs", 2003).
#[derive(Debug, Clone)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() >> 16) as usize % end
    }
}

/// All of them, or as many as Miri gets through.
pub(crate) fn some<T>(texts: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
    texts.into_iter().step_by(if cfg!(miri) { 11 } else { 1 })
}

/// Documents of several kinds: the ones in the folder that `ARRAYPOOL_CORPUS`
/// names, if it does, and some made here in any case.
pub(crate) fn documents() -> Vec<Vec<u8>> {
    let part = if cfg!(miri) { 5 } else { 1 };
    let mut all =
        vec![pretty(20 / part), minified(40 / part), numbers(60 / part), escapes(30 / part)];
    if let Ok(folder) = std::env::var("ARRAYPOOL_CORPUS") {
        let files = ["twitter", "citm_catalog", "canada", "github_events", "api_10kb"];
        let paths = files.map(|file| format!("{folder}/{file}.json"));
        all.extend(paths.iter().map(|path| std::fs::read(path).expect("the file is there")));
    }
    all
}

/// Objects in lists, indented, as services print them.
pub(crate) fn pretty(members: usize) -> Vec<u8> {
    serde_json::to_vec_pretty(&records(members)).unwrap()
}

/// The same without white space.
pub(crate) fn minified(members: usize) -> Vec<u8> {
    serde_json::to_vec(&records(members)).unwrap()
}

fn records(count: usize) -> serde_json::Value {
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    let records = (0..count).map(|number| {
        let words = ["", "short", "a text of some more words than one", "日本語のテキスト", "ü"];
        let tags: Vec<_> = (0..random.below(5)).map(|_| words[random.below(5)]).collect();
        serde_json::json!({
            "id": random.next() >> random.below(64),
            "name": words[number % 5],
            "user": { "followers": number, "verified": number % 3 == 0, "url": null },
            "tags": tags,
            "place": if number % 4 == 0 { serde_json::json!({}) } else { serde_json::json!([]) },
            "score": -(number as f64) / 7.0,
        })
    });
    serde_json::json!({ "statuses": records.collect::<Vec<_>>(), "count": count })
}

/// Pairs of long floats.
fn numbers(count: usize) -> Vec<u8> {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut float = || (random.next() >> 11) as f64 / (1_u64 << 53) as f64 * 360.0 - 180.0;
    let pairs: Vec<_> = (0..count).map(|_| [float(), float()]).collect();
    serde_json::to_vec(&serde_json::json!({ "type": "Polygon", "coordinates": [pairs] })).unwrap()
}

/// Strings that have to be unescaped, among others.
fn escapes(count: usize) -> Vec<u8> {
    let one = r#"{"url": "http:\/\/t.co\/x\u00e9\ud83d\ude00", "text": "a\nb\t\"q\" \\ é", "k\u0041": ["\u65e5\u672c", "plain", "\\"]}"#;
    format!("[\r\n\t{}\r\n]", vec![one; count].join(",\r\n\t")).into_bytes()
}

/// Short documents with much in them.
pub(crate) fn escapes_and_numbers() -> [Vec<u8>; 6] {
    [
        escapes(1),
        numbers(3),
        pretty(1),
        minified(1),
        br#"{"a":[1,-2.5e-3,{"b":null,"c":[true,false]}],"d":"x\u00e9\"y","e":{}}"#.to_vec(),
        b"[\n  {\n    \"k\": 0.1,\n    \"l\": []\n  },\n  {\n    \"k\": 1E5\n  }\n]\n".to_vec(),
    ]
}
