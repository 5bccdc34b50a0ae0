//! Who takes part, and in what: every subject by name, and every workload around it.

use alloc::rc::Rc;

use arraypool::{Metadata, ReleaseStrategy, Tagged};

use crate::mallocs::{Glibc, Heap, Jemalloc, JemallocSized, Malloc, Mimalloc, Rpmalloc, Snmalloc};
use crate::measure::{Contender, Pass};
use crate::ours::{Bare, Nothing, Owned};
use crate::pools::{Boxes, Forge, Queue, Slots, TwoLevel, Vectors, Zone};
use crate::support::unchecked::Unchecked;
use crate::support::workload::{self, Element, Place, Step, Subject};

/// An element that is made of a number.
pub(crate) trait Content: Copy + 'static {
    fn of(value: u64) -> Self;
    fn value(&self) -> u64;
}

impl Content for u64 {
    #[inline(always)]
    fn of(value: u64) -> Self {
        value
    }

    #[inline(always)]
    fn value(&self) -> u64 {
        *self
    }
}

impl Content for Element {
    #[inline(always)]
    fn of(value: u64) -> Self {
        [value; 4]
    }

    #[inline(always)]
    fn value(&self) -> u64 {
        self[0]
    }
}

/// Makes the compiler write what lies at an address: without it, it may leave out
/// a write that nobody reads, and `malloc` with it. It costs no instruction.
#[inline(always)]
pub(crate) fn keep<T>(pointer: *const T) {
    // SAFETY: no instruction. That it may read memory is what it is for.
    unsafe { core::arch::asm!("/* {0} */", in(reg) pointer, options(nostack, preserves_flags)) };
}

/// A workload that any subject can enter.
pub(crate) trait Workload {
    /// Puts a subject into the workload. It is made only if it is wanted.
    fn enter<S: Subject + 'static>(&mut self, name: &'static str, make: impl FnOnce() -> S);

    /// Everybody who entered.
    fn entered(self) -> Vec<Contender>;
}

/// The general allocators that a pool has to be faster than.
pub(crate) const MALLOCS: &[&str] =
    &["glibc", "mimalloc", "jemalloc", "jemalloc-sized", "snmalloc"];

fn strategy<T: Content, S: ReleaseStrategy + 'static>(
    workload: &mut impl Workload,
    name: &'static str,
) {
    workload.enter(name, Owned::<T, S>::new);
}

fn malloc<T: Content, M: Malloc + 'static>(workload: &mut impl Workload, name: &'static str) {
    workload.enter(name, Heap::<M, T>::new);
}

/// The strategies and their floor.
pub(crate) fn ours<T: Content>(workload: &mut impl Workload) {
    strategy::<T, Unchecked>(workload, "floor");
    strategy::<T, Metadata>(workload, "metadata");
    strategy::<T, Tagged>(workload, "tagged");
}

/// What the loop alone costs, where one array at a time is looked at.
pub(crate) fn nothing<T: Content>(workload: &mut impl Workload) {
    workload.enter("loop", Nothing::<T>::new);
}

/// The strategies where all that is left of an array is its address.
pub(crate) fn bare<T: Content>(workload: &mut impl Workload) {
    workload.enter("metadata-bare", Bare::<T, Metadata>::new);
    workload.enter("tagged-bare", Bare::<T, Tagged>::new);
}

/// Everybody who gives out arrays of any length and takes them back one by one.
pub(crate) fn rivals<T: Content>(workload: &mut impl Workload) {
    malloc::<T, Glibc>(workload, "glibc");
    malloc::<T, Mimalloc>(workload, "mimalloc");
    malloc::<T, Jemalloc>(workload, "jemalloc");
    malloc::<T, JemallocSized>(workload, "jemalloc-sized");
    malloc::<T, Snmalloc>(workload, "snmalloc");
    malloc::<T, Rpmalloc>(workload, "rpmalloc");
    workload.enter("forge-alloc", Forge::<T>::new);
    workload.enter("vecpool", Vectors::<T>::new);
    workload.enter("talc", Zone::<T>::new);
    workload.enter("rlsf", TwoLevel::<T>::new);
}

/// Pools of one length only, which is that of the class.
pub(crate) fn fixed<T: Content, const LENGTH: usize>(workload: &mut impl Workload) {
    workload.enter("plurality", Slots::<T, LENGTH>::new);
    workload.enter("opool", Queue::<T, LENGTH>::new);
    workload.enter("object-pool", Boxes::<T, LENGTH>::new);
}

/// One live array.
pub(crate) struct Pair {
    len: usize,
    entered: Vec<Contender>,
}

impl Pair {
    pub(crate) fn new(len: usize) -> Self {
        Self { len, entered: Vec::new() }
    }

    pub(crate) const OPERATIONS: usize = 20_000;
    pub(crate) const ANSWER: u64 = (Self::OPERATIONS as u64 - 1) * Self::OPERATIONS as u64 / 2;
}

