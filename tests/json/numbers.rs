//! Floats to the last bit, against the standard library.

use arraypool::Direct;
use arraypool::json::{self, Parser, Pool};

use crate::help::Random;

/// Reads `[text, text]`, so that the number lies in front of a comma and of the
/// last bracket, and returns both bits.
fn bits(parser: &mut Parser, text: &str) -> [Option<u64>; 2] {
    let pool = Pool::<Direct>::new();
    let pair = format!("[{text}, {text}]");
    let document = parser.parse(&pair, &pool).unwrap_or_else(|error| panic!("{text}: {error}"));
    [0, 1].map(|index| document[index].as_f64().map(f64::to_bits))
}

#[track_caller]
fn check(parser: &mut Parser, text: &str) {
    let expected = text.parse::<f64>().unwrap();
    if expected.is_finite() {
        assert_eq!(bits(parser, text), [Some(expected.to_bits()); 2], "{text}");
    }
}

/// `count` numbers of every shape: shortest, cut, too long, halfway between two floats.
fn random_numbers(count: usize, seed: u64) {
    let mut random = Random(seed);
    let mut parser = Parser::new();
    for _ in 0..count {
        let float = f64::from_bits(random.next() & !(1 << 63));
        if !float.is_finite() {
            continue;
        }
        check(&mut parser, &format!("{float:e}"));
        check(&mut parser, &format!("-{float:.*e}", random.below(25)));
        // Any digits with any exponent.
        let digits = random.next() >> random.below(64);
        let exponent = random.below(700) as i64 - 350;
        check(&mut parser, &format!("{digits}e{exponent}"));
        // Any place of the point, and digits of any number.
        let text = format!("{digits}{:0width$}", random.next() >> 40, width = random.below(40));
        let point = 1 + random.below(text.len());
        let (front, back) = text.split_at(point);
        if !front.starts_with('0') && !back.is_empty() {
            check(&mut parser, &format!("{front}.{back}"));
        }
        // Halfway to the next float, and a digit above and below: exact, as a
        // sum of two floats of the same size is.
        let small = f64::from_bits((1023 + random.below(60) as u64) << 52 | random.next() >> 12);
        let next = f64::from_bits(small.to_bits() + 1);
        let half = format!("{:.60}", small / 2.0).parse::<f64>().unwrap() + next / 2.0;
        check(&mut parser, &format!("{half:.60}"));
        let middle = halfway(small);
        for digit in ["", "0000000001", "1"] {
            check(&mut parser, &format!("{middle}{digit}"));
        }
    }
}

/// The number in the middle between an integer float below 2^60 and the next
/// float, written out.
fn halfway(float: f64) -> String {
    let (integer, fraction) = (float.trunc(), float.fract());
    let gap = f64::from_bits(float.to_bits() + 1) - float;
    // The fraction has few bits, so that another one fits.
    let text = format!("{:.60}", fraction + gap / 2.0);
    format!("{integer}{}", &text[1..])
}

#[test]
fn numbers_are_exact_to_the_last_bit() {
    random_numbers(if cfg!(miri) { 3 } else { 1500 }, 0x1234_5678_9ABC_DEF1);
}

#[test]
#[ignore = "takes a minute"]
fn three_million_numbers_are_exact_to_the_last_bit() {
    random_numbers(450_000, 0xFEDC_BA98_7654_3211);
}

#[test]
fn known_difficult_numbers() {
    let mut parser = Parser::new();
    for text in [
        "9007199254740993",
        "9007199254740993.0",
        "9007199254740992.999999999999999999999999999",
        "9007199254740993.00000000000000000000000000000001",
        "2.2250738585072014e-308",
        "2.2250738585072011e-308",
        "2.225073858507201136057409796709131975934819546351645648023426109724822222021076945516529523908135087914149158913039621106870086438694594645527657207407820621743379988141063267329253552286881372149012981122451451889849057222307285255133155755015914397476397983411801999323962548289017107081850690630666655994938275772572015763062690663332647565300009245888316433037779791869612049497390377829704905051080609940730262937128958950003583799967207254304360284078895771796150945516748243471030702609144621572289880258182545180325707018860872113128079512233426288368622321503775666622503982534335974568884423900265498198385487948292206894721689831099698365846814022854243330660339850886445804001034933970427567186443383770486037861622771738545623065874679014086723327636718751234567890123456789012345678901e-308",
        "4.9406564584124654e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.4703282292062329e-324",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "179769313486231580793e289",
        "6929495644600919.5",
        "3.5844466002796428e298",
        "7.3177701707893310e15",
        "0.000000000000000000000000000000000000000000000000123e60",
        "8.589973e9",
        "2.00000000000000011102230246251565",
        "1.00000000000000011102230246251565404236316680908203125",
        "1.00000000000000011102230246251565404236316680908203124",
        "1.00000000000000011102230246251565404236316680908203126",
        "0.30000000000000004",
        "123456789.123456789e-9",
        "1e23",
        "9e22",
        "8.5e22",
    ] {
        check(&mut parser, text);
    }
    for exponent in -400_i32..309 {
        check(&mut parser, &format!("1e{exponent}"));
        check(
            &mut parser,
            &format!("0.{}1e{exponent}", "0".repeat(exponent.unsigned_abs() as usize % 50)),
        );
    }
}

#[test]
fn integers_keep_every_digit() {
    let pool = Pool::<Direct>::new();
    let mut random = Random(77);
    for _ in 0..2000 {
        let unsigned = random.next() >> random.below(64);
        let signed = (random.next() as i64) >> random.below(64);
        let text = format!("[{unsigned},{signed}, {unsigned} ]");
        let document = json::parse(&text, &pool).unwrap();
        assert_eq!((document[0].as_u64(), document[1].as_i64()), (Some(unsigned), Some(signed)));
        assert_eq!(
            (document[0].as_i64(), document[1].as_u64()),
            (unsigned.try_into().ok(), signed.try_into().ok())
        );
        assert_eq!(document[2].as_u64(), Some(unsigned));
    }
}

/// However it is written: as a number by itself, or as a value of a document.
#[test]
fn a_number_is_written_as_a_value_is() {
    let pool = Pool::<Direct>::new();
    let mut random = Random(99);
    let floats = (0..2000).map(|_| f64::from_bits(random.next())).filter(|float| float.is_finite());
    let special = [1e300, 1e-300, 1e16, 1e15, 0.1, -0.0, 5e-324, 123_456_789.125];
    let mut texts: Vec<_> = special.into_iter().chain(floats).map(|f| format!("{f:e}")).collect();
    texts.extend(["0", "-1", "18446744073709551615", "-9223372036854775808"].map(String::from));
    for text in texts {
        let document = json::parse(&text, &pool).unwrap();
        let number = document.as_number().unwrap();
        assert_eq!(number.to_string(), document.to_string());
        assert_eq!(format!("{number:?}"), format!("Number({document})"));
    }
}
