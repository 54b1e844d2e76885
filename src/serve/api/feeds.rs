//! What changes for persons that clients follow. One task looks for all of them, and only while somebody follows.
//!
//! It looks after commits of this program, and now and then since other programs also write. Each look takes a place of the reads for
//! a moment. All that follow get the same bytes.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use serde_json::json;
use tokio::sync::{broadcast, watch};
use tokio::time::{sleep, timeout};

use super::shares::{Full, Share, Shares};
use super::stream::{NoPage, Reads};
use crate::model::limits::{
    EVENT_LISTENERS_MAX, EVENT_LISTENERS_OF_TOKEN_MAX, EVENT_LOOK, EVENT_PACE, EVENT_QUEUE, EVENT_TYPES_BYTES_MAX,
    EVENT_TYPES_MAX, QUESTION_TIME_MAX,
};
use crate::model::lock::lock;
use crate::store::now_ms;
use crate::store::questions::{Feed, FeedState, FeedUpload, Seen, Unanswered};
use crate::store::writer::WriterHandle;

/// All that clients follow.
#[derive(Clone, Debug)]
pub(in crate::serve) struct Feeds {
    reads: Reads,
    followed: Arc<Mutex<Followed>>,
    commits: watch::Receiver<()>,
    listeners: Shares,
}

#[derive(Debug, Default)]
struct Followed {
    people: Vec<Person>,
    /// Whether the task runs.
    is_looking: bool,
}

/// A person that somebody follows.
#[derive(Debug)]
struct Person {
    name: String,
    events: broadcast::Sender<Bytes>,
    /// Missing until the first one that follows has read it.
    state: Option<FollowState>,
}

/// What those that follow know.
#[derive(Clone, Debug)]
pub(super) struct FollowState {
    seen: Seen,
    is_stale: bool,
    /// Records of uploads under way.
    records: i64,
    /// What has changed since figures were ready; anything if missing.
    waiting: Option<BTreeSet<String>>,
}

impl FollowState {
    pub(super) fn of(feed: &Feed) -> Self {
        let waiting = if feed.is_stale { None } else { Some(BTreeSet::new()) };
        let seen = Seen { change: feed.change, upload: feed.last_upload, running: running(feed).collect() };
        Self { seen, is_stale: feed.is_stale, records: records(feed), waiting }
    }

    pub(super) fn change(&self) -> i64 {
        self.seen.change
    }

    pub(super) fn is_uploading(&self) -> bool {
        !self.seen.running.is_empty()
    }

    /// Goes on to a later state. Returns the events between.
    fn advance(&mut self, feed: &Feed) -> Vec<Bytes> {
        let mut events = Vec::new();
        let ended = feed.uploads.iter().filter(|upload| upload.state != FeedState::Running);
        events.extend(ended.map(upload_event));
        let now: Vec<i64> = running(feed).collect();
        if !now.is_empty() && (now != self.seen.running || records(feed) != self.records) {
            events.push(upload_event(&FeedUpload {
                id: 0,
                state: FeedState::Running,
                records: records(feed),
                bytes: None,
            }));
        }
        let has_changed = feed.change != self.seen.change;
        if has_changed {
            self.waiting = self.waiting.take().zip(feed.types.as_ref()).map(|(mut waiting, types)| {
                waiting.extend(types.iter().cloned());
                waiting
            });
            let is_much = |waiting: &mut BTreeSet<String>| {
                let bytes: usize = waiting.iter().map(String::len).sum();
                waiting.len() > EVENT_TYPES_MAX || bytes > EVENT_TYPES_BYTES_MAX
            };
            self.waiting.take_if(is_much);
        }
        if has_changed || self.is_stale && !feed.is_stale {
            let of_all = || self.waiting.as_ref().map(|waiting| waiting.iter().cloned().collect());
            let types = if feed.is_stale { feed.types.clone() } else { of_all() };
            events.push(change_event(feed.change, types.as_deref(), feed.is_stale));
        }
        if !feed.is_stale {
            self.waiting = Some(BTreeSet::new());
        }
        (self.is_stale, self.records) = (feed.is_stale, records(feed));
        self.seen = Seen { change: feed.change, upload: feed.last_upload, running: now };
        events
    }
}

fn running(feed: &Feed) -> impl Iterator<Item = i64> {
    feed.uploads.iter().filter(|upload| upload.state == FeedState::Running).map(|upload| upload.id)
}

fn records(feed: &Feed) -> i64 {
    let running = feed.uploads.iter().filter(|upload| upload.state == FeedState::Running);
    running.fold(0, |sum, upload| sum.saturating_add(upload.records))
}

/// The first event.
pub(super) fn hello(state: &FollowState) -> Bytes {
    let (change, is_uploading) = (state.change(), state.is_uploading());
    let data = json!({"change": change, "uploading": is_uploading});
    Bytes::from(format!("retry: 3000\nevent: hello\nid: {change}\ndata: {data}\n\n"))
}

