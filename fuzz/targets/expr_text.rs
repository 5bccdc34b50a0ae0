//! Any text as an expression: an error that says where, or a tree that is printed,
//! read again and evaluated within its bounds.

#![no_main]

use arraypool::Arena;
use arraypool::expr::{Engine, Limits, Pool, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|texts: (&str, &str)| {
    let arena = Arena::new();
    for text in [texts.0, texts.1] {
        match parse::<f64>(text, &arena, &Limits::DEFAULT) {
            Ok(tree) => {
                let printed = tree.to_string();
                let again = parse::<f64>(&printed, &arena, &Limits::DEFAULT)
                    .expect("a printed tree is a text");
                assert_eq!(again.to_string(), printed);
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    let double = |arguments: &[f64]| arguments.iter().sum::<f64>() * 2.0;
    let pool = <Pool>::new();
    let engine = <Engine>::new(&pool);
    engine.context().native_of_any("double", &double).expect("a name");
    engine.context().set_array("t", &[1.0, 2.0, 3.0]).expect("a name");
    // A text that is none is refused, and nothing else changes.
    let _ = engine.define("f", &["x", "y"], texts.1);
    let mut builder = engine.batch();
    builder.parameter("x", 0.5).expect("a name");
    let constant = builder.add("6 * 7").expect("an expression");
    let added = builder.add(texts.0);
    let mut batch = builder.build();
    for tick in 0..3 {
        batch.set(0, f64::from(tick));
        batch.eval();
        assert_eq!(batch.result(constant), Some(42.0));
    }
    if let Ok(index) = added {
        assert!(batch.remove(index));
    }
    drop(batch);
});
