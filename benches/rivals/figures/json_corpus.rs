//! The documents: real ones from a folder, or look-alikes that are made here.
//!
//! `ARRAYPOOL_CORPUS` names a folder with twitter.json, citm_catalog.json,
//! canada.json, github_events.json and api_10kb.json. Without it, documents of
//! the same shape are made, the same ones every time: as large, as deep, with
//! as many values of each kind, and indented alike.

use core::fmt::Write;
use std::ffi::OsString;
use std::path::Path;

use crate::support::workload::XorShift;

/// A document.
pub(crate) struct Text {
    pub(crate) name: &'static str,
    pub(crate) bytes: &'static [u8],
}

const NAMES: [&str; 5] = ["twitter", "citm_catalog", "canada", "github_events", "api_10kb"];

/// The folder with real documents.
pub(crate) fn folder() -> Option<OsString> {
    std::env::var_os("ARRAYPOOL_CORPUS")
}

/// All documents.
pub(crate) fn texts() -> Vec<Text> {
    let folder = folder();
    let mut texts = Vec::new();
    for name in NAMES {
        let bytes = match &folder {
            None => made(name).into_bytes(),
            Some(folder) => {
                let path = Path::new(folder).join(format!("{name}.json"));
                std::fs::read(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
            }
        };
        texts.push(Text { name, bytes: bytes.leak() });
    }
    texts
}

/// What a made document has in one place.
enum Kind {
    Null,
    False,
    /// Mostly false.
    Flag,
    /// Below a thousand.
    Count,
    Number,
    LargeNumber,
    /// A number as a string.
    Digits,
    Date,
    Word,
    /// Up to 140 characters, mostly Japanese, with a line break here and there.
    Prose,
    /// Latin letters with an accent.
    Title,
    Link,
    /// With quotes to escape.
    Markup,
    Hash,
    Object(&'static [(&'static str, Kind)]),
    /// So many elements at most, of that kind.
    Array(u64, &'static Kind),
}

use Kind::{
    Array, Count, Date, Digits, False, Flag, Hash, LargeNumber, Link, Markup, Null, Number, Object,
    Prose, Title, Word,
};

const USER: Kind = Object(&[
    ("id", Number),
    ("id_str", Digits),
    ("name", Word),
    ("screen_name", Word),
    ("location", Word),
    ("description", Prose),
    ("url", Null),
    ("entities", Object(&[("description", Object(&[("urls", Array(0, &Null))]))])),
    ("protected", False),
    ("followers_count", Count),
    ("friends_count", Count),
    ("listed_count", Count),
    ("created_at", Date),
    ("favourites_count", Count),
    ("utc_offset", Null),
    ("time_zone", Null),
    ("geo_enabled", Flag),
    ("verified", False),
    ("statuses_count", Count),
    ("lang", Word),
    ("contributors_enabled", False),
    ("is_translator", False),
    ("is_translation_enabled", False),
    ("profile_background_color", Word),
    ("profile_background_image_url", Link),
    ("profile_background_image_url_https", Link),
    ("profile_background_tile", Flag),
    ("profile_image_url", Link),
    ("profile_image_url_https", Link),
    ("profile_banner_url", Link),
    ("profile_link_color", Word),
    ("profile_sidebar_border_color", Word),
    ("profile_sidebar_fill_color", Word),
    ("profile_text_color", Word),
    ("profile_use_background_image", Flag),
    ("default_profile", Flag),
    ("default_profile_image", False),
    ("following", False),
    ("follow_request_sent", False),
    ("notifications", False),
]);

const MENTION: Kind = Object(&[
    ("screen_name", Word),
    ("name", Word),
    ("id", Number),
    ("id_str", Digits),
    ("indices", Array(3, &Count)),
]);

const LINKED: Kind = Object(&[
    ("url", Link),
    ("expanded_url", Link),
    ("display_url", Word),
    ("indices", Array(3, &Count)),
]);

