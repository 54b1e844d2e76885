//! An answer page by page: each is read on a thread that may block, and waits for the client with nothing open.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::timeout;

use super::shares::{Full, Share, Shares};
use super::threads::Threads;
use super::writer::Writer;
use crate::model::error::{Error, ErrorKind};
use crate::model::limits::{
    ANSWER_LONG_BYTES, ANSWER_PIECE_BYTES_MAX, ANSWERS_MAX, ANSWERS_OF_TOKEN_MAX, LONG_PAGE_WAIT, LONG_PAGES_MAX,
    QUESTION_NEXT_WAIT, QUESTION_PLACES, QUESTION_PLACES_OF_TOKEN, QUESTION_TIME_MAX, QUESTION_WAIT, WRITE_WAIT,
};
use crate::serve::answer::{Answer, whole};
use crate::serve::upload::intake::Intake;
use crate::store::questions::{Progress, Question, QuestionReader, Unanswered};
use crate::store::{Kept, now_ms};

/// What all reads share: connections, places to read at once, and answers under way.
#[derive(Clone, Debug)]
pub(in crate::serve) struct Reads {
    reader: Arc<QuestionReader>,
    threads: Arc<Threads>,
    places: Shares,
    /// Answers under way.
    answers: Shares,
    /// For a long page, from when it is read until it is sent.
    long_pages: Arc<Semaphore>,
}

impl Reads {
    /// Reads have low priority while an upload of `intake` is at work.
    pub(in crate::serve) fn new(kept: impl Into<Kept>, intake: Arc<Intake>) -> Self {
        Self {
            reader: Arc::new(QuestionReader::new(kept)),
            threads: Arc::new(Threads::new(intake)),
            places: Shares::new(QUESTION_PLACES, QUESTION_PLACES_OF_TOKEN),
            answers: Shares::new(ANSWERS_MAX, ANSWERS_OF_TOKEN_MAX),
            long_pages: Arc::new(Semaphore::new(LONG_PAGES_MAX)),
        }
    }

    /// Waits for the right to have an answer of a token under way.
    pub(super) async fn begin(&self, token: Option<i64>, wait: Duration) -> Result<Share, Full> {
        self.answers.take(token, wait).await
    }

    /// Runs what reads for a token on a thread that may block; without a token, for the server itself. Returns also the place that
    /// it had.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        token: Option<i64>,
        read: impl FnOnce(&QuestionReader) -> Result<T, Unanswered> + Send + 'static,
    ) -> Result<(T, Share), NoPage> {
        self.run_within((token, QUESTION_WAIT), read).await
    }

    /// The same, and waits so long for a place.
    async fn run_within<T: Send + 'static>(
        &self,
        (token, wait): (Option<i64>, Duration),
        read: impl FnOnce(&QuestionReader) -> Result<T, Unanswered> + Send + 'static,
    ) -> Result<(T, Share), NoPage> {
        let place = self.places.take(token, wait).await.map_err(NoPage::Busy)?;
        let reader = Arc::clone(&self.reader);
        let done = self.threads.run(move || read(&reader).map(|done| (done, place)));
        done.await.map_err(|_| NoPage::Panicked)?.map_err(NoPage::Unanswered)
    }

    /// The right to have a long page in memory until it is sent.
    async fn begin_long_page(&self) -> Result<OwnedSemaphorePermit, NoPage> {
        let permit = timeout(LONG_PAGE_WAIT, Arc::clone(&self.long_pages).acquire_owned()).await;
        permit.ok().and_then(Result::ok).ok_or(NoPage::Busy(Full::OfAll))
    }
}

/// An answer under way.
pub(super) struct Work {
    pub(super) question: Box<dyn Question>,
    pub(super) writer: Box<dyn Writer>,
    pub(super) reads: Reads,
    pub(super) line: Line,
    /// Held until the answer ends.
    pub(super) _answer: Share,
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
    /// Held if the page is long, until the client has taken it.
    long: Option<OwnedSemaphorePermit>,
}

impl Page {
    /// Whether few of its kind may be in memory.
    fn is_long(&self) -> bool {
        self.bytes.capacity() > ANSWER_LONG_BYTES
    }
}

/// A part of a page that the client gets as a whole.
#[derive(Debug)]
struct Piece {
    bytes: Bytes,
    is_last: bool,
}

/// Why there is no page.
#[derive(Debug)]
pub(super) enum NoPage {
    /// No place was free for too long.
    Busy(Full),
    Unanswered(Unanswered),
    Panicked,
}

impl Work {
    /// Reads the next page, if a place is free in time.
    async fn page(mut self, wait: Duration) -> Result<(Self, Page), (NoPage, Line)> {
        let (line, reads) = (self.line.clone(), self.reads.clone());
        let read = reads.run_within((line.token, wait), move |reader| {
            let Self { question, writer, .. } = &mut self;
            let progress = reader.page(question.as_mut(), (now_ms(), QUESTION_TIME_MAX), writer.as_mut())?;
            if progress == Progress::End {
                self.writer.finish();
            }
            let bytes = self.writer.take_page();
            self.line.bytes += bytes.len();
            Ok((self, Page { bytes, progress, long: None }))
        });
        let read = async {
            let ((work, mut page), place) = read.await?;
            if page.is_long() {
                // The place is held meanwhile, so that few long pages are in memory.
                page.bytes.shrink_to_fit();
                page.long = Some(work.reads.begin_long_page().await?);
            }
            drop(place);
            Ok((work, page))
        };
        read.await.map_err(|fault| (fault, line))
    }