/// Rows have changed, or figures of changed rows are ready. Without types, anything may have changed.
pub(super) fn change_event(change: i64, types: Option<&[String]>, is_stale: bool) -> Bytes {
    let data = json!({"change": change, "types": types, "stale": is_stale});
    Bytes::from(format!("event: change\nid: {change}\ndata: {data}\n\n"))
}

fn upload_event(upload: &FeedUpload) -> Bytes {
    let state = match upload.state {
        FeedState::Running => "running",
        FeedState::Done => "done",
        FeedState::Failed => "failed",
    };
    let data = json!({"state": state, "records": upload.records, "bytes": upload.bytes});
    Bytes::from(format!("event: upload\ndata: {data}\n\n"))
}

impl Feeds {
    /// Nobody follows yet. Of the connections, those that follow may have a quarter.
    pub(in crate::serve) fn new(reads: Reads, writer: &WriterHandle, connections: usize) -> Self {
        let (committed, commits) = watch::channel(());
        writer.at_commit(move || committed.send_replace(()));
        let max = (connections / 4).clamp(1, EVENT_LISTENERS_MAX);
        Self { reads, followed: Arc::default(), commits, listeners: Shares::new(max, EVENT_LISTENERS_OF_TOKEN_MAX) }
    }

    /// The right to follow.
    pub(super) async fn begin(&self, token: Option<i64>) -> Result<Share, Full> {
        self.listeners.take(token, std::time::Duration::ZERO).await
    }

    /// Follows a person. Returns the events from now on, the state before them, and what has changed since `since`.
    pub(super) async fn follow(
        &self,
        name: &str,
        since: Option<i64>,
    ) -> Result<(broadcast::Receiver<Bytes>, FollowState, Feed), NoPage> {
        // First, so that no event between is missed.
        let receiver = self.subscribe(name);
        let seen = Seen { change: since.unwrap_or(i64::MAX), upload: i64::MAX - 1, running: Vec::new() };
        let looked = self.read_feeds(vec![(name.to_owned(), seen)]).await;
        let feed = looked.and_then(|mut feeds| feeds.pop().ok_or(NoPage::Panicked)?.map_err(NoPage::Unanswered));
        let feed = match feed {
            Ok(feed) => feed,
            Err(fault) => {
                drop(receiver);
                // There may be no person of this name.
                lock(&self.followed).people.retain(|person| person.events.receiver_count() > 0);
                return Err(fault);
            }
        };
        let state = FollowState::of(&feed);
        self.enter(name, &state);
        Ok((receiver, state, feed))
    }

    fn subscribe(&self, name: &str) -> broadcast::Receiver<Bytes> {
        let mut followed = lock(&self.followed);
        if let Some(person) = followed.people.iter().find(|person| person.name == name) {
            return person.events.subscribe();
        }
        let (events, receiver) = broadcast::channel(EVENT_QUEUE);
        followed.people.push(Person { name: name.to_owned(), events, state: None });
        receiver
    }

    /// Enters what one that follows has read. Another one may have read a later state: then some events come twice.
    fn enter(&self, name: &str, state: &FollowState) {
        let mut followed = lock(&self.followed);
        if let Some(person) = followed.people.iter_mut().find(|person| person.name == name) {
            match &mut person.state {
                Some(known) => known.seen.change = known.seen.change.min(state.seen.change),
                None => person.state = Some(state.clone()),
            }
        }
        if !followed.is_looking {
            followed.is_looking = true;
            tokio::spawn(self.clone().keep_looking());
        }
    }

    async fn read_feeds(&self, people: Vec<(String, Seen)>) -> Result<Vec<Result<Feed, Unanswered>>, NoPage> {
        let read = self.reads.run(None, move |reader| {
            let feeds = people
                .iter()
                .map(|(name, seen)| reader.read((now_ms(), QUESTION_TIME_MAX), |snapshot| snapshot.feed(name, seen)));
            Ok(feeds.collect())
        });
        read.await.map(|(feeds, _place)| feeds)
    }

    async fn keep_looking(mut self) {
        while let Some(people) = self.people() {
            let looked = self.read_feeds(people.clone()).await;
            // One that fails is tried again.
            for ((name, seen), feed) in people.iter().zip(looked.into_iter().flatten()) {
                self.send_changes(name, seen, feed);
            }
            sleep(EVENT_PACE).await;
            // Without a writer nothing changes any more: its end stops the server.
            let _ = timeout(EVENT_LOOK, self.commits.changed()).await;
        }
    }

    /// The persons that somebody follows. Without any, the task ends.
    fn people(&self) -> Option<Vec<(String, Seen)>> {
        let mut followed = lock(&self.followed);
        followed.people.retain(|person| person.events.receiver_count() > 0);
        followed.is_looking = !followed.people.is_empty();
        let known = |person: &Person| Some((person.name.clone(), person.state.as_ref()?.seen.clone()));
        followed.is_looking.then(|| followed.people.iter().filter_map(known).collect())
    }