const STATUS: Kind = Object(&[
    ("metadata", Object(&[("result_type", Word), ("iso_language_code", Word)])),
    ("created_at", Date),
    ("id", LargeNumber),
    ("id_str", Digits),
    ("text", Prose),
    ("source", Markup),
    ("truncated", False),
    ("in_reply_to_status_id", Null),
    ("in_reply_to_status_id_str", Null),
    ("in_reply_to_user_id", Null),
    ("in_reply_to_user_id_str", Null),
    ("in_reply_to_screen_name", Null),
    ("user", USER),
    ("geo", Null),
    ("coordinates", Null),
    ("place", Null),
    ("contributors", Null),
    ("retweet_count", Count),
    ("favorite_count", Count),
    (
        "entities",
        Object(&[
            ("hashtags", Array(0, &Null)),
            ("symbols", Array(0, &Null)),
            ("urls", Array(2, &LINKED)),
            ("user_mentions", Array(3, &MENTION)),
        ]),
    ),
    ("favorited", False),
    ("retweeted", False),
    ("possibly_sensitive", False),
    ("lang", Word),
]);

const SHOW: Kind = Object(&[
    ("description", Null),
    ("id", Number),
    ("logo", Link),
    ("name", Title),
    ("subTopicIds", Array(5, &Number)),
    ("subjectCode", Null),
    ("subtitle", Null),
    ("topicIds", Array(5, &Number)),
]);

const PERFORMANCE: Kind = Object(&[
    ("eventId", Number),
    ("id", Number),
    ("logo", Null),
    ("name", Null),
    (
        "prices",
        Array(
            8,
            &Object(&[
                ("amount", Number),
                ("audienceSubCategoryId", Number),
                ("seatCategoryId", Number),
            ]),
        ),
    ),
    (
        "seatCategories",
        Array(
            8,
            &Object(&[
                ("areas", Array(15, &Object(&[("areaId", Number), ("blockIds", Array(0, &Null))]))),
                ("seatCategoryId", Number),
            ]),
        ),
    ),
    ("seatMapImage", Null),
    ("start", LargeNumber),
    ("venueCode", Word),
]);

const EVENT: Kind = Object(&[
    ("type", Word),
    ("created_at", Date),
    (
        "actor",
        Object(&[
            ("gravatar_id", Hash),
            ("login", Word),
            ("avatar_url", Link),
            ("url", Link),
            ("id", Number),
        ]),
    ),
    ("repo", Object(&[("url", Link), ("id", Number), ("name", Title)])),
    ("public", Flag),
    (
        "payload",
        Object(&[
            (
                "commits",
                Array(
                    3,
                    &Object(&[
                        ("url", Link),
                        ("message", Title),
                        ("distinct", Flag),
                        ("sha", Hash),
                        ("author", Object(&[("email", Word), ("name", Word)])),
                    ]),
                ),
            ),
            ("distinct_size", Count),
            ("ref", Title),
            ("push_id", Number),
            ("head", Hash),
            ("before", Hash),
            ("size", Count),
        ]),
    ),
    ("id", Digits),
]);

fn made(name: &str) -> String {
    let mut maker = Maker {
        text: String::new(),
        width: match name {
            "citm_catalog" => Some(4),
            "twitter" | "github_events" => Some(2),
            _ => None,
        },
        depth: 0,
        random: XorShift(0x5EED),
    };
    match name {
        "twitter" => maker.statuses(100),
        "citm_catalog" => maker.catalogue(),
        "canada" => maker.coast(),
        "github_events" => maker.container('[', ']', 38, |maker, _| maker.value(&EVENT)),
        _ => maker.statuses(3),
    }
    maker.text
}

/// Writes a document with invented values.
struct Maker {
    text: String,
    /// Spaces of a level; `None` for a line of all.
    width: Option<usize>,
    depth: usize,
    random: XorShift,
}

impl Maker {
    fn below(&mut self, limit: u64) -> u64 {
        (self.random.next() >> 33) % limit.max(1)
    }

    fn put(&mut self, arguments: core::fmt::Arguments<'_>) {
        self.text.write_fmt(arguments).expect("a string takes all");
    }

    fn break_line(&mut self) {
        if let Some(width) = self.width {
            let spaces = self.depth * width;
            self.put(format_args!("\n{:spaces$}", ""));
        }
    }

    fn container(
        &mut self,
        open: char,
        close: char,
        count: u64,
        mut child: impl FnMut(&mut Self, u64),
    ) {
        self.text.push(open);
        self.depth += 1;
        for index in 0..count {
            if index > 0 {
                self.text.push(',');
            }
            self.break_line();
            child(self, index);
        }
        self.depth -= 1;
        if count > 0 {
            self.break_line();
        }
        self.text.push(close);
    }

