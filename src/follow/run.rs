//! A follower at work: looks what has changed, sends it, remembers it, waits. One thread, and one page of rows in memory.
//!
//! Nothing is open between two looks, so commands that need the database for themselves get it. A target that does not answer is
//! tried again for as long as it takes; meanwhile changes gather in the database, which has them anyway.

use std::time::{Duration, Instant};

use super::backoff::Backoff;
use super::claim::Claim;
use super::cursor::Cursor;
use super::look::{Look, Next};
use super::plan::{Job, Plan, Purpose, What};
use super::rows::{Reading, range_of, summary};
use super::source::{Broken, Patience, Source, Working};
use super::target::{Fault, Stage, Step, Target};
use super::waiter::Waiter;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{
    FOLLOW_CURSOR_INTERVAL, FOLLOW_FIGURES_LOOK, FOLLOW_FIGURES_WAIT, FOLLOW_LEVEL_INTERVAL, FOLLOW_LOOK,
    FOLLOW_ONCE_TRIES_MAX, FOLLOW_REST, QUESTION_TIME_MAX,
};
use crate::model::line_limit::LineLimit;
use crate::store::questions::{Followed, Progress, Unanswered};
use crate::store::{Kept, now_ms};

/// How to follow.
#[derive(Clone, Debug)]
pub struct Follow {
    /// The database that is followed.
    pub kept: Kept,
    /// The follower's name, by which its cursor is found.
    pub name: String,
    /// Whether to end once the target has everything.
    pub is_once: bool,
    /// Whether to remove and send everything again.
    pub is_resync: bool,
}

/// How a follower has ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// The target has everything.
    Done,
    /// It was asked to stop.
    Stopped,
}

/// Follows a database until it is asked to stop, or once.
///
/// # Errors
///
/// [`ErrorKind::Usage`] if somebody has to change something first: a wrong token, another follower of the same name. Otherwise why the
/// database cannot be read; a target that is not reached is an error only of a follower that runs once.
pub fn follow(follow: &Follow, target: &mut dyn Target, waiter: &Waiter) -> Result<End> {
    let patience = if follow.is_once { Patience::Bounded } else { Patience::Endless };
    let mut source = Source::new(&follow.kept, waiter, patience);
    match source.check() {
        Err(Broken::Error(error)) => return Err(error),
        Err(Broken::Stopping | Broken::GivenUp) => return Ok(End::Stopped),
        Ok(()) => {}
    }
    let claim = Claim::take(&follow.kept, &follow.name, waiter)?;
    // A resync needs no cursor, so a damaged one is no obstacle.
    let (cursor, is_known) = match Cursor::load(&follow.kept, &follow.name, target.title()) {
        Err(_) if follow.is_resync => (Cursor::new(&follow.name, target.title()), false),
        loaded => loaded?,
    };
    tracing::info!(name = follow.name, target = target.title(), seen = cursor.seen, "follows");
    target.resume(cursor.state.sent);
    let mut work = Work {
        follow,
        target,
        waiter,
        cursor,
        source,
        claim,
        written: None,
        failures: LineLimit::default(),
        distant: LineLimit::default(),
        recent: None,
        crowds: LineLimit::default(),
        nameless: LineLimit::default(),
        unwritten: LineLimit::default(),
        figures_due: None,
        is_new: !is_known || follow.is_resync,
        is_level_written: false,
    };
    let ended = work.run();
    if let Err(Broken::Error(error)) = &ended {
        work.note_fault(error.to_string(), error.kind() == ErrorKind::Usage);
    }
    match ended {
        Ok(end) => Ok(end),
        Err(Broken::Stopping) => work.stop(),
        Err(Broken::Error(error)) => Err(error),
        Err(Broken::GivenUp) => Err(Error::new(ErrorKind::Io, "the target was given up")),
    }
}

/// Notes in the cursor of a follower, if there is one, why its target could not be made: a missing file with its token.
pub fn note_refusal(follow: &Follow, error: &Error) {
    let Ok(Some(_lock)) = follow.kept.lock_follower(&follow.name) else { return };
    if let Ok(Some(mut cursor)) = Cursor::known(&follow.kept, &follow.name) {
        cursor.note_fault(error.to_string(), true);
        // If that fails, standard error has it.
        let _ = cursor.write(&follow.kept);
    }
}

