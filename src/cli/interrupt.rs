//! Ctrl-C (SIGINT) and SIGTERM while a command runs that can stop in order. The first one is noted, a second one ends the program
//! at once: what is committed is safe.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A signal that is noted. Clones see the same one.
#[derive(Clone, Debug, Default)]
pub(super) struct Interrupt(Arc<AtomicU8>);

impl Interrupt {
    /// Notes signals from now on. Where that is impossible, a signal ends the program at once, as before.
    pub(super) fn listen() -> Self {
        let interrupt = Self::default();
        let Ok(runtime) = runtime::Builder::new_current_thread().enable_io().build() else { return interrupt };
        let signals = {
            let _context = runtime.enter();
            [SignalKind::interrupt(), SignalKind::terminate()].map(|kind| (kind, signal(kind)))
        };
        let [(_, Ok(mut keyboard)), (_, Ok(mut terminate))] = signals else { return interrupt };
        let noted = interrupt.clone();
        let listener = std::thread::Builder::new().name("signals".to_owned());
        let _ = listener.spawn(move || {
            runtime.block_on(async {
                noted.0.store(next(&mut keyboard, &mut terminate).await, Ordering::Relaxed);
                let second = next(&mut keyboard, &mut terminate).await;
                std::process::exit(i32::from(exit_code(second)));
            });
        });
        interrupt
    }

    /// Whether a signal has come.
    pub(super) fn is_noted(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// The exit code of a program that a signal has ended, as shells have it.
    pub(super) fn exit_code(&self) -> u8 {
        exit_code(self.0.load(Ordering::Relaxed))
    }
}

fn exit_code(signal: u8) -> u8 {
    128 + signal
}

/// Waits for one of the signals, and returns its number.
fn next<'a>(keyboard: &'a mut Signal, terminate: &'a mut Signal) -> impl Future<Output = u8> + 'a {
    const SIGINT: u8 = 2;
    const SIGTERM: u8 = 15;
    async {
        tokio::select! {
            _ = keyboard.recv() => SIGINT,
            _ = terminate.recv() => SIGTERM,
        }
    }
}
