//! An answer page by page: each is read on a thread that may block, and waits for the client with nothing open.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::timeout;

use super::writer::Writer;
use crate::model::error::{Error, ErrorKind};
use crate::model::limits::{
    ANSWER_LONG_BYTES, ANSWERS_MAX, QUESTION_PLACES, QUESTION_TIME_MAX, QUESTION_WAIT, WRITE_WAIT,
};
use crate::serve::answer::{Answer, whole};
use crate::store::questions::{Progress, Question, QuestionReader, Unanswered};
use crate::store::{Database, now_ms};

/// What all reads share: connections, places to read at once, and answers under way.
#[derive(Clone, Debug)]
pub(in crate::serve) struct Reads {
    reader: Arc<QuestionReader>,
    places: Arc<Semaphore>,
    answers: Arc<Semaphore>,
}

impl Reads {
    pub(in crate::serve) fn new(database: Database) -> Self {
        Self {
            reader: Arc::new(QuestionReader::new(database)),
            places: Arc::new(Semaphore::new(QUESTION_PLACES)),
            answers: Arc::new(Semaphore::new(ANSWERS_MAX)),
        }
    }

    /// Waits for the right to have an answer under way; `None` if there are too many for too long.
    pub(super) async fn begin(&self) -> Option<OwnedSemaphorePermit> {
        timeout(QUESTION_WAIT, Arc::clone(&self.answers).acquire_owned()).await.ok()?.ok()
    }

    /// Runs what reads on a thread that may block. Returns the place that it had also.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&QuestionReader) -> Result<T, Unanswered> + Send + 'static,
    ) -> Result<(T, OwnedSemaphorePermit), NoPage> {
        let Ok(Ok(place)) = timeout(QUESTION_WAIT, Arc::clone(&self.places).acquire_owned()).await else {
            return Err(NoPage::Busy);
        };
        let reader = Arc::clone(&self.reader);
        let done = tokio::task::spawn_blocking(move || read(&reader).map(|done| (done, place)));
        done.await.map_err(|_| NoPage::Panicked)?.map_err(NoPage::Unanswered)
    }
}

/// An answer under way.
pub(super) struct Work {
    pub(super) question: Box<dyn Question>,
    pub(super) writer: Box<dyn Writer>,
    pub(super) reads: Reads,
    pub(super) line: Line,
    /// Held until the answer ends.
    pub(super) _answer: OwnedSemaphorePermit,
}

/// What is logged of a read: who, which route, how many rows. No values.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) peer: std::net::IpAddr,
    pub(super) token: Option<i64>,
    pub(super) person: String,
    pub(super) route: &'static str,
    pub(super) began: Instant,
    pub(super) bytes: usize,
}

impl Line {
    pub(super) fn log(&self, status: u16, rows: u64, result: &'static str) {
        let duration_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let Self { peer, token, person, route, bytes, .. } = self;
        tracing::info!(%peer, token_id = token, person, route, status, result, rows, bytes, duration_ms, "read");
    }
}

/// A page of an answer.
#[derive(Debug)]
struct Page {
    bytes: Vec<u8>,
    progress: Progress,
    /// The place in which a page with a long text was read, until the client takes it: few such pages are in memory at once.
    place: Option<OwnedSemaphorePermit>,
}

/// Why there is no page.
#[derive(Debug)]
pub(super) enum NoPage {
    /// No place was free for too long.
    Busy,
    Unanswered(Unanswered),
    Panicked,
}

impl Work {
    /// Reads the next page.
    async fn page(mut self) -> Result<(Self, Page), (NoPage, Line)> {
        let (line, reads) = (self.line.clone(), self.reads.clone());
        let read = reads.run(move |reader| {
            let Self { question, writer, .. } = &mut self;
            let progress = reader.page(question.as_mut(), (now_ms(), QUESTION_TIME_MAX), writer.as_mut())?;
            if progress == Progress::End {
                self.writer.finish();
            }
            let bytes = self.writer.take_page();
            self.line.bytes += bytes.len();
            Ok((self, bytes, progress))
        });
        let ((work, bytes, progress), place) = read.await.map_err(|fault| (fault, line))?;
        let place = (bytes.capacity() > ANSWER_LONG_BYTES).then_some(place);
        Ok((work, Page { bytes, progress, place }))
    }

    /// Answers: whole if one page is all, else streamed.
    pub(super) async fn answer(self, content_type: &'static str) -> Result<Answer, (NoPage, Line)> {
        let (work, page) = self.page().await?;
        if page.progress == Progress::End {
            work.line.log(200, work.writer.rows(), "done");
            return Ok(whole(content_type, page.bytes));
        }
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(pump(work, page, sender));
        let mut answer = whole(content_type, Bytes::new());
        *answer.body_mut() = Pages { receiver, is_whole: false }.boxed_unsync();
        Ok(answer)
    }
}

/// Sends pages until the answer ends, the client goes or takes nothing, or a page fails.
async fn pump(mut work: Work, mut page: Page, sender: mpsc::Sender<Page>) {
    loop {
        let is_last = page.progress == Progress::End;
        let sent = timeout(WRITE_WAIT, sender.send(page)).await;
        let rows = work.writer.rows();
        match sent {
            Ok(Ok(())) if is_last => return work.line.log(200, rows, "done"),
            Ok(Ok(())) => {}
            Ok(Err(_)) => return work.line.log(200, rows, "client left"),
            Err(_) => return work.line.log(200, rows, "client stalled"),
        }
        match work.page().await {
            Ok(next) => (work, page) = next,
            Err((fault, line)) => {
                line.log(200, rows, "cut off");
                return tracing::warn!(?fault, route = line.route, "an answer was cut off");
            }
        }
    }
}

/// Pages as they come. An answer that ends without its last page is an error, so that it does not look whole.
struct Pages {
    receiver: mpsc::Receiver<Page>,
    is_whole: bool,
}

impl Body for Pages {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let Poll::Ready(page) = self.receiver.poll_recv(context) else {
            return Poll::Pending;
        };
        Poll::Ready(match page {
            Some(page) => {
                drop(page.place);
                self.is_whole = page.progress == Progress::End;
                Some(Ok(Frame::data(page.bytes.into())))
            }
            None if self.is_whole => None,
            None => Some(Err(Error::new(ErrorKind::Store, "the answer was cut off"))),
        })
    }
}
