//! The program: what is wanted, and the exit code that says whether it was done.

use std::ffi::{c_int, c_long};
use std::fmt;
use std::io::Write;
use std::process::ExitCode;

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::fmt::format::{Format, Json, Writer, format};
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use healthsink::cli::{self, Command, Config, LogFormat};
use healthsink::cli::{backup, check, healthcheck, status, token};
use healthsink::model::error::{ErrorKind, Result};
use healthsink::model::limits::LOG_LINES_WAITING_MAX;
use healthsink::{import, serve};

/// Batches and buffers are used again and again, so little is asked of the allocator; what is asked must not let the
/// process grow, as glibc's per-thread arenas do.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What is freed goes back to the system at once. By default each thread keeps it until it frees again 10 ms later: after an
/// element near the limit that is several megabytes for each upload (measured, four at once: 45 MiB in all instead of 29).
/// Ordinary uploads and imports free next to nothing, and take as long as before.
#[expect(
    unsafe_code,
    reason = "the allocator has no other way to be told than the environment, before the program starts"
)]
fn give_memory_back() {
    // `mi_option_purge_delay` of mimalloc.h, in versions 2 and 3.
    const PURGE_DELAY: c_int = 15;
    // SAFETY: the declaration is that of mimalloc.h, which is linked in as the allocator. The function checks the number, and
    // writes to its table of options, for which there must be no other thread yet: `main` calls this first.
    unsafe extern "C" {
        safe fn mi_option_set_default(option: c_int, value: c_long);
    }
    mi_option_set_default(PURGE_DELAY, 0);
}

fn main() -> ExitCode {
    give_memory_back();
    let outcome = cli::from_command_line(std::env::args_os()).and_then(run);
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            // If nobody can be told, the exit code still says it.
            let _ = writeln!(std::io::stderr(), "healthsink: {error}");
            ExitCode::from(exit_code(error.kind()))
        }
    }
}

/// True if all that was asked for was done.
fn run(config: Config) -> Result<bool> {
    // Until it is dropped, what waits to be written is.
    let _log = log_to_stderr(&config);
    match config.command {
        Command::Serve(serve) => serve::serve(&serve).map(|()| true),
        Command::Import(import) => import::import(&import),
        Command::Status(status) => status::status(&status).map(|()| true),
        Command::Token(token) => token::token(&token).map(|()| true),
        Command::Backup(backup) => backup::backup(&backup).map(|()| true),
        Command::Check(check) => check::check(&check),
        Command::Restore(restore) => backup::restore(&restore).map(|()| true),
        Command::Healthcheck(healthcheck) => healthcheck::healthcheck(&healthcheck).map(|()| true),
    }
}

/// Both forms of a line behind one type: the machinery around them is compiled once.
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

/// Log lines go to standard error. If it cannot be written, nobody is told and nothing else happens. The server's are written
/// by a thread of its own, and those too many are dropped: a pipe that is full and that nobody reads would stop all of it.
fn log_to_stderr(config: &Config) -> Option<WorkerGuard> {
    let (writer, guard) = if let Command::Serve(_) = config.command {
        let lines = NonBlockingBuilder::default().buffered_lines_limit(LOG_LINES_WAITING_MAX).thread_name("log");
        let (writer, guard) = lines.finish(std::io::stderr());
        (BoxMakeWriter::new(writer), Some(guard))
    } else {
        (BoxMakeWriter::new(std::io::stderr), None)
    };
    let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let lines = match config.log_format {
        LogFormat::Text => Lines::Text(format().with_target(false)),
        LogFormat::Json => Lines::Json(format().with_target(false).json().flatten_event(true)),
    };
    tracing_subscriber::fmt()
        .with_writer(writer)
        .with_max_level(config.log_level)
        .with_ansi(is_terminal && config.log_format == LogFormat::Text)
        .log_internal_errors(false)
        .event_format(lines)
        .init();
    // A panic's message may quote what was being read. Where it happened says enough, and is no one's data.
    std::panic::set_hook(Box::new(|panic| match panic.location() {
        Some(place) => {
            tracing::error!(file = place.file(), line = place.line(), "the program has failed at some point")
        }
        None => tracing::error!("the program has failed at some point"),
    }));
    guard
}

/// The one table.
fn exit_code(kind: ErrorKind) -> u8 {
    if kind == ErrorKind::Usage { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    const NAME: &str = "tests::a_panic_is_told_by_its_place_alone";
    const IS_CHILD: &str = "HEALTHSINK_TEST_IS_CHILD";

    /// In a process of its own: what a panic says goes to standard error, and how is decided for the whole process.
    #[test]
    fn a_panic_is_told_by_its_place_alone() {
        if std::env::var_os(IS_CHILD).is_some() {
            log_to_stderr(&cli::from_command_line(["healthsink", "status"].map(Into::into)).unwrap());
            let _ = std::thread::spawn(|| panic!("in the middle of {}", "72 count/min")).join();
            return;
        }
        let mut child = Command::new(std::env::current_exe().unwrap());
        let output = child.args([NAME, "--exact", "--nocapture"]).env(IS_CHILD, "1").output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && told.contains("main.rs"), "{told}");
        assert!(!told.contains("count/min"), "{told}");
    }
}
