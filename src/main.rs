//! The program: what is wanted, and the exit code that says whether it was done.

use std::io::Write;
use std::process::ExitCode;

use healthsink::config::{self, Command, Config};
use healthsink::error::{ErrorKind, Result};
use healthsink::{import, serve, status, token};

/// Batches and buffers are used again and again, so little is asked of the allocator; what is asked must not let the
/// process grow, as glibc's per-thread arenas do.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let outcome = config::from_command_line(std::env::args_os()).and_then(run);
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
    let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(is_terminal)
        .with_max_level(config.log)
        .with_target(false)
        .init();
    match config.command {
        Command::Serve(serve) => serve::serve(&serve).map(|()| true),
        Command::Import(import) => import::import(&import),
        Command::Status(status) => status::status(&status).map(|()| true),
        Command::Token(token) => token::token(&token).map(|()| true),
    }
}

/// The one table.
fn exit_code(kind: ErrorKind) -> u8 {
    if kind == ErrorKind::Usage { 2 } else { 1 }
}