struct Work<'a> {
    follow: &'a Follow,
    target: &'a mut dyn Target,
    waiter: &'a Waiter,
    cursor: Cursor,
    source: Source<'a>,
    claim: Claim,
    /// When the cursor was written.
    written: Option<Instant>,
    failures: LineLimit,
    distant: LineLimit,
    recent: Option<(Instant, Followed)>,
    crowds: LineLimit,
    nameless: LineLimit,
    unwritten: LineLimit,
    /// Since when figures are missing that the database does not have yet.
    figures_due: Option<Instant>,
    /// Whether the cursor begins with this run.
    is_new: bool,
    /// Whether the file has it that the target has everything.
    is_level_written: bool,
}

impl Work<'_> {
    fn run(&mut self) -> Working<End> {
        if self.follow.is_resync {
            self.cursor.plan = None;
            (self.cursor.seen, self.cursor.state.change) = (0, 0);
            for person in &mut self.cursor.people {
                person.doubt();
                person.is_resynced = true;
            }
        }
        loop {
            let worked = match self.next_plan()? {
                Next::Plan => self.work(),
                Next::Figures if self.waits_for_figures() => {
                    self.source.close();
                    if self.waiter.pause(FOLLOW_FIGURES_LOOK) { Err(Broken::Stopping) } else { Ok(()) }
                }
                next => {
                    if next == Next::Nothing {
                        self.figures_due = None;
                    }
                    self.note_level()?;
                    self.source.close();
                    if self.follow.is_once {
                        self.cursor.write(&self.follow.kept)?;
                        return Ok(End::Done);
                    }
                    if self.waiter.pause(FOLLOW_LOOK) { Err(Broken::Stopping) } else { Ok(()) }
                }
            };
            match worked {
                Err(Broken::GivenUp) if !self.follow.is_once => {
                    // Later, with all that has changed meanwhile.
                    self.target.give_up();
                    self.cursor.plan = None;
                    self.source.close();
                    if self.waiter.pause(FOLLOW_REST) {
                        return Err(Broken::Stopping);
                    }
                }
                worked => worked?,
            }
        }
    }

    /// Whether figures that the database does not have yet may still come. If nobody computes them, they keep nothing else waiting.
    fn waits_for_figures(&mut self) -> bool {
        self.figures_due.get_or_insert_with(Instant::now).elapsed() < FOLLOW_FIGURES_WAIT
    }

    fn next_plan(&mut self) -> Working<Next> {
        let Self { follow, target, source, cursor, is_new, recent, crowds, .. } = self;
        // Only what is there when it begins is removed as a whole.
        let is_resync = follow.is_resync && *is_new;
        let mut look = Look { source, cursor, takes_rows: target.takes_rows(), is_resync, recent, crowds };
        let next = look.plan(*is_new)?;
        *is_new = false;
        self.claim.renew(&self.follow.kept, &self.follow.name, self.waiter)?;
        if let Some(plan) = &self.cursor.plan
            && self.target.takes_rows()
            && !self.cursor.names.add_all(&plan.jobs)
            && let Some(left_out) = self.nameless.count(Instant::now())
        {
            tracing::warn!(
                left_out,
                "too many types: rows of some that are removed here in one go may stay in the target"
            );
        }
        Ok(next)
    }

    /// Does what is planned.
    fn work(&mut self) -> Working<()> {
        let (began, sent) = (Instant::now(), self.cursor.state.sent);
        self.is_level_written = false;
        let Some(plan) = &mut self.cursor.plan else { return Ok(()) };
        if !self.target.takes_rows() {
            // What it had gathered of the ranges is gone with the last process.
            plan.done = 0;
        }
        while let Some(job) = self.next_job() {
            self.begin(&job)?;
            if self.target.takes_rows() {
                self.send_rows(&job)?;
            }
            if let Some(plan) = &mut self.cursor.plan {
                plan.done += 1;
                plan.place_ms = None;
            }
            self.remember()?;
        }
        let Some(plan) = self.cursor.plan.take() else { return Ok(()) };
        let (behind, until) = (plan.behind, plan.until);
        let delivered = self.persist(&mut |target| target.deliver(Stage::End { behind, until }));
        if let Err(broken) = delivered {
            self.cursor.plan = Some(plan);
            return Err(broken);
        }
        let ranges = plan.jobs.len();
        self.finish(plan);
        if !self.target.takes_rows() {
            // Messages would come twice. Rows that are sent twice are there once.
            self.written = None;
        }
        self.remember()?;
        let (seconds, sent) = (began.elapsed().as_secs_f32(), self.cursor.state.sent.saturating_sub(sent));
        tracing::info!(ranges, sent, seconds, until, "sent");
        Ok(())
    }

    fn next_job(&self) -> Option<Job> {
        let plan = self.cursor.plan.as_ref()?;
        plan.jobs.get(plan.done).cloned()
    }

    fn begin(&mut self, job: &Job) -> Working<()> {
        let is_begun = self.cursor.plan.as_ref().is_some_and(|plan| plan.place_ms.is_some());
        if is_begun {
            return Ok(());
        }
        let measurement = job.what.measurement();
        let mut range = range_of(job, measurement.as_deref());
        if self.target.takes_rows() {
            range.is_removed = job.is_cleared();
        } else if job.what != What::Nobody {
            match self.source.read(|snapshot| summary(snapshot, job)) {
                Ok(found) => range.summary = found,
                // Of somebody or of a type that is gone by now: that it has changed is true.
                Err(Broken::Error(error)) if error.kind() == ErrorKind::Usage => {}
                Err(broken) => return Err(broken),
            }
        }
        self.persist(&mut |target| target.begin(&range))
    }

    fn send_rows(&mut self, job: &Job) -> Working<()> {
        let place_ms = self.cursor.plan.as_ref().and_then(|plan| plan.place_ms);
        let Some(mut reading) = Reading::new(job, place_ms) else { return Ok(()) };
        let mut backoff = Backoff::default();
        loop {
            let page = self.source.open().and_then(|open| {
                let Self { target, .. } = self;
                reading.page(&open.reader, (now_ms(), QUESTION_TIME_MAX), *target)
            });
            let progress = match page {
                Ok(progress) => progress,
                // Of somebody who is gone by now; the next look notices.
                Err(Unanswered::Parameter(..) | Unanswered::NotFound(_)) => Progress::End,
                Err(unanswered) => {
                    self.source.recover(unanswered, &mut backoff)?;
                    // What was handed out of the page is in the target's hands, and comes again.
                    let Some(again) = Reading::new(job, reading.place_ms.or(place_ms)) else { return Ok(()) };
                    reading = again;
                    continue;
                }
            };
            self.persist(&mut |target| target.deliver(Stage::Page))?;
            self.count_left_out(reading.take_left_out());
            if let Some(plan) = &mut self.cursor.plan {
                plan.place_ms = reading.place_ms;
            }
            if progress == Progress::End {
                return Ok(());
            }
            self.remember()?;
            if self.waiter.is_stopping() {
                return Err(Broken::Stopping);
            }
        }
    }

    /// Counts rows whose time no target has.
    fn count_left_out(&mut self, points: u64) {
        if points == 0 {
            return;
        }
        self.cursor.state.left_out = self.cursor.state.left_out.saturating_add(points);
        if let Some(left_out) = self.distant.count(Instant::now()) {
            tracing::warn!(
                points,
                left_out,
                "points outside of the years 1677 to 2262 are left out: no target has these"
            );
        }
    }

    /// Repeats a step until the target has taken it.
    fn persist(&mut self, step: &mut dyn FnMut(&mut dyn Target) -> Step) -> Working<()> {
        let tries_max = self.target.tries_max().or(self.follow.is_once.then_some(FOLLOW_ONCE_TRIES_MAX));
        let mut backoff = Backoff::default();
        loop {
            let done = step(self.target);
            let delivered = self.target.delivered();
            self.cursor.state.sent = self.cursor.state.sent.saturating_add(delivered.sent);
            self.cursor.state.rejected = self.cursor.state.rejected.saturating_add(delivered.rejected);
            self.cursor.state.undeleted = self.cursor.state.undeleted.saturating_add(delivered.undeleted);
            match done {
                Ok(()) => {
                    if backoff.failures() > 0 {
                        tracing::info!(target = self.target.title(), "goes on");
                    }
                    self.cursor.state.fault = None;
                    return Ok(());
                }
                Err(Fault::Stopping) => return Err(Broken::Stopping),
                Err(Fault::Stop(error)) => return Err(error.into()),
                Err(Fault::Later { message, after }) => self.wait_after(message, after, tries_max, &mut backoff)?,
            }
        }
    }

    fn wait_after(
        &mut self,
        message: String,
        after: Option<Duration>,
        tries_max: Option<u32>,
        backoff: &mut Backoff,
    ) -> Working<()> {
        let wait = backoff.next(after);
        if let Some(left_out) = self.failures.count(Instant::now()) {
            let seconds = wait.as_secs_f32();
            tracing::warn!(target = self.target.title(), left_out, "{message}; tries again in {seconds:.0} s");
        }
        // Nothing is open meanwhile.
        self.source.close();
        let is_last = tries_max.is_some_and(|max| backoff.failures() >= max);
        if is_last && self.follow.is_once {
            self.note_fault(message.clone(), false);
            return Err(Error::new(ErrorKind::Io, message).into());
        }
        self.note_fault(message, false);
        if is_last {
            return Err(Broken::GivenUp);
        }
        if self.waiter.pause(wait) { Err(Broken::Stopping) } else { Ok(()) }
    }

    /// Writes down what keeps the follower from going on. If that fails, the log has it.
    fn note_fault(&mut self, message: String, is_stopped: bool) {
        self.cursor.note_fault(message, is_stopped);
        self.written = None;
        let _ = self.remember();
    }

    /// Enters a plan that is done.
    fn finish(&mut self, plan: Plan) {
        let people = &mut self.cursor.people;
        match plan.purpose {
            Purpose::Gone(name) => people.retain(|person| person.name != name),
            Purpose::Whole(id) => {
                if let Some(person) = people.iter_mut().find(|person| person.id == id) {
                    (person.is_whole, person.is_doubtful, person.is_resynced) = (true, false, false);
                    person.since = plan.until;
                }
            }
            Purpose::Changes => self.cursor.seen = plan.until,
            Purpose::Figures { id, run, rules } => {
                if let Some(person) = people.iter_mut().find(|person| person.id == id) {
                    (person.figures, person.run, person.rules) = (Some(plan.until), run, rules);
                }
            }
        }
    }

    /// Writes down that the target has everything, now and then also if nothing else has changed.
    fn note_level(&mut self) -> Working<()> {
        let state = &mut self.cursor.state;
        state.change = self.cursor.seen;
        state.last_success_ms = Some(now_ms());
        state.fault = None;
        let is_due = self.written.is_none_or(|written| written.elapsed() >= FOLLOW_LEVEL_INTERVAL);
        if is_due || !self.is_level_written {
            self.written = None;
            self.is_level_written = self.remember()?;
        }
        Ok(())
    }

    /// Writes the cursor, at most once a second. Returns whether it could.
    fn remember(&mut self) -> Working<bool> {
        if self.written.is_some_and(|written| written.elapsed() < FOLLOW_CURSOR_INTERVAL) {
            return Ok(true);
        }
        match self.cursor.write(&self.follow.kept) {
            // An older cursor sends some rows once more.
            Err(error) if error.is_temporary() => {
                if let Some(left_out) = self.unwritten.count(Instant::now()) {
                    tracing::warn!(left_out, "{error}; the follower goes on without it, and tries again");
                }
                self.written = Some(Instant::now());
                Ok(false)
            }
            written => {
                self.written = Some(Instant::now());
                Ok(written.map(|()| true)?)
            }
        }
    }

    /// Ends in order: the next start goes on here.
    fn stop(&mut self) -> Result<End> {
        self.cursor.write(&self.follow.kept)?;
        Ok(End::Stopped)
    }
}
