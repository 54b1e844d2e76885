//! The properties that the fuzz targets assert, each a function of bytes that panics where it does not hold.
//!
//! - [`decode`]: no bytes make the decoder panic or hold more memory than `limits` says.
//! - [`chunking`]: any split of a body into reads gives the same rows, counts and errors.
//! - [`differential`]: with the lifter and without it the same, and what serde_json says of the same body.
//! - [`apple_xml`], [`apple_files`], [`auto_export`]: for the readers of the import, the properties in [`reading`].
//! - [`archive`]: the same for archives, and one that is cut is never taken for whole.
//! - [`http`]: 200 for a body that is complete and valid, never for another; an answer or a close always.
//!
//! Under `cargo fuzz` the targets run on libFuzzer; built by plain cargo they replay the files and folders that they are
//! given. `tests/it/replay.rs` of the program compiles these same modules and replays what was found.

pub mod apple_files;
pub mod apple_xml;
pub mod archive;
pub mod auto_export;
pub mod chunking;
pub mod decode;
pub mod differential;
pub mod http;
pub mod memory;
pub mod reading;
pub mod transcript;
pub mod zip;

/// The entry of a fuzz target: libFuzzer's, or a replay of files.
#[macro_export]
macro_rules! target {
    ($check:path) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|bytes: &[u8]| { $check(bytes) });

        #[cfg(not(fuzzing))]
        fn main() -> std::io::Result<()> {
            $crate::replay(std::env::args_os().skip(1).map(Into::into), $check)
        }
    };
}

/// Runs a check over files, and over the files of folders.
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
