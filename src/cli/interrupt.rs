//! Ctrl-C (SIGINT), SIGTERM and the end of the terminal (SIGHUP) while a command runs that can stop in order, or leaves something
//! behind. The first one is noted, or deletes that; a second one ends the program at once: what is committed is safe.

use std::future::pending;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::serve::ignores_hang_up;
use crate::store::delete_partial;

/// A signal that is noted. Clones see the same one.
#[derive(Clone, Debug, Default)]
pub(super) struct Interrupt(Arc<AtomicU8>);

impl Interrupt {
    /// Notes signals from now on. Where that is impossible, a signal ends the program at once, as before.
    pub(super) fn listen() -> Self {
        let interrupt = Self::default();
        let noted = interrupt.clone();
        watch(move |signal| noted.0.store(signal, Ordering::Relaxed));
        interrupt
    }

    /// Whether a signal has come.
    pub(super) fn is_noted(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// The exit code of a program that this signal has ended.
    pub(super) fn exit_code(&self) -> u8 {
        exit_code(self.0.load(Ordering::Relaxed))
    }
}

/// From now on the first signal deletes the unfinished backup to a file, if there is one, before it ends the program.
pub(super) fn delete_partial_of(target: PathBuf) {
    watch(move |signal| {
        delete_partial(&target);
        std::process::exit(i32::from(exit_code(signal)));
    });
}

/// Calls `first` with the first signal; the second one ends the program.
pub(super) fn watch(first: impl FnOnce(u8) + Send + 'static) {
    watch_both(first, || {});
}

/// The same, and calls `second` before the second one ends the program.
pub(super) fn watch_both(first: impl FnOnce(u8) + Send + 'static, second: impl FnOnce() + Send + 'static) {
    let Ok(runtime) = runtime::Builder::new_current_thread().enable_io().build() else { return };
    let signals = {
        let _context = runtime.enter();
        Signals::listen()
    };
    let Ok(mut signals) = signals else { return };
    let listener = std::thread::Builder::new().name("signals".to_owned());
    let _ = listener.spawn(move || {
        runtime.block_on(async {
            first(signals.next().await);
            let signal = signals.next().await;
            second();
            std::process::exit(i32::from(exit_code(signal)));
        });
    });
}

/// The exit code of a program that a signal has ended, as shells have it.
pub(super) fn exit_code(signal: u8) -> u8 {
    128 + signal
}

struct Signals {
    keyboard: Signal,
    terminate: Signal,
    /// `None` if the program was started to ignore it, as `nohup` does.
    hang_up: Option<Signal>,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            keyboard: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: if ignores_hang_up() { None } else { Some(signal(SignalKind::hangup())?) },
        })
    }

    /// Waits for one of the signals, and returns its number.
    async fn next(&mut self) -> u8 {
        const SIGHUP: u8 = 1;
        const SIGINT: u8 = 2;
        const SIGTERM: u8 = 15;
        let hang_up = async {
            match &mut self.hang_up {
                Some(signal) => signal.recv().await,
                None => pending().await,
            }
        };
        tokio::select! {
            _ = self.keyboard.recv() => SIGINT,
            _ = self.terminate.recv() => SIGTERM,
            _ = hang_up => SIGHUP,
        }
    }
}
