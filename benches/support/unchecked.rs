//! The floor: the same handles over a free list that checks nothing.

use core::cell::Cell;
use core::ptr::NonNull;

use arraypool::__seam::{Broken, Cut, Issued, Record, Run, Sealed, Tenure};
use arraypool::{AllocError, Arena, ReleaseStrategy};

/// Links lie in the first word of a free array; nothing is recorded, so nothing
/// can be checked. It exists to measure what checking costs.
#[derive(Debug)]
pub struct Unchecked;

#[derive(Debug)]
pub struct List(Cell<Option<NonNull<u8>>>);

impl Sealed for Unchecked {}

// SAFETY: `issue` pops what `retire` pushed. That every array is retired once
// is taken on trust, which is what this floor is for.
unsafe impl ReleaseStrategy for Unchecked {
    const NAME: &'static str = "unchecked";
    const RECLAIMS: bool = true;
    const HEAP_BOOKS: bool = false;
    const PREFIX: usize = 0;
    const PREFIX_ALIGN: usize = align_of::<usize>();
    type Ticket = ();
    const NO_TICKET: () = ();
    type List = List;
    type Link = NonNull<u8>;
    type Room = ();

    fn open(_: Option<usize>, _: &Arena<'_>) -> Result<Self, AllocError> {
        Ok(Self)
    }

    unsafe fn close(&mut self, _: &Arena<'_>) {}

    fn list(_: u32, _: usize) -> List {
        List(Cell::new(None))
    }

    fn closed() -> List {
        List(Cell::new(None))
    }

    fn provide(&self, _: &Arena<'_>, _: u32) -> Result<(), AllocError> {
        Ok(())
    }

    fn adopt(&self, (): ()) -> NonNull<u8> {
        NonNull::dangling()
    }

    unsafe fn refuse(&self, _: &Arena<'_>, (): ()) {}

    fn begin(_: &List, _: &Run, _: u32) {}

    unsafe fn cut(_: &List, slot: Cut, _: u32, _: Tenure) -> Option<Issued<()>> {
        Some(Issued { elements: slot.elements, ticket: (), generation: 0 })
    }

    #[inline(always)]
    unsafe fn issue(list: &List, _: u32, _: Tenure) -> Option<Issued<()>> {
        let elements = list.0.get()?;
        // SAFETY: `retire` wrote a link there.
        list.0.set(unsafe { elements.cast().read() });
        Some(Issued { elements, ticket: (), generation: 0 })
    }

    #[inline(always)]
    unsafe fn retire(list: &List, elements: NonNull<u8>, (): (), _: Tenure) -> bool {
        // SAFETY: the array is free, aligned for a word and at least as long.
        unsafe { elements.cast().write(list.0.get()) };
        list.0.set(Some(elements));
        true
    }

    #[inline]
    fn ticket(_: &Run, _: u32) {}

    unsafe fn read(_: &List, _: NonNull<u8>, (): ()) -> Record {
        Record::Live { tenure: Tenure::Raw, length: 0, generation: 0 }
    }

    unsafe fn hand_over(_: &List, _: NonNull<u8>, (): (), _: Tenure, _: Tenure) -> Option<u32> {
        Some(0)
    }

    unsafe fn abandon(_: &List, _: NonNull<u8>, (): ()) {}

    fn head(list: &List) -> Option<NonNull<u8>> {
        list.0.get()
    }

    fn set_head(list: &List, link: Option<NonNull<u8>>) {
        list.0.set(link);
    }

    unsafe fn after(_: &List, link: NonNull<u8>) -> Result<Option<NonNull<u8>>, Broken> {
        // SAFETY: `retire` wrote a link there.
        Ok(unsafe { link.cast().read() })
    }

    fn twin(_: &List) -> List {
        List(Cell::new(None))
    }

    unsafe fn put(list: &List, link: NonNull<u8>) {
        // SAFETY: the array is free, aligned for a word and at least as long.
        unsafe { link.cast().write(list.0.get()) };
        list.0.set(Some(link));
    }

    unsafe fn seize(
        _: &List,
        _: NonNull<u8>,
        (): (),
        _: Option<u32>,
        _: Tenure,
    ) -> Result<(), Record> {
        Ok(())
    }

    unsafe fn slot(link: NonNull<u8>) -> (NonNull<u8>, ()) {
        (link, ())
    }
}
