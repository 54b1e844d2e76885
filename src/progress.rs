//! The progress bar: bytes read or copied, on a terminal only. indicatif is used in this module alone.

use std::io::{self, IsTerminal, Read};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressBarIter, ProgressStyle};

/// How often the bar is drawn.
const REDRAW: Duration = Duration::from_millis(100);

/// A bar for one input; gone when it is dropped.
pub(crate) struct Progress {
    bar: ProgressBar,
    name: String,
    begun: Instant,
}

impl Progress {
    /// A bar for an input of this length; without a length it shows what was read.
    pub(crate) fn new(name: &str, bytes: Option<u64>) -> Self {
        let bar = match (io::stderr().is_terminal(), bytes) {
            (false, _) => ProgressBar::hidden(),
            (true, Some(bytes)) => ProgressBar::new(bytes)
                .with_style(style("{msg} {bar:32} {bytes:>10} of {total_bytes} {bytes_per_sec:>12} {eta:>4} left")),
            (true, None) => ProgressBar::new_spinner().with_style(style("{msg} {bytes:>10} {bytes_per_sec:>12}")),
        };
        bar.set_message(name.to_owned());
        if !bar.is_hidden() {
            bar.enable_steady_tick(REDRAW);
        }
        Self { bar, name: name.to_owned(), begun: Instant::now() }
    }

    /// The input, its bytes counted by the bar.
    pub(crate) fn watch<R: Read>(&self, input: R) -> ProgressBarIter<R> {
        self.bar.wrap_read(input)
    }

    /// So many bytes of the whole are done: for work that is no reading.
    pub(crate) fn reached(&self, bytes: u64, whole: u64) {
        self.bar.set_length(whole);
        self.bar.set_position(bytes);
    }

    /// So many records were read.
    pub(crate) fn records(&self, records: u64) {
        if !self.bar.is_hidden() {
            #[expect(clippy::cast_precision_loss, reason = "shown without decimals")]
            let rate = records as f64 / self.begun.elapsed().as_secs_f64().max(0.1);
            self.bar.set_message(format!("{} {records} records, {rate:.0}/s", self.name));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
