//! The threads that read: while an upload is decoded or stored, threads of low priority, so that it gets the processor first. An upload
//! that waits for its client needs none.
//!
//! On Linux each thread has a priority. A user may lower it and never raise it again, so these threads do nothing else. Elsewhere
//! reads run on ordinary threads.

use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::model::limits::{QUESTION_PLACES, READ_NICENESS};
use crate::serve::upload::intake::Intake;

/// Runs what reads.
#[derive(Debug)]
pub(super) struct Threads {
    intake: Arc<Intake>,
    /// Starts a thread when one is needed, and ends it when it has been idle. It runs no tasks. None if the system has nothing of
    /// the kind.
    low: Option<Runtime>,
}

impl Threads {
    pub(super) fn new(intake: Arc<Intake>) -> Self {
        let low = cfg!(target_os = "linux").then(|| {
            Builder::new_current_thread().max_blocking_threads(QUESTION_PLACES).on_thread_start(lower_priority).build()
        });
        Self { intake, low: low.and_then(Result::ok) }
    }

    /// Runs a read that has a place, on a thread that may block.
    pub(super) fn run<T: Send + 'static>(&self, read: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        match &self.low {
            Some(low) if self.intake.is_at_work() => low.spawn_blocking(read),
            _ => spawn_blocking(read),
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(low) = self.low.take() {
            // Waiting for a read would block the task that drops this.
            low.shutdown_background();
        }
    }
}

/// Lowers the priority of this thread. If that is forbidden, it reads as any other thread.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, READ_NICENESS);
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::getpriority_process;

    use super::*;

    #[test]
    fn reads_beside_an_upload_have_low_priority() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let intake = Intake::new(1);
        let threads = Threads::new(Arc::clone(&intake));
        let niceness = || runtime.block_on(async { threads.run(|| getpriority_process(None).unwrap()).await.unwrap() });
        let own = getpriority_process(None).unwrap();
        assert_eq!(niceness(), own);
        let upload = intake.enter_unnamed();
        assert_eq!(niceness(), READ_NICENESS.max(own));
        intake.wait_for_clients();
        assert_eq!(niceness(), own, "a slow client makes no read slower");
        drop(upload);
        let next = intake.enter_unnamed();
        assert_eq!(niceness(), READ_NICENESS.max(own));
        drop(next);
        assert_eq!(niceness(), own, "an upload's end gives reads the processor back");
    }

    #[test]
    fn a_task_may_drop_them_while_they_read() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let intake = Intake::new(1);
        let _upload = intake.enter_unnamed();
        runtime.block_on(async {
            let threads = Threads::new(intake);
            let (go, wait) = std::sync::mpsc::sync_channel::<()>(1);
            let (begun, begins) = tokio::sync::oneshot::channel();
            let read = threads.run(move || (begun.send(()).unwrap(), wait.recv()));
            begins.await.unwrap();
            drop(threads);
            go.send(()).unwrap();
            read.await.unwrap().1.unwrap();
        });
    }
}
