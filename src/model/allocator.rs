//! Memory that was freed, and is still the process's. The program has an allocator and says how it returns memory; a library
//! has none.

use std::sync::OnceLock;

static RETURN: OnceLock<fn()> = OnceLock::new();

/// Sets the function that returns the calling thread's freed memory to the system. The first one counts.
pub fn return_memory_by(function: fn()) {
    RETURN.get_or_init(|| function);
}

/// Returns freed memory to the system before much of it is needed elsewhere.
pub(crate) fn return_freed_memory() {
    if let Some(function) = RETURN.get() {
        function();
    }
}
