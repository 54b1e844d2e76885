//! The progress bar: bytes of the input read, on a terminal only. indicatif is used in this module alone.

use std::io::Read;

use indicatif::{ProgressBar, ProgressBarIter, ProgressStyle};

use super::{REDRAW, is_watched};

/// A bar for one input; gone when it is dropped.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// A bar for an input of this length; without a length it shows what was read.
    pub(super) fn new(name: &str, bytes: Option<u64>) -> Self {
        let bar = match (is_watched(), bytes) {
            (false, _) => return Self(ProgressBar::hidden()),
            (true, Some(bytes)) => ProgressBar::new(bytes)
                .with_style(style("{msg} {bar:32} {bytes:>10} of {total_bytes} {bytes_per_sec:>12} {eta:>4} left")),
            (true, None) => ProgressBar::new_spinner().with_style(style("{msg} {bytes:>10} {bytes_per_sec:>12}")),
        };
        bar.set_message(name.to_owned());
        bar.enable_steady_tick(REDRAW);
        Self(bar)
    }

    /// The input, its bytes counted by the bar.
    pub(super) fn watch<R: Read>(&self, input: R) -> ProgressBarIter<R> {
        self.0.wrap_read(input)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
