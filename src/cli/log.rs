//! Log lines on standard error, as text or JSON.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::fmt::format::{Format, Json, Writer, format};
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::model::error::Error;
use crate::model::limits::LOG_LINES_WAITING_MAX;

#[derive(Debug, Args)]
pub(super) struct LogArguments {
    /// How much to log on standard error: off, error, warn, info, debug
    #[arg(
        long,
        alias = "log",
        global = true,
        env = "HEALTHSINK_LOG_LEVEL",
        default_value = "info",
        value_name = "LEVEL",
        value_parser = level_parser(),
        hide_possible_values = true,
        help_heading = GLOBAL
    )]
    log_level: LevelFilter,
    /// How log lines look: text, json
    #[arg(
        long,
        global = true,
        env = "HEALTHSINK_LOG_FORMAT",
        default_value = "text",
        value_name = "FORMAT",
        hide_possible_values = true,
        help_heading = GLOBAL
    )]
    log_format: LogFormat,
}

impl LogArguments {
    /// Prints the error that ends the program: in text, or as the log's last line for a program that reads it.
    pub(super) fn print_last(&self, error: &Error) {
        if self.log_format == LogFormat::Json && self.log_level >= LevelFilter::ERROR {
            tracing::error!("{error}");
        } else {
            // If standard error is closed, the exit code still says it.
            let _ = writeln!(io::stderr(), "healthsink: {error}");
        }
    }
}

const GLOBAL: &str = "Options of every command";

/// The levels. Below debug, only libraries have lines.
fn level_parser() -> impl TypedValueParser<Value = LevelFilter> {
    let named = ["off", "error", "warn", "info", "debug"].map(PossibleValue::new);
    let levels = named.into_iter().chain([PossibleValue::new("trace").hide(true)]);
    PossibleValuesParser::new(levels).try_map(|level| level.parse::<LevelFilter>())
}

/// Whether a terminal's reader wants colours: <https://no-color.org>.
pub(super) fn has_colours() -> bool {
    let variable = |name| std::env::var_os(name).unwrap_or_default();
    variable("NO_COLOR").is_empty() && variable("TERM") != "dumb"
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// For programs: one object a line.
    Json,
}

/// The thread that writes log lines.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum LogThread {
    /// The thread that logs.
    Caller,
    /// A thread that only writes. It drops lines when too many wait, so a full pipe stops nothing.
    Own,
}

/// Sends log lines and panics to standard error. A line that cannot be written is dropped.
pub(super) fn start(arguments: &LogArguments, thread: LogThread) -> Option<WorkerGuard> {
    let (writer, guard) = match thread {
        LogThread::Caller => (BoxMakeWriter::new(io::stderr), None),
        LogThread::Own => {
            let lines = NonBlockingBuilder::default().buffered_lines_limit(LOG_LINES_WAITING_MAX).thread_name("log");
            let (writer, guard) = lines.finish(io::stderr());
            (BoxMakeWriter::new(writer), Some(guard))
        }
    };
    let lines = match arguments.log_format {
        LogFormat::Text => Lines::Text(format().with_target(false)),
        LogFormat::Json => Lines::Json(format().with_target(false).json().flatten_event(true)),
    };
    tracing_subscriber::fmt()
        .with_writer(writer)
        .with_max_level(arguments.log_level)
        .with_ansi(io::stderr().is_terminal() && arguments.log_format == LogFormat::Text && has_colours())
        .log_internal_errors(false)
        .event_format(lines)
        .init();
    log_panics_by_location();
    guard
}

/// Logs where a panic happened, without its message: the message may quote health data.
fn log_panics_by_location() {
    std::panic::set_hook(Box::new(|panic| match panic.location() {
        Some(location) => {
            tracing::error!(file = location.file(), line = location.line(), "internal error (panic)");
        }
        None => tracing::error!("internal error (panic)"),
    }));
}

/// Both forms of a line as one type, so that the generic code around them is compiled once.
enum Lines {
    Text(Format),
    Json(Format<Json>),
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        writer: Writer<'_>,
        event: &tracing::Event<'_>,
    ) -> fmt::Result {
        match self {
            Self::Text(format) => format.format_event(context, writer, event),
            Self::Json(format) => format.format_event(context, writer, event),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    const NAME: &str = "cli::log::tests::a_panic_is_logged_by_its_location_only";
    const IS_CHILD: &str = "HEALTHSINK_TEST_IS_CHILD";

    /// The test runs itself as a child: the panic hook and standard error belong to the whole process.
    #[test]
    fn a_panic_is_logged_by_its_location_only() {
        if std::env::var_os(IS_CHILD).is_some() {
            start(&LogArguments { log_level: LevelFilter::INFO, log_format: LogFormat::Text }, LogThread::Caller);
            let _ = std::thread::spawn(|| panic!("in the middle of {}", "72 count/min")).join();
            return;
        }
        let mut child = Command::new(std::env::current_exe().unwrap());
        let output = child.args([NAME, "--exact", "--nocapture"]).env(IS_CHILD, "1").output().unwrap();
        let logged = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && logged.contains("log.rs"), "{logged}");
        assert!(!logged.contains("count/min"), "{logged}");
    }
}
