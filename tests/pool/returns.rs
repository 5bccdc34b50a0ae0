//! Arrays that are lent, and come home from elsewhere.

use std::thread;

use arraypool::{ArrayPool, Lent, PoolArray, ReleaseStrategy, Returns};

use crate::support::{Table, Tally, for_every_pool, in_every_memory, pool_in, rounds};

for_every_pool!(
    arrays_are_received_in_the_order_in_which_they_came,
    no_more_are_away_than_there_are_places,
    elements_are_dropped_by_the_owner,
    what_is_never_brought_home_goes_back_with_the_returns,
    arrays_without_memory_travel_too,
    what_is_lent_is_the_slice_it_leads_to,
    other_threads_bring_arrays_home,
);

/// A pool that has nothing out.
#[track_caller]
fn assert_whole<T, S: ReleaseStrategy, C: Table>(pool: &ArrayPool<'_, T, S, C>) {
    let stats = pool.verify().unwrap();
    assert_eq!((stats.lost, stats.corrupted), (0, 0));
    assert!(stats.live == 0 || !S::RECLAIMS, "{stats}");
}

fn lend<'r, 'p, T: core::fmt::Debug, const N: usize, S: ReleaseStrategy, C: Table>(
    returns: &'r Returns<'p, T, N, S, C>,
    array: PoolArray<'p, T, S, C>,
) -> Lent<'r, T> {
    returns.lend(array).expect("a place is free")
}

fn arrays_are_received_in_the_order_in_which_they_came<S: ReleaseStrategy, C: Table>() {
    in_every_memory(|arena| {
        let pool: ArrayPool<'_, u32, S, C> = pool_in(arena);
        let returns = Returns::<_, 4, S, C>::new();
        for round in 0..3 {
            let mut away: Vec<_> = (0..4)
                .map(|i| Some(lend(&returns, pool.allocate_with(9 * i, |_| 100 * round))))
                .collect();
            assert!(returns.receive().is_none());
            for i in [2, 0, 3] {
                let mut lent = away[i].take().unwrap();
                lent.iter_mut().for_each(|element| *element += i as u32);
            }
            let first = returns.receive().unwrap();
            assert_eq!((first.len(), &first[..]), (18, &[100 * round + 2; 18][..]));
            // What comes later is behind what came before, though that was not received.
            drop(away);
            let lengths: Vec<_> =
                core::iter::from_fn(|| returns.receive()).map(|array| array.len()).collect();
            assert_eq!(lengths, [0, 27, 9]);
        }
        // The places may move when nothing is away.
        drop(lend(&returns, pool.allocate_with(5, |_| 5)));
        drop(lend(&returns, pool.allocate_with(6, |_| 6)));
        let moved = Box::new(returns);
        assert_eq!(moved.receive().unwrap(), [5; 5]);
        assert_eq!((moved.release_all(), moved.release_all()), (1, 0));
        drop(moved);
        assert_whole(&pool);
    });
}