    /// Answers: whole if one short page is all, else streamed.
    pub(super) async fn answer(self, content_type: &'static str) -> Result<Answer, (NoPage, Line)> {
        let (work, page) = self.page(QUESTION_WAIT).await?;
        if page.progress == Progress::End && page.bytes.len() <= ANSWER_PIECE_BYTES_MAX {
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
async fn pump(mut work: Work, mut page: Page, sender: mpsc::Sender<Piece>) {
    loop {
        let is_end = page.progress == Progress::End;
        let sent = send(page, &sender, WRITE_WAIT).await;
        let rows = work.writer.rows();
        match sent {
            Ok(()) if is_end => return work.line.log(200, rows, "done"),
            Ok(()) => {}
            Err(why) => return work.line.log(200, rows, why),
        }
        // An answer that has begun is not cut off because other ones of its token are slow.
        match work.page(QUESTION_NEXT_WAIT).await {
            Ok(next) => (work, page) = next,
            Err((fault, line)) => {
                line.log(200, rows, "cut off");
                return tracing::warn!(?fault, route = line.route, "an answer was cut off");
            }
        }
    }
}

/// Sends a page in pieces, or returns why it was not taken. A piece is a copy, so that what waits in a connection keeps no long page.
async fn send(page: Page, sender: &mpsc::Sender<Piece>, wait: Duration) -> Result<(), &'static str> {
    let is_end = page.progress == Progress::End;
    let pieces = page.bytes.chunks(ANSWER_PIECE_BYTES_MAX).count().max(1);
    for at in 0..pieces {
        let piece = page.bytes.chunks(ANSWER_PIECE_BYTES_MAX).nth(at).unwrap_or_default();
        let piece = Piece { bytes: Bytes::copy_from_slice(piece), is_last: is_end && at + 1 == pieces };
        match timeout(wait, sender.send(piece)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err("client left"),
            Err(_) => return Err("client stalled"),
        }
    }
    Ok(())
}

/// Pages as they come. An answer that ends without its last page is an error, so that it does not look whole.
struct Pages {
    receiver: mpsc::Receiver<Piece>,
    is_whole: bool,
}

impl Body for Pages {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let Poll::Ready(piece) = self.receiver.poll_recv(context) else {
            return Poll::Pending;
        };
        Poll::Ready(match piece {
            Some(piece) => {
                self.is_whole = piece.is_last;
                Some(Ok(Frame::data(piece.bytes)))
            }
            None if self.is_whole => None,
            None => Some(Err(Error::new(ErrorKind::Store, "the answer was cut off"))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Database;

    #[test]
    fn a_token_that_reads_leaves_a_place_to_others() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let reads = Reads::new(Database::new("unused"), Intake::new(1));
            let ((), place) = reads.run(Some(1), |_| Ok(())).await.unwrap();
            assert_eq!(reads.places.take(Some(1), Duration::ZERO).await.unwrap_err(), Full::OfToken);
            let other = reads.run(Some(2), |_| Ok(())).await.unwrap();
            assert_eq!(reads.places.take(Some(3), Duration::ZERO).await.unwrap_err(), Full::OfAll);
            drop(place);
            reads.run(Some(1), |_| Ok(())).await.unwrap();
            drop(other);
        });
    }

    /// Each of its other answers may have one page first, which takes as long as a page may.
    #[test]
    fn an_answer_under_way_outlasts_slow_questions_of_its_token() {
        let others = u32::try_from(ANSWERS_OF_TOKEN_MAX - 1).unwrap();
        assert!(QUESTION_NEXT_WAIT > QUESTION_TIME_MAX * others);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let reads = Reads::new(Database::new("unused"), Intake::new(1));
            let place = reads.run(Some(1), |_| Ok(())).await.unwrap();
            let none = reads.run_within((Some(1), Duration::ZERO), |_| Ok(())).await;
            assert!(matches!(none, Err(NoPage::Busy(Full::OfToken))), "{none:?}");
            let other = reads.run(Some(2), |_| Ok(())).await.unwrap();
            let none = reads.run_within((Some(3), Duration::ZERO), |_| Ok(())).await;
            assert!(matches!(none, Err(NoPage::Busy(Full::OfAll))), "{none:?}");
            drop((place, other));
        });
    }

    #[test]
    fn a_client_that_takes_nothing_ends_its_answer() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let page = || Page { bytes: vec![0; 2 * ANSWER_PIECE_BYTES_MAX], progress: Progress::More, long: None };
            let (sender, receiver) = mpsc::channel(1);
            assert_eq!(send(page(), &sender, Duration::from_millis(1)).await, Err("client stalled"));
            drop(receiver);
            assert_eq!(send(page(), &sender, WRITE_WAIT).await, Err("client left"));
        });
    }

    #[test]
    fn a_long_page_is_sent_in_pieces() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            for (length, expected) in [(0, 1), (1, 1), (ANSWER_PIECE_BYTES_MAX, 1), (3 * ANSWER_PIECE_BYTES_MAX + 1, 4)]
            {
                let bytes: Vec<u8> = (0..=250).cycle().take(length).collect();
                let page = Page { bytes: bytes.clone(), progress: Progress::End, long: None };
                let (sender, mut receiver) = mpsc::channel(4);
                send(page, &sender, WRITE_WAIT).await.unwrap();
                drop(sender);
                let (mut pieces, mut sent) = (Vec::new(), Vec::new());
                while let Some(piece) = receiver.recv().await {
                    assert!(piece.bytes.len() <= ANSWER_PIECE_BYTES_MAX);
                    sent.extend_from_slice(&piece.bytes);
                    pieces.push(piece.is_last);
                }
                assert_eq!((pieces.len(), sent == bytes), (expected, true), "{length}");
                assert_eq!(pieces.iter().filter(|is_last| **is_last).count(), 1);
                assert_eq!(pieces.last(), Some(&true));
            }
        });
    }
}
