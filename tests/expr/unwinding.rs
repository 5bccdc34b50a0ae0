//! Panics of natives, hooks and what inspects: nothing that is half made is used after them.

use core::cell::{Cell, OnceCell};
use core::mem::{ManuallyDrop, MaybeUninit};
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::thread_local;

use arraypool::Arena;
use arraypool::expr::{
    Batch, Context, Engine, Failure, Frame, Limits, Phases, Pool, Program, lower, parse, resolve,
};

use crate::forever::forever;

thread_local! {
    /// Events until the hook panics.
    static LEFT: Cell<u32> = const { Cell::new(u32::MAX) };
    /// What a hook looks at, and the number of the name that is being set.
    static SEEN: Cell<Option<&'static Context<'static>>> = const { Cell::new(None) };
    static NUMBER: Cell<u32> = const { Cell::new(0) };
    static LOOKS: Cell<u32> = const { Cell::new(0) };
}

fn panics(what: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(what)).is_err()
}

#[test]
fn a_panic_while_everything_is_compiled_anew_leaves_no_old_program() {
    let native = |x: &[f64]| x[0];
    let texts = [("x + 1.25", 2.25), ("x + 2.25", 3.25), ("n(x) + 4.25", 5.25), ("t[x]", 6.0)];
    let mut panicked = 0;
    for left in 0.. {
        let trees = Arena::builder().hook(&|_| {
            LEFT.set(LEFT.get().wrapping_sub(1));
            assert_ne!(LEFT.get(), u32::MAX, "a hook");
        });
        let trees = trees.build();
        let pool = Pool::new();
        let phases = Phases::of(trees, Arena::new());
        let engine = <Engine>::with(&pool, phases, Limits::DEFAULT);
        LEFT.set(u32::MAX);
        engine.context().native("n", 1, &native).unwrap();
        engine.context().set_array("t", &[5.0, 6.0]).unwrap();
        let mut batch = engine.batch().build();
        batch.parameter("x", 1.0).unwrap();
        let gone = batch.add("x + 0.125").unwrap();
        let indexes = texts.map(|(text, _)| batch.add(text).unwrap());
        batch.eval();
        batch.remove(gone);
        batch.parameter("y", 0.0).unwrap();
        LEFT.set(left);
        if !panics(|| batch.eval()) {
            break;
        }
        panicked += 1;
        LEFT.set(u32::MAX);
        for index in indexes {
            assert_eq!(batch.value(index), Err(Failure::NotEvaluated), "{left}");
            assert!(batch.result(index).unwrap().is_nan());
        }
        // What takes the slots that were free.
        for number in 0..texts.len() {
            batch.add(&format!("x + {number}000.5")).unwrap();
        }
        batch.eval();
        for (index, (text, value)) in indexes.into_iter().zip(texts) {
            assert_eq!(batch.value(index), Ok(value), "{left}: {text}");
        }
    }
    assert!(panicked > 2, "{panicked}");
}

#[test]
fn a_native_that_panics_leaves_no_answer_of_the_tick_before() {
    let is_on = Cell::new(false);
    let native = |x: &[f64]| {
        assert!(!is_on.get(), "a native");
        x[0]
    };
    let pool = Pool::new();
    let engine = <Engine>::new(&pool);
    engine.context().native("n", 1, &native).unwrap();
    engine.context().set("gone", 1.0).unwrap();
    let mut batch = engine.batch().build();
    let x = batch.parameter("x", 1.0).unwrap();
    let removed = batch.add("gone").unwrap();
    engine.context().remove("gone");
    let texts = ["x", "n(x)", "x * 10"].map(|text| batch.add(text).unwrap());
    batch.eval();
    assert_eq!(texts.map(|index| batch.value(index)), [Ok(1.0), Ok(1.0), Ok(10.0)]);
    batch.set(x, 2.0);
    is_on.set(true);
    assert!(panics(|| batch.eval()));
    assert_eq!(texts.map(|index| batch.value(index)), [Err(Failure::NotEvaluated); 3]);
    assert!(batch.results().iter().all(|result| result.is_nan()));
    assert_eq!(batch.value(removed), Err(Failure::DoesNotCompile), "and will not by itself");
    is_on.set(false);
    batch.eval();
    assert_eq!(texts.map(|index| batch.value(index)), [Ok(2.0), Ok(2.0), Ok(20.0)]);
}