fn no_more_are_away_than_there_are_places<S: ReleaseStrategy, C: Table>() {
    in_every_memory(|arena| {
        let pool: ArrayPool<'_, u64, S, C> = pool_in(arena);
        let returns = Returns::<_, 2, S, C>::new();
        let (one, two) = (returns.lend(pool.allocate_copy(&[1])), pool.allocate_copy(&[2]));
        let two = lend(&returns, two);
        let three = returns.lend(pool.allocate_copy(&[3])).unwrap_err();
        assert_eq!(three, [3]);
        drop(one);
        // It is home, and its place is free when it has been received.
        let three = returns.lend(three).unwrap_err();
        assert_eq!(returns.receive().unwrap(), [1]);
        let three = lend(&returns, three);
        assert_eq!((&two[..], &three[..]), (&[2][..], &[3][..]));
        drop((two, three));
        assert_eq!(returns.release_all(), 2);
        assert!(Returns::<'_, u64, 0, S, C>::default().lend(pool.allocate_copy(&[4])).is_err());
        assert_whole(&pool);
    });
}

fn elements_are_dropped_by_the_owner<S: ReleaseStrategy, C: Table>() {
    in_every_memory(|arena| {
        let tally = Tally::default();
        let pool = pool_in::<_, S, C>(arena);
        let returns = Returns::<_, 3, S, C>::new();
        let lent = lend(&returns, pool.allocate_with(5, |_| tally.item()));
        drop(lent);
        assert_eq!(tally.dropped(), 0);
        assert_eq!(returns.release_all(), 1);
        tally.assert_all_once();
        assert_whole(&pool);
    });
}

fn what_is_never_brought_home_goes_back_with_the_returns<S: ReleaseStrategy, C: Table>() {
    in_every_memory(|arena| {
        let tally = Tally::default();
        let pool = pool_in::<_, S, C>(arena);
        let returns = Returns::<_, 3, S, C>::new();
        core::mem::forget(lend(&returns, pool.allocate_with(5, |_| tally.item())));
        drop(lend(&returns, pool.allocate_with(30, |_| tally.item())));
        assert!(pool.verify().is_ok_and(|stats| stats.live == 2));
        drop(returns);
        tally.assert_all_once();
        assert_whole(&pool);
    });
}

fn arrays_without_memory_travel_too<S: ReleaseStrategy, C: Table>() {
    in_every_memory(|arena| {
        let (words, nothing) = (pool_in::<u16, S, C>(arena), pool_in::<(), S, C>(arena));
        let (few, many) = (Returns::<_, 1, S, C>::new(), Returns::<_, 1, S, C>::new());
        let empty = lend(&few, words.allocate_with(0, |_| 1));
        let units = lend(&many, nothing.allocate_with(50, |_| ()));
        assert_eq!((empty.len(), units.len()), (0, 50));
        drop((empty, units));
        assert_eq!((few.release_all(), many.release_all()), (1, 1));
    });
}

fn other_threads_bring_arrays_home<S: ReleaseStrategy, C: Table>() {
    let rounds = rounds(500, 10) as u64;
    in_every_memory(|arena| {
        let pool: ArrayPool<'_, u64, S, C> = pool_in(arena);
        let returns = Returns::<_, 8, S, C>::new();
        let (sender, receiver) = std::sync::mpsc::channel::<Lent<'_, u64>>();
        let receiver = std::sync::Mutex::new(receiver);
        let received = thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    loop {
                        let Ok(mut lent) = receiver.lock().unwrap().recv() else { return };
                        lent.iter_mut().for_each(|element| *element *= 2);
                    }
                });
            }
            let (mut sent, mut received) = (0, 0);
            while received < rounds {
                if sent < rounds && sent - received < 8 {
                    let _own = pool.try_allocate_with(3, |_| sent);
                    let array = pool.allocate_with(1 + sent as usize % 5, |_| sent);
                    sender.send(lend(&returns, array)).unwrap();
                    sent += 1;
                }
                while let Some(array) = returns.receive() {
                    let number = array[0] / 2;
                    assert_eq!(array.len(), 1 + number as usize % 5);
                    assert!(array.iter().all(|&element| element == 2 * number));
                    received += 1;
                }
            }
            drop(sender);
            received
        });
        assert_eq!((received, returns.release_all()), (rounds, 0));
        assert_whole(&pool);
    });
}

fn what_is_lent_is_the_slice_it_leads_to<S: ReleaseStrategy, C: Table>() {
    let pool: ArrayPool<'_, u32, S, C> = ArrayPool::builder().build();
    let returns = Returns::<_, 2, S, C>::new();
    let mut lent = lend(&returns, pool.allocate_copy(&[3, 1]));
    for element in &mut lent {
        *element += 1;
    }
    lent.as_mut()[1] += 5;
    assert!(lent == [4, 7] && [4, 7][..] == lent && lent != vec![4] && vec![4, 7] == lent);
    assert_eq!((&lent).into_iter().sum::<u32>(), 11);
    assert_eq!((lent.as_ref(), format!("{lent:?}")), (&[4, 7][..], "[4, 7]".into()));
    let other = lend(&returns, pool.allocate_copy(&[4, 8]));
    assert!(lent < other && lent != other && lent.cmp(&other).is_lt());
    drop((lent, other));
    assert_eq!(returns.release_all(), 2);
    assert_whole(&pool);
}
