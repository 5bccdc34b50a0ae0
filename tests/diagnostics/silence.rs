//! What is right is met with silence, whatever is switched on.

use arraypool::{Direct, json};

use super::*;
use crate::support::Random;

for_every_strategy!(a_right_program_hears_nothing, documents_are_right_programs);

fn a_right_program_hears_nothing<S: ReleaseStrategy>() {
    for checks in [Checks::all(), Checks::all().clear_on_release(), Checks::none().integrity()] {
        let mut pool = pool::<S>(checks);
        let mut random = Random(0x9E37_79B9);
        for _ in 0..3 {
            let mut held: [_; 24] = core::array::from_fn(|_| pool.vec());
            for _ in 0..crate::support::rounds(2000, 30) {
                let (place, length) = (random.below(24), random.below(700));
                let vector = &mut held[place];
                assert!(vector.iter().all(|&value: &u64| value == place as u64));
                match random.below(6) {
                    0 => *vector = pool.allocate_with(length, |_| place as u64).into(),
                    1 => vector.resize(length, place as u64),
                    2 => vector.extend(core::iter::repeat_n(place as u64, 30)),
                    3 => vector.shrink_to_fit(),
                    4 => {
                        let array = core::mem::replace(vector, pool.vec()).into_array();
                        if S::RECLAIMS {
                            assert_eq!(release_raw(&pool, array.into_raw()), Ok(()));
                        }
                    }
                    _ => vector.truncate(length / 2),
                }
            }
            pool.verify().expect("whole");
            drop(held);
            assert_eq!(if S::RECLAIMS { pool.stats().live } else { 0 }, 0);
            pool.reset();
        }
        drop(pool);
        told_nothing();
    }
}

fn documents_are_right_programs<S: ReleaseStrategy>() {
    let raw = json::Pool::<S>::builder().checks(Checks::all()).on_report(keep).build();
    let pool = json::Pool::from(raw);
    let text = r#"{"a": [1, 2, {"b": "tab\tbed"}, []], "c": {"d": null, "e": "plain"}}"#;
    for _ in 0..crate::support::rounds(50, 3) {
        let mut document = json::parse(text, &pool).expect("valid");
        for round in 0..40_u64 {
            let mut array = document.root_mut().into_get("a").expect("it is there");
            array.push(round).expect("memory");
            if round % 3 == 0 {
                array.remove(0).expect("it is not empty");
            }
        }
        assert_eq!(document.root()["a"][0].as_u64(), Some(10));
        pool.verify().expect("whole");
    }
    drop(pool);
    told_nothing();
}

/// Anything but silence would need a report, and this is what it would go to.
#[test]
fn reports_do_arrive() {
    let pool = pool::<Direct>(Checks::all());
    let array = pool.allocate_copy(&[1, 2, 3]);
    stray(array.as_ptr(), 24, 0);
    drop(array);
    assert_eq!(told().len(), 1);
}
