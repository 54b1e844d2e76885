//! Counts the bytes that a thread holds and the blocks that it allocates, by an allocator that passes everything to the
//! system's.
//!
//! libFuzzer's own memory is not Rust's and is not counted. A block is charged to the thread that allocates it and credited
//! to the thread that frees it, so measured work stays on one thread.

#![expect(unsafe_code, reason = "an allocator cannot be written without; it only counts and passes on")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The allocator. The test binary and each fuzz target declare it as their `#[global_allocator]`; benches do not.
#[derive(Debug)]
pub struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn note_allocation() {
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
}

fn note(change: isize) {
    // At the very end of a thread its counter is gone.
    let _ = HELD.try_with(|held| {
        held.set(held.get() + change);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held.get())));
    });
}

// SAFETY: every call goes to the system's allocator with the arguments it came with.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note_allocation();
        note(layout.size().cast_signed());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        note(-layout.size().cast_signed());
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note_allocation();
        note(layout.size().cast_signed());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note_allocation();
        // Both blocks exist while one is copied to the other.
        note(size.cast_signed());
        note(-layout.size().cast_signed());
        unsafe { System.realloc(block, layout, size) }
    }
}

/// Runs `work` and returns the most bytes that this thread held meanwhile on top of what it held before.
pub fn peak_of<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = HELD.get();
    PEAK.set(before);
    let done = work();
    (done, usize::try_from(PEAK.get() - before).unwrap_or(0))
}

/// Returns how many blocks this thread has asked for, including those that grew.
#[must_use]
pub fn allocations() -> u64 {
    ALLOCATIONS.get()
}
