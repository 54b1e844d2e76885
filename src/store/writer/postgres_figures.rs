//! Keeps the figures of a database in PostgreSQL current: of the persons whose uploads this receiver takes, and of those whom another one
//! has left behind.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crossbeam_channel::Receiver;

use super::behind::{Behind, Next};
use super::elsewhere::Elsewhere;
use super::figures::{Signal, is_over};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{DERIVED_AGAIN, DERIVED_LOOK, DERIVED_OVERTAKE, DERIVED_PEOPLE_PAGE, DERIVED_POLL};
use crate::model::line_limit::LineLimit;
use crate::model::lock::lock;
use crate::store::postgres::{Figures, Postgres, Scope};

/// State that the writer and the keeper of a receiver share.
#[derive(Debug)]
pub(super) struct Receiving {
    pub(super) postgres: Arc<Postgres>,
    pub(super) behind: Mutex<Behind>,
}

impl Elsewhere for Receiving {
    fn keep(
        &self,
        home: Option<String>,
        (signal, wakes, ended): (&Signal, &Receiver<()>, &Receiver<Infallible>),
        is_stopping: &AtomicBool,
    ) {
        let figures = Figures::new(Arc::clone(&self.postgres), home);
        let is_stopping = || is_stopping.load(Ordering::Relaxed);
        let mut keeper =
            Keeper { receiving: self, figures, signal, look: Look::default(), failures: LineLimit::default() };
        while !is_stopping() && !is_over(ended) {
            let until = keeper.step(&is_stopping);
            let _ = wakes.recv_deadline(until);
        }
    }

    fn derive(&self, home: Option<String>, ended: &Receiver<Infallible>) -> Result<()> {
        let mut figures = Figures::new(Arc::clone(&self.postgres), home);
        let mut failed = Ok(());
        for person in lock(&self.behind).people() {
            let derived = loop {
                match figures.derive(person, &|| false) {
                    // A receiver computes them, perhaps without the last changes.
                    Ok(false) => drop(ended.recv_timeout(DERIVED_POLL)),
                    Ok(true) => break Ok(()),
                    Err(error) => break Err(error),
                }
            };
            // The figures of others do not wait for those of one who fails.
            failed = failed.and(derived);
        }
        failed
    }
}

/// Where the looks for others' persons are.
#[derive(Debug)]
struct Look {
    next: Instant,
    /// The person behind whom the first look, at everybody, goes on.
    all_after: Option<i64>,
    /// The last number of changes at the last look, and at the one before. A transaction that had a number then has ended by now.
    numbers: [i64; 2],
}

impl Default for Look {
    fn default() -> Self {
        Self { next: Instant::now(), all_after: Some(i64::MIN), numbers: [0; 2] }
    }
}

struct Keeper<'a> {
    receiving: &'a Receiving,
    figures: Figures,
    signal: &'a Signal,
    look: Look,
    failures: LineLimit,
}

impl Keeper<'_> {
    /// Does what is due. Returns when something may be due again.
    fn step(&mut self, is_stopping: &dyn Fn() -> bool) -> Instant {
        if Instant::now() >= self.look.next {
            self.look();
        }
        let next = lock(&self.receiving.behind).take_next(Instant::now());
        match next {
            Next::Person(person) => self.derive(person, is_stopping),
            Next::At(at) => at.min(self.look.next),
            Next::Nobody => self.look.next,
        }
    }

    fn derive(&mut self, person: i64, is_stopping: &dyn Fn() -> bool) -> Instant {
        let began = Instant::now();
        let derived = self.figures.derive(person, is_stopping);
        let now = Instant::now();
        let mut behind = lock(&self.receiving.behind);
        match derived {
            Ok(true) => {
                behind.rest(person, now - began, now);
                let is_receiving = behind.is_receiving();
                drop(behind);
                self.signal.note_commit();
                // Uploads of others get half of the processor at least.
                return if is_receiving { now + (now - began) } else { now };
            }
            Ok(false) => behind.try_again(person, now + DERIVED_AGAIN, now),
            Err(error) => {
                behind.try_again(person, now + DERIVED_OVERTAKE, now);
                drop(behind);
                self.report(&error);
                return now + DERIVED_AGAIN;
            }
        }
        now
    }

    /// Looks for persons that are behind: everybody at first, then those of later changes.
    fn look(&mut self) {
        let now = Instant::now();
        self.look.next = now + DERIVED_LOOK;
        if lock(&self.receiving.behind).take_left_out() {
            self.look.all_after = Some(i64::MIN);
        }
        if let Err(error) = self.look_for(now) {
            self.look.next = now + DERIVED_OVERTAKE;
            self.report(&error);
        }
    }

    fn look_for(&mut self, now: Instant) -> Result<()> {
        let last = self.figures.last_number()?;
        let (scope, after) = match self.look.all_after {
            Some(after) => (Scope::All, after),
            None => (Scope::Since(self.look.numbers[1]), i64::MIN),
        };
        let people = self.figures.behind(scope, after, DERIVED_PEOPLE_PAGE)?;
        let mut behind = lock(&self.receiving.behind);
        let placed = people.iter().take_while(|person| behind.add(**person, now)).count();
        let is_complete = placed == people.len() && placed < DERIVED_PEOPLE_PAGE;
        match (scope, placed.checked_sub(1)) {
            _ if is_complete => {
                self.look.all_after = None;
                self.look.numbers = [last, self.look.numbers[0]];
            }
            (Scope::All, Some(place)) => self.look.all_after = people.get(place).copied(),
            // Too many for one look: everybody is looked at, a page at a time.
            _ => self.look.all_after = Some(after),
        }
        if !is_complete {
            self.look.next = now + DERIVED_AGAIN;
        }
        Ok(())
    }

    fn report(&mut self, error: &Error) {
        if error.kind() != ErrorKind::Cancelled
            && let Some(left_out) = self.failures.count(Instant::now())
        {
            tracing::warn!(left_out, "days and nights could not be computed; that is tried again: {error}");
        }
    }
}