#[test]
fn phases_that_a_panic_left_full_are_emptied() {
    let (mut trees, mut checked) = ([MaybeUninit::uninit(); 600], [MaybeUninit::uninit(); 1400]);
    let pool = Pool::new();
    let phases = Phases::in_buffers(&mut trees, &mut checked);
    let engine = <Engine>::with(&pool, phases, Limits::SMALL);
    let mut batch = engine.batch().build();
    batch.parameter("x", 1.0).unwrap();
    let text = "x + x*2 + x*3 + x*4 + x*5 + sin(x) + cos(x)";
    let show = |batch: &mut Batch<'_, '_>| {
        panics(|| batch.inspect(text, |_, _| panic!("what inspects")).unwrap())
    };
    let index = batch.add(text).unwrap();
    let (tree, form) = engine.peak_bytes();
    assert!(2 * tree > 600 && 2 * form > 1400, "{tree} {form}: there is room for one");
    assert!(show(&mut batch));
    batch.replace(index, text).unwrap();
    assert!(show(&mut batch));
    assert_eq!(batch.inspect(text, |tree, _| tree.root.children().len()), Ok(2));
    assert!(show(&mut batch));
    engine.define("f", &["x"], "x + x*2 + x*3 + x*4 + x*5").unwrap();
}

/// Two programs and their frame. Not dropped, as a native of theirs refers to them; what
/// they have lies in the pool.
type Both<'m> = ManuallyDrop<(Program<'m>, Program<'m>, Frame<'m>)>;

#[test]
fn a_native_cannot_evaluate_over_the_frame_that_calls_it() {
    let (pool, limits) = (Pool::new(), Limits::DEFAULT);
    let both = OnceCell::<Both<'_>>::new();
    let (is_on, is_panicking, inside) = (Cell::new(false), Cell::new(false), Cell::new(None));
    let native = |x: &[f64]| {
        assert!(!is_panicking.get(), "a native");
        if let (true, Some(both)) = (is_on.get(), both.get()) {
            inside.set(Some(both.1.eval(&both.2, &limits)));
        }
        x[0]
    };
    let context = <Context>::new(&pool);
    context.native("n", 1, &native).unwrap();
    context.native("id", 1, &|x: &[f64]| x[0]).unwrap();
    context.define("squares", &["v", "w"], "v*v + w*w").unwrap();
    let mut frame = Frame::new(&pool);
    let mut compiled = |text: &str| {
        let arena = Arena::new();
        let tree = parse(text, &arena, &limits).unwrap();
        let ir = resolve(&tree, &arena, &arena, &context, &mut frame, &limits).unwrap();
        lower(&ir, &arena, &pool, &mut frame, &limits).unwrap()
    };
    let outer = compiled("squares(id(3), n(1))");
    let inner = compiled("squares(id(100), id(200))");
    assert!(both.set(ManuallyDrop::new((outer, inner, frame))).is_ok());
    // Not what `get_or_init` returns: that is borrowed from a `&mut` of the cell's, which ends
    // when the native gets at the frame by the cell.
    let (outer, inner, frame) = &**both.get().unwrap();
    assert_eq!(outer.eval(frame, &limits), Ok(10.0));
    is_on.set(true);
    assert_eq!(outer.eval(frame, &limits), Ok(10.0), "its first square is another's");
    assert_eq!(inside.get(), Some(Err(Failure::NotEvaluated)));
    is_panicking.set(true);
    assert!(panics(|| assert!(outer.eval(frame, &limits).is_ok())));
    assert_eq!(inner.eval(frame, &limits), Ok(50_000.0), "the frame is free again");
}

#[test]
#[cfg_attr(miri, ignore = "each of two thousand names is looked for among all")]
fn a_hook_that_is_told_of_a_growth_may_look_for_names_and_set_them() {
    let arena = Arena::builder().initial_chunk(256).hook(&|_| {
        let Some(context) = SEEN.get() else { return };
        assert_eq!(context.get("x"), Some(2.0), "at name {}", NUMBER.get());
        // The same name: it is one all the same.
        SEEN.set(None);
        context.set(&format!("n{}", NUMBER.get()), 1.0).unwrap();
        LOOKS.set(LOOKS.get() + 1);
    });
    let pool: &Pool<'_> = forever(Pool::try_owning(arena.build()).unwrap());
    let context: &Context<'_> = forever(Context::new(pool));
    context.set("x", 2.0).unwrap();
    for number in 0..2000 {
        NUMBER.set(number);
        SEEN.set(Some(context));
        context.set(&format!("n{number}"), f64::from(number)).unwrap();
        SEEN.set(None);
    }
    assert!(LOOKS.get() > 5, "{}", LOOKS.get());
    for number in 0..2000 {
        let name = format!("n{number}");
        assert_eq!(context.get(&name), Some(f64::from(number)));
        assert!(context.remove(&name) && context.get(&name).is_none(), "{name}");
    }
}
