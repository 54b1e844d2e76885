//! The progress bar: bytes read or copied, or rows, on a terminal only. Only this file uses indicatif.

use std::fmt;
use std::io::{self, IsTerminal};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

use super::table::shown;
use crate::model::limits::PROGRESS_INTERVAL;

/// A bar for one input or copy. Dropping it clears it.
pub(super) struct Bar {
    bar: ProgressBar,
    name: String,
    begun: Instant,
}

impl Bar {
    /// A bar for so many bytes; without a number it shows how many are done. A quiet one is not shown.
    pub(super) fn new(name: &str, bytes: Option<u64>, is_quiet: bool) -> Self {
        let bar = match bytes {
            Some(bytes) => ProgressBar::new(bytes)
                .with_style(style("{msg} {bar:32} {bytes:>10} of {total_bytes} {bytes_per_sec:>12} {eta:>4} left")),
            None => ProgressBar::new_spinner().with_style(style("{msg} {bytes:>10} {bytes_per_sec:>12}")),
        };
        Self::show(name, bar, is_quiet)
    }

    /// A bar for rows. [`Bar::set`] sets their number.
    pub(super) fn of_rows(name: &str, is_quiet: bool) -> Self {
        let bar = ProgressBar::new(0)
            .with_style(style("{msg} {bar:32} {human_pos:>11} of {human_len} rows {elapsed:>4}, {eta:>4} left"));
        Self::show(name, bar, is_quiet)
    }

    /// A line about something that takes a while.
    pub(super) fn of_work(what: &str, is_quiet: bool) -> Self {
        Self::show(what, ProgressBar::new_spinner().with_style(style("{msg} {elapsed}")), is_quiet)
    }

    fn show(name: &str, bar: ProgressBar, is_quiet: bool) -> Self {
        let bar = if io::stderr().is_terminal() && !is_quiet { bar } else { ProgressBar::hidden() };
        let name = shown(name);
        bar.set_message(name.clone());
        if !bar.is_hidden() {
            bar.enable_steady_tick(PROGRESS_INTERVAL);
        }
        Self { bar, name, begun: Instant::now() }
    }

    /// Adds bytes that are done.
    pub(super) fn add(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    /// Sets how many bytes or rows are done, and of how many.
    pub(super) fn set(&self, done: u64, whole: u64) {
        self.bar.set_length(whole);
        self.bar.set_position(done);
    }

    /// Shows how many records were read.
    pub(super) fn show_records(&self, records: u64) {
        if !self.bar.is_hidden() {
            #[expect(clippy::cast_precision_loss, reason = "shown without decimals")]
            let rate = records as f64 / self.begun.elapsed().as_secs_f64().max(0.1);
            self.bar.set_message(format!("{} {records} records, {rate:.0}/s", self.name));
        }
    }

    /// Runs `print`, which writes to the terminal, with the bar out of the way.
    pub(super) fn suspend(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }
}

impl fmt::Debug for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bar").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
