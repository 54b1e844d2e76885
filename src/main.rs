//! The program: the allocator, and the exit code that says how the command ended.

use std::ffi::{c_int, c_long};
use std::process::ExitCode;

use healthsink::cli::{self, Outcome};
use healthsink::model::allocator::return_memory_by;
use healthsink::model::error::ErrorKind;

/// mimalloc stays small while batches and buffers are reused; glibc's per-thread arenas let the process grow.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Makes the allocator return freed memory to the system at once. By default each thread keeps it until it frees again 10 ms
/// later: several megabytes for each upload with an element near the limit (measured, four at once: 45 MiB instead of 29).
#[expect(unsafe_code, reason = "besides the environment before the start, the allocator has no other setting for it")]
fn return_freed_memory_at_once() {
    const PURGE_DELAY: c_int = 15; // `mi_option_purge_delay` of mimalloc.h, in versions 2 and 3.
    // SAFETY: the declaration is that of mimalloc.h, which is linked in as the allocator. No other thread runs yet.
    unsafe extern "C" {
        safe fn mi_option_set_default(option: c_int, value: c_long);
    }
    mi_option_set_default(PURGE_DELAY, 0);
}

/// Makes glibc do the same for SQLite, which uses the system's allocator. By default glibc keeps up to twice the largest block that
/// was freed: after the first long element, 4 to 8 MiB more (measured). Its threads share one heap: with one for each thread, eight
/// uploads into PostgreSQL take 4 MiB more (measured).
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "besides the environment before the start, the allocator has no other setting for it")]
fn return_freed_blocks_at_once() {
    const MMAP_THRESHOLD: c_int = -3; // `M_MMAP_THRESHOLD` of malloc.h. Its default, but fixed.
    const ARENA_MAX: c_int = -8; // `M_ARENA_MAX` of malloc.h.
    // SAFETY: the declaration is that of malloc.h. No other thread runs yet.
    unsafe extern "C" {
        safe fn mallopt(option: c_int, value: c_int) -> c_int;
    }
    mallopt(MMAP_THRESHOLD, 128 << 10);
    mallopt(ARENA_MAX, 1);
}

/// Returns to the system what this thread has freed, and what SQLite has. Buffers that grow by doubling leave as much behind as they
/// have, in pages that the allocators keep for the next ones: 2 MiB at the peak of an element of 4 MiB (measured).
#[expect(unsafe_code, reason = "the crates of the allocators have no function for it")]
fn return_freed_memory() {
    // SAFETY: the declarations are those of mimalloc.h and malloc.h. Both may be called at any time, by any thread.
    unsafe extern "C" {
        safe fn mi_collect(force: bool);
        #[cfg(all(target_os = "linux", target_env = "gnu"))]
        safe fn malloc_trim(pad: usize) -> c_int;
    }
    mi_collect(true);
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    malloc_trim(0);
}

/// Makes a limit of the file size (`ulimit -f`) an error of the write, as a full disk is, instead of the end of the process.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the standard library sets no signal's disposition")]
fn ignore_the_signal_of_long_files() {
    const SIGXFSZ: c_int = 25;
    const SIG_IGN: usize = 1;
    // SAFETY: the declaration is that of signal.h. The signal is ignored, so no handler runs.
    unsafe extern "C" {
        safe fn signal(signal: c_int, handler: usize) -> usize;
    }
    signal(SIGXFSZ, SIG_IGN);
}

/// Runs the command. Here are all exit codes.
fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    ignore_the_signal_of_long_files();
    return_freed_memory_at_once();
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    return_freed_blocks_at_once();
    return_memory_by(return_freed_memory);
    ExitCode::from(match cli::run(std::env::args_os()) {
        Outcome::Done => 0,
        Outcome::Incomplete => 1,
        Outcome::Stopped(code) => code,
        Outcome::Failed(ErrorKind::Usage) => 2,
        Outcome::Failed(_) => 1,
    })
}