impl Workload for Pair {
    fn enter<S: Subject + 'static>(&mut self, name: &'static str, make: impl FnOnce() -> S) {
        let (subject, len) = (make(), self.len);
        self.entered.push(Contender::new(name, move |pass| match pass.check {
            true => workload::pair::<S, true>(&subject, len, Self::OPERATIONS),
            false => workload::pair::<S, false>(&subject, len, Self::OPERATIONS),
        }));
    }

    fn entered(self) -> Vec<Contender> {
        self.entered
    }
}

/// A thousand arrays, given back in reverse.
#[derive(Default)]
pub(crate) struct Stack {
    entered: Vec<Contender>,
}

impl Stack {
    const HEIGHT: usize = 1000;
    const TIMES: usize = 10;
    pub(crate) const OPERATIONS: usize = Self::HEIGHT * Self::TIMES;
    pub(crate) const ANSWER: u64 =
        Self::TIMES as u64 * (Self::HEIGHT as u64 - 1) * Self::HEIGHT as u64 / 2;
}

impl Workload for Stack {
    fn enter<S: Subject + 'static>(&mut self, name: &'static str, make: impl FnOnce() -> S) {
        let subject = make();
        let mut places = workload::places(Self::HEIGHT);
        self.entered.push(Contender::new(name, move |pass| {
            let mut sum = 0;
            for _ in 0..Self::TIMES {
                sum += match pass.check {
                    true => workload::stack::<S, true>(&subject, &mut places),
                    false => workload::stack::<S, false>(&subject, &mut places),
                };
            }
            sum
        }));
    }

    fn entered(self) -> Vec<Contender> {
        self.entered
    }
}

/// Random replacement among many. A copy has the same steps, and nobody in it.
pub(crate) struct Churn<V = u16> {
    live: u32,
    small_percent: u64,
    steps: Rc<[Step<V>]>,
    entered: Vec<Contender>,
}

impl Churn {
    pub(crate) const OPERATIONS: usize = 10_000;
    /// Every array holds a one.
    pub(crate) const ANSWER: u64 = Self::OPERATIONS as u64;
    /// So many that no branch predictor knows them: 1.6 MB.
    const STEPS: usize = 40 * Self::OPERATIONS;

    /// 4096 live arrays, 4 of 5 of them small.
    pub(crate) fn new(seed: u64) -> Self {
        Self::of(4096, 80, seed)
    }

    /// 1024 live arrays, 3 of 4 of them small.
    pub(crate) fn of_1024(seed: u64) -> Self {
        Self::of(1024, 75, seed)
    }
}

impl Churn<u32> {
    /// Any number of live arrays, all of them small.
    pub(crate) fn among(live: u32, seed: u64) -> Self {
        Self::of(live, 100, seed)
    }
}

impl<V: TryFrom<u64>> Churn<V> {
    fn of(live: u32, small_percent: u64, seed: u64) -> Self {
        let steps = workload::churn_steps(Churn::STEPS, live, small_percent, seed);
        Self { live, small_percent, steps: steps.into(), entered: Vec::new() }
    }
}

/// The steps of a pass: other ones each time, the same for all.
fn part<V>(steps: &[Step<V>], pass: Pass) -> &[Step<V>] {
    let parts = steps.len() / Churn::OPERATIONS;
    let start = (pass.number % parts) * Churn::OPERATIONS;
    &steps[start..start + Churn::OPERATIONS]
}

impl<V> Clone for Churn<V> {
    fn clone(&self) -> Self {
        Self { steps: Rc::clone(&self.steps), entered: Vec::new(), ..*self }
    }
}

impl<V: Copy + Into<u32> + 'static> Workload for Churn<V> {
    fn enter<S: Subject + 'static>(&mut self, name: &'static str, make: impl FnOnce() -> S) {
        let (subject, steps) = (make(), Rc::clone(&self.steps));
        let live = workload::churn_fill(&subject, self.live, self.small_percent);
        let mut crowd = Crowd { subject, live };
        self.entered.push(Contender::new(name, move |pass| {
            let Crowd { subject, live } = &mut crowd;
            match pass.check {
                true => workload::churn::<S, true>(subject, live, part(&steps, pass)),
                false => workload::churn::<S, false>(subject, live, part(&steps, pass)),
            }
        }));
    }

    fn entered(self) -> Vec<Contender> {
        self.entered
    }
}

/// Gives its live arrays back in the end, so that the next workload finds an
/// allocator as empty as the first one did.
struct Crowd<S: Subject> {
    subject: S,
    live: Vec<Place<S::Array>>,
}

impl<S: Subject> Drop for Crowd<S> {
    fn drop(&mut self) {
        workload::churn_drain(&self.subject, core::mem::take(&mut self.live));
    }
}

/// Only the one of that name enters.
pub(crate) struct Only<'n, W> {
    pub(crate) name: &'n str,
    pub(crate) workload: W,
}

impl<W: Workload> Workload for Only<'_, W> {
    fn enter<S: Subject + 'static>(&mut self, name: &'static str, make: impl FnOnce() -> S) {
        if name == self.name {
            self.workload.enter(name, make);
        }
    }

    fn entered(self) -> Vec<Contender> {
        self.workload.entered()
    }
}
