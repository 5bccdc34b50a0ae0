//! Calls that must not lock: `tests/no_lock.rs` reads what they are compiled to.

use std::mem::MaybeUninit;

use arraypool::shared::{Lane, LaneArray, SharedArray, SharedPool};
use arraypool::{AllocError, Metadata, ReleaseError, Tagged};

/// The calls under one strategy, each exported under its own name.
macro_rules! calls {
    ($module:ident: $strategy:ty) => {
        pub mod $module {
            use super::*;

            #[unsafe(export_name = concat!("plain_lane_", stringify!($module)))]
            pub fn lane<'l, 'p>(
                lane: &'l Lane<'p, u32, $strategy>,
                len: usize,
            ) -> Result<LaneArray<'l, 'p, MaybeUninit<u32>, $strategy>, AllocError> {
                lane.try_allocate(len)
            }

            #[unsafe(export_name = concat!("plain_lane_array_", stringify!($module)))]
            pub fn lane_array(array: LaneArray<'_, '_, u32, $strategy>) {
                drop(array);
            }

            #[unsafe(export_name = concat!("plain_pool_", stringify!($module)))]
            pub fn pool(
                pool: &SharedPool<u32, $strategy>,
                len: usize,
            ) -> Result<SharedArray<'_, MaybeUninit<u32>, $strategy>, AllocError> {
                pool.try_allocate(len)
            }

            #[unsafe(export_name = concat!("plain_shared_array_", stringify!($module)))]
            pub fn shared_array(array: SharedArray<'_, u32, $strategy>) {
                drop(array);
            }

            /// The opposite, to show that the search finds what it looks for.
            #[unsafe(export_name = concat!("locked_", stringify!($module)))]
            pub fn send_home(array: SharedArray<'_, u32, $strategy>) -> Result<(), ReleaseError> {
                array.send_home()
            }
        }
    };
}

calls!(metadata: Metadata);
calls!(tagged: Tagged);
