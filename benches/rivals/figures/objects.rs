//! Objects of 32 bytes, a thousand at a time: arenas that are reset, and `malloc`
//! with as many `free`s.

use core::ptr::NonNull;

use arraypool::Arena;

use crate::arenas::{BumpScope, Bumpalo, Object, Objects};
use crate::mallocs::{Glibc, Malloc, Rpmalloc};
use crate::measure::{Contender, Course, race};
use crate::report::{Goal, Report};
use crate::subjects::keep;
use crate::support::workload::XorShift;

/// Objects before a reset.
const OBJECTS: usize = 1000;
/// Resets in one pass.
const RESETS: usize = 20;

/// What a pass of them costs per object, and the goals.
pub(crate) fn run(report: &mut Report, course: Course, random: &mut XorShift) {
    let all = || {
        vec![
            arena("arena", Arena::new()),
            arena("bumpalo", Bumpalo::with_min_align()),
            arena("bump-scope", BumpScope::new()),
            malloc::<Glibc>("glibc"),
            malloc::<Rpmalloc>("rpmalloc"),
        ]
    };
    let answer = (RESETS * OBJECTS * (OBJECTS - 1) / 2) as u64;
    let course = Course { operations: RESETS * OBJECTS, answer, ..course };
    let times = race(all, course, random);
    report.times("objects", &times);
    let ratio = times.ratio("arena", "bumpalo");
    report.goal("arena/objects/bumpalo", ratio, Goal::AtMost(1.05));
    report.fact("arena/objects/bump-scope", times.ratio("arena", "bump-scope"));
    for name in ["glibc", "rpmalloc"] {
        let ratio = times.ratio(name, "arena");
        report.goal(format!("arena/objects/{name}"), ratio, Goal::AtLeast(5.0));
    }
}

fn arena(name: &'static str, mut objects: impl Objects + 'static) -> Contender {
    Contender::new(name, move |pass| {
        let mut sum = 0;
        for _ in 0..RESETS {
            if pass.check {
                sum += checked(&objects);
            } else {
                unchecked(&objects);
            }
            objects.reset();
        }
        sum
    })
}

#[inline(never)]
fn unchecked(objects: &impl Objects) {
    for value in 0..OBJECTS as u64 {
        keep(objects.make(value));
    }
}

/// Reads every object back when all have been made.
fn checked(objects: &impl Objects) -> u64 {
    let made: Vec<_> = (0..OBJECTS as u64).map(|value| objects.make(value)).collect();
    made.iter().map(|object| object.0[0]).sum()
}

fn malloc<M: Malloc>(name: &'static str) -> Contender {
    M::open();
    let mut objects = vec![NonNull::<Object>::dangling(); OBJECTS];
    Contender::new(name, move |pass| {
        let pass = match pass.check {
            true => allocate_and_free::<M, true>,
            false => allocate_and_free::<M, false>,
        };
        (0..RESETS).map(|_| pass(&mut objects)).sum()
    })
}

/// With `CHECK` it reads every object back; without, it reads none, as the arenas.
#[inline(never)]
fn allocate_and_free<M: Malloc, const CHECK: bool>(objects: &mut [NonNull<Object>]) -> u64 {
    for (value, place) in (0..).zip(objects.iter_mut()) {
        let memory = M::allocate(size_of::<Object>()).cast();
        *place = NonNull::new(memory).expect("memory for an object");
        // SAFETY: both allocators here align to 16.
        unsafe { place.write(Object::of(value)) };
        keep(place.as_ptr());
    }
    let mut sum = 0;
    for object in objects {
        if CHECK {
            // SAFETY: written above.
            sum += unsafe { object.read() }.0[0];
        }
        // SAFETY: allocated above, with this size.
        unsafe { M::free(object.as_ptr().cast(), size_of::<Object>()) };
    }
    sum
}