    /// Sends what has changed since a look began.
    fn send_changes(&self, name: &str, seen: &Seen, feed: Result<Feed, Unanswered>) {
        let mut followed = lock(&self.followed);
        let feed = match feed {
            Ok(feed) => feed,
            // The person was merged into another one, or forgotten: nothing is to be followed any more.
            Err(Unanswered::Parameter(..)) => return followed.people.retain(|person| person.name != name),
            Err(_) => return,
        };
        let person = followed.people.iter_mut().find(|person| person.name == name);
        if let Some(Person { events, state: Some(state), .. }) = person {
            let earlier = Some(state.seen.change).filter(|change| *change < seen.change);
            for event in state.advance(&feed) {
                // If nobody follows any more, the next look notices.
                let _ = events.send(event);
            }
            // Meanwhile one has come that knows less.
            state.seen.change = earlier.unwrap_or(state.seen.change);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(change: i64, is_stale: bool, types: &[&str], uploads: &[(i64, FeedState, i64)]) -> Feed {
        let uploads = uploads.iter().map(|&(id, state, records)| FeedUpload {
            id,
            state,
            records,
            bytes: (state != FeedState::Running).then_some(9),
        });
        let types = Some(types.iter().map(|name| (*name).to_owned()).collect());
        Feed { change, is_stale, types, uploads: uploads.collect(), last_upload: 0 }
    }

    fn told(state: &mut FollowState, feed: &Feed) -> String {
        let events: Vec<String> =
            state.advance(feed).iter().map(|event| String::from_utf8(event.to_vec()).unwrap()).collect();
        events.concat().replace("\n\n", "|").replace('\n', " ")
    }

    #[test]
    fn an_upload_is_told_from_its_begin_until_its_figures_are_ready() {
        use FeedState::{Done, Failed, Running};
        let mut state = FollowState::of(&feed(7, false, &[], &[]));
        let hello = hello(&state);
        assert!(hello.ends_with(b"event: hello\nid: 7\ndata: {\"change\":7,\"uploading\":false}\n\n"), "{hello:?}");
        let mut check = |feed: Feed, expected: &str| assert_eq!(told(&mut state, &feed), expected);
        check(feed(7, false, &[], &[]), "");
        check(
            feed(7, false, &[], &[(1, Running, 0)]),
            "event: upload data: {\"bytes\":null,\"records\":0,\"state\":\"running\"}|",
        );
        check(feed(7, false, &[], &[(1, Running, 0)]), "");
        check(
            feed(8, true, &["steps"], &[(1, Running, 5)]),
            "event: upload data: {\"bytes\":null,\"records\":5,\"state\":\"running\"}|\
             event: change id: 8 data: {\"change\":8,\"stale\":true,\"types\":[\"steps\"]}|",
        );
        check(
            feed(9, true, &["height"], &[(1, Done, 6), (2, Failed, 0)]),
            "event: upload data: {\"bytes\":9,\"records\":6,\"state\":\"done\"}|\
             event: upload data: {\"bytes\":9,\"records\":0,\"state\":\"failed\"}|\
             event: change id: 9 data: {\"change\":9,\"stale\":true,\"types\":[\"height\"]}|",
        );
        let ready = "event: change id: 9 data: {\"change\":9,\"stale\":false,\"types\":[\"height\",\"steps\"]}|";
        check(feed(9, false, &[], &[]), ready);
        check(feed(9, false, &[], &[]), "");
        check(
            feed(10, false, &["steps"], &[]),
            "event: change id: 10 data: {\"change\":10,\"stale\":false,\"types\":[\"steps\"]}|",
        );
        let anything = Feed { types: None, ..feed(3, false, &[], &[]) };
        check(anything, "event: change id: 3 data: {\"change\":3,\"stale\":false,\"types\":null}|");
    }

    /// Names of types are a sender's, and each of those that follow gets them.
    #[test]
    fn long_names_of_types_are_anything() {
        let mut state = FollowState::of(&feed(7, false, &[], &[]));
        let long = |letter: &str| letter.repeat(EVENT_TYPES_BYTES_MAX * 2 / 3);
        let (one, two) = (long("a"), long("b"));
        assert!(told(&mut state, &feed(8, true, &[&one], &[])).contains(&one));
        assert!(!told(&mut state, &feed(9, true, &[&two], &[])).contains(&one));
        let ready = "event: change id: 9 data: {\"change\":9,\"stale\":false,\"types\":null}|";
        assert_eq!(told(&mut state, &feed(9, false, &[], &[])), ready);
    }

    #[test]
    fn figures_that_were_not_ready_before_may_be_of_anything() {
        let mut state = FollowState::of(&feed(7, true, &[], &[]));
        assert_eq!(
            told(&mut state, &feed(7, false, &[], &[])),
            "event: change id: 7 data: {\"change\":7,\"stale\":false,\"types\":null}|"
        );
    }
}