    fn key(&mut self, key: impl core::fmt::Display) {
        let space = if self.width.is_some() { " " } else { "" };
        self.put(format_args!("\"{key}\":{space}"));
    }

    fn object(&mut self, members: &[(&str, Kind)]) {
        self.container('{', '}', members.len() as u64, |maker, index| {
            let (key, kind) = &members[index as usize];
            maker.key(key);
            maker.value(kind);
        });
    }

    fn value(&mut self, kind: &Kind) {
        match kind {
            Null => self.text.push_str("null"),
            False => self.text.push_str("false"),
            Flag => {
                let flag = self.below(4) == 0;
                self.put(format_args!("{flag}"));
            }
            Count => {
                let count = self.below(1000);
                self.put(format_args!("{count}"));
            }
            Number => {
                let number = 100_000_000 + self.below(900_000_000);
                self.put(format_args!("{number}"));
            }
            LargeNumber => {
                let number = 505_874_000_000_000_000 + self.below(1 << 31) * 100;
                self.put(format_args!("{number}"));
            }
            Digits => {
                let number = 100_000_000 + self.below(900_000_000);
                self.put(format_args!("\"{number}\""));
            }
            Date => {
                let (hour, minute) = (self.below(24), self.below(60));
                self.put(format_args!("\"Sun Aug 31 {hour:02}:{minute:02}:15 +0000 2014\""));
            }
            Object(members) => self.object(members),
            Array(most, kind) => {
                let count = self.below(most + 1);
                self.container('[', ']', count, |maker, _| maker.value(kind));
            }
            Word | Prose | Title | Link | Markup | Hash => self.string(kind),
        }
    }

    fn string(&mut self, kind: &Kind) {
        self.text.push('"');
        let number = self.below(1 << 30);
        match kind {
            Word => {
                let length = 2 + self.below(8) as usize;
                self.put(format_args!("{number:0length$x}"));
            }
            Title => self.put(format_args!("Orchestre d'été n° {number}")),
            Link => {
                self.put(format_args!(
                    "http://images.example.com/profile_images/{number}/a_picture_normal.jpeg"
                ));
            }
            Markup => self.put(format_args!(
                "<a href=\\\"http://example.com/{number}\\\" rel=\\\"nofollow\\\">a client</a>"
            )),
            Hash => self.put(format_args!("{number:08x}{:032x}", number * 7919)),
            _ => {
                for place in 0..40 + self.below(80) {
                    let code = 0x3041 + self.below(0x50) as u32;
                    self.text.push(char::from_u32(code).expect("a letter"));
                    if place % 30 == 29 {
                        self.text.push_str("\\n");
                    }
                }
            }
        }
        self.text.push('"');
    }

    fn statuses(&mut self, count: u64) {
        self.container('{', '}', 2, |maker, index| {
            maker.key(["statuses", "search_metadata"][index as usize]);
            if index == 0 {
                maker.container('[', ']', count, |maker, _| maker.value(&STATUS));
            } else {
                maker.object(&[("completed_in", Count), ("max_id", LargeNumber), ("query", Word)]);
            }
        });
    }

    fn catalogue(&mut self) {
        self.container('{', '}', 2, |maker, index| {
            maker.key(["events", "performances"][index as usize]);
            if index == 0 {
                maker.container('{', '}', 184, |maker, index| {
                    maker.key(138_586_341 + 4 * index);
                    maker.value(&SHOW);
                });
            } else {
                maker.container('[', ']', 243, |maker, _| maker.value(&PERFORMANCE));
            }
        });
    }

    /// Rings of points: two floats each, with 15 decimal places.
    fn coast(&mut self) {
        self.text.push_str(
            "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\
             \"properties\":{\"name\":\"Made\"},\"geometry\":{\"type\":\"Polygon\",\"coordinates\":",
        );
        self.container('[', ']', 480, |maker, _| {
            let points = 10 + maker.below(212);
            let mut centre = [-(maker.below(90) as f64) - 50.0, maker.below(40) as f64 + 42.0];
            maker.container('[', ']', points, |maker, _| {
                maker.container('[', ']', 2, |maker, axis| {
                    let place = &mut centre[axis as usize];
                    *place += (maker.below(100_000) as f64 - 50_000.0) / 1e6;
                    let place = *place;
                    maker.put(format_args!("{place:.15}"));
                });
            });
        });
        self.text.push_str("}}]}");
    }
}
