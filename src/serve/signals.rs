//! The signals that stop the server: SIGTERM, SIGINT and SIGHUP alike.

use std::future::pending;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Ready once the program is asked to stop. A second signal calls `killed` and ends the program at once: what is committed is safe.
pub(super) async fn stop_requested(killed: impl FnOnce() + Send + 'static) {
    let mut signals = StopSignals::listen();
    signals.next().await;
    tokio::spawn(async move {
        signals.next().await;
        tracing::warn!("second signal: uploads under way are dropped, committed data is kept");
        killed();
        std::process::exit(1);
    });
}

struct StopSignals {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
    hang_up: Option<Signal>,
}

impl StopSignals {
    fn listen() -> Self {
        Self {
            interrupt: listen(SignalKind::interrupt()),
            terminate: listen(SignalKind::terminate()),
            // `nohup` starts a program that ignores it.
            hang_up: if ignores_hang_up() { None } else { listen(SignalKind::hangup()) },
        }
    }

    async fn next(&mut self) {
        tokio::select! {
            () = received(self.interrupt.as_mut()) => {}
            () = received(self.terminate.as_mut()) => {}
            () = received(self.hang_up.as_mut()) => {}
        }
    }
}

fn listen(kind: SignalKind) -> Option<Signal> {
    signal(kind)
        .inspect_err(|error| tracing::warn!(%error, ?kind, "cannot wait for this signal; it ends the program at once"))
        .ok()
}

/// Ready at the signal's next arrival, and never without one.
async fn received(signal: Option<&mut Signal>) {
    if let Some(signal) = signal
        && signal.recv().await.is_some()
    {
        return;
    }
    pending().await
}

/// Whether the program was started with SIGHUP ignored. Only Linux says so; elsewhere the signal stops the server.
pub(crate) fn ignores_hang_up() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("SigIgn:")).is_some_and(|mask| ignores(mask, SignalKind::hangup()))
}

/// Whether a signal is in a mask as `/proc` prints it: in hexadecimal, the first signal in the lowest bit.
fn ignores(mask: &str, signal: SignalKind) -> bool {
    let bit = u32::try_from(signal.as_raw_value() - 1).ok();
    let mask = u64::from_str_radix(mask.trim(), 16).ok();
    mask.zip(bit).is_some_and(|(mask, bit)| mask.checked_shr(bit).is_some_and(|mask| mask & 1 == 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_from_the_mask() {
        let check = |mask: &str, expected: [bool; 3]| {
            let kinds = [SignalKind::hangup(), SignalKind::interrupt(), SignalKind::terminate()];
            assert_eq!(kinds.map(|kind| ignores(mask, kind)), expected, "{mask}");
        };
        check("\t0000000000000000", [false; 3]);
        check("\t0000000000001001", [true, false, false]);
        check("\t0000000000004003", [true, true, true]);
        check("?", [false; 3]);
    }
}
