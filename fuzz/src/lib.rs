//! What every fuzz target is made of. Each asserts a property of `healthsink_testkit::properties`.
//!
//! Under `cargo fuzz` the targets run on libFuzzer. Built by plain cargo they replay the files and folders that are named as
//! arguments. `tests/it/replay.rs` of the program replays everything that fuzzing has found.

pub use healthsink_testkit::{memory, properties};

/// The entry of a fuzz target: libFuzzer's, or a replay of files.
#[macro_export]
macro_rules! target {
    ($check:path) => {
        #[global_allocator]
        static COUNTING: $crate::memory::Counting = $crate::memory::Counting;

        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|bytes: &[u8]| { $check(bytes) });

        #[cfg(not(fuzzing))]
        fn main() -> std::io::Result<()> {
            $crate::replay(std::env::args_os().skip(1).map(Into::into), $check)
        }
    };
}

/// Runs a check on files, and on the files in folders.
pub fn replay(paths: impl Iterator<Item = std::path::PathBuf>, check: fn(&[u8])) -> std::io::Result<()> {
    for path in paths {
        if path.is_dir() {
            let inside: Result<Vec<_>, _> =
                std::fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect();
            replay(inside?.into_iter(), check)?;
        } else {
            eprintln!("{}", path.display());
            check(&std::fs::read(&path)?);
        }
    }
    Ok(())
}
