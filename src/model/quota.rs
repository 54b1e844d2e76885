//! A token's quota of bytes and rejects for a day, and the count of what its uploads under way take of it. Days are those of UTC.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};

use super::error::{Error, ErrorKind, Result};
use super::lock::lock;
use super::time::DAY_MS;

/// The limits of a token's uploads on a day; `None` for any number.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Quota {
    /// Bytes of bodies, after decompression.
    pub bytes: Option<u64>,
    /// Elements that are rejected.
    pub rejects: Option<u64>,
}

/// The use of a token's uploads on their last day.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Usage {
    /// The day, counted from 1970.
    pub day: i64,
    /// Bytes of bodies.
    pub bytes: u64,
    /// Rejects.
    pub rejects: u64,
}

/// A quota that limits something, and what of it is used.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Allowance {
    /// The quota.
    pub quota: Quota,
    /// The use by uploads that have ended.
    pub usage: Usage,
}

/// The use of a token on a day while uploads overlap: it only grows, so an upload that ends between two others is not
/// forgotten.
#[derive(Debug)]
struct Account {
    day: i64,
    /// The use before them.
    before: Counter,
    taken: Counter,
}

#[derive(Debug, Default)]
struct Counter {
    bytes: AtomicU64,
    rejects: AtomicU64,
}

/// The accounts of tokens with uploads under way.
#[derive(Debug, Default)]
pub struct Accounts(Mutex<HashMap<i64, Weak<Account>>>);

/// Counts what an upload takes, and refuses what is over the quota.
#[derive(Debug)]
pub struct Meter {
    quota: Quota,
    account: Arc<Account>,
}

/// The day of a time, counted from 1970.
#[must_use]
pub fn day_of(at_ms: i64) -> i64 {
    at_ms.div_euclid(DAY_MS)
}

/// Seconds from a time to the end of its day, rounded up.
#[must_use]
pub fn seconds_left(at_ms: i64) -> u64 {
    (DAY_MS - at_ms.rem_euclid(DAY_MS)).unsigned_abs().div_ceil(1000)
}

impl Quota {
    /// Whether it limits nothing.
    #[must_use]
    pub fn is_unlimited(self) -> bool {
        self == Self::default()
    }
}

impl Usage {
    /// The use on a day.
    #[must_use]
    pub fn on(self, day: i64) -> Self {
        if self.day == day { self } else { Self { day, ..Self::default() } }
    }
}

impl Accounts {
    /// Begins to count an upload of a token. `body_bytes` is the least length of its body, as far as that is known.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooLarge`] if the body is longer than the quota of a whole day, [`ErrorKind::Quota`] if the day's quota does not
    /// suffice.
    pub fn begin(&self, token: i64, allowance: Allowance, body_bytes: u64, now_ms: i64) -> Result<Meter> {
        let Allowance { quota, usage } = allowance;
        let meter = Meter { quota, account: self.account(token, usage.on(day_of(now_ms))) };
        if let Some(most) = quota.bytes {
            if body_bytes > most {
                let message = format!(
                    "the body is longer than the {most} bytes that this token may send in a day; choose a shorter time range in the app"
                );
                return Err(Error::new(ErrorKind::TooLarge, message));
            }
            let used = meter.account.used(|counter| &counter.bytes);
            if used >= most || body_bytes > most - used {
                return Err(over_bytes(most));
            }
        }
        match quota.rejects {
            Some(most) if meter.account.used(|counter| &counter.rejects) >= most => Err(over_rejects(most)),
            _ => Ok(meter),
        }
    }

    fn account(&self, token: i64, usage: Usage) -> Arc<Account> {
        let mut accounts = lock(&self.0);
        if let Some(account) = accounts.get(&token).and_then(Weak::upgrade).filter(|account| account.day == usage.day) {
            account.note(usage);
            return account;
        }
        accounts.retain(|_, account| account.strong_count() > 0);
        let before = Counter { bytes: usage.bytes.into(), rejects: usage.rejects.into() };
        let account = Arc::new(Account { day: usage.day, before, taken: Counter::default() });
        accounts.insert(token, Arc::downgrade(&account));
        account
    }
}

impl Account {
    /// Notes what is stored as used: other receivers may have added to it.
    fn note(&self, stored: Usage) {
        let note = |before: &AtomicU64, taken: &AtomicU64, stored: u64| {
            before.fetch_max(stored.saturating_sub(taken.load(Ordering::Relaxed)), Ordering::Relaxed);
        };
        note(&self.before.bytes, &self.taken.bytes, stored.bytes);
        note(&self.before.rejects, &self.taken.rejects, stored.rejects);
    }

    fn used(&self, of: impl Fn(&Counter) -> &AtomicU64) -> u64 {
        let [before, taken] = [&self.before, &self.taken].map(|counter| of(counter).load(Ordering::Relaxed));
        before.saturating_add(taken)
    }
}

impl Meter {
    /// Counts bytes of the body that were read.
    pub fn take_bytes(&self, bytes: u64) {
        self.account.taken.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts rejects.
    pub fn take_rejects(&self, rejects: u64) {
        self.account.taken.rejects.fetch_add(rejects, Ordering::Relaxed);
    }

    /// Fails if more was taken than the day has.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Quota`].
    pub fn check(&self) -> Result<()> {
        let is_over = |most: Option<u64>, used: u64| most.filter(|most| used > *most);
        if let Some(most) = is_over(self.quota.bytes, self.account.used(|counter| &counter.bytes)) {
            return Err(over_bytes(most));
        }
        let over = is_over(self.quota.rejects, self.account.used(|counter| &counter.rejects));
        over.map_or(Ok(()), |most| Err(over_rejects(most)))
    }
}

fn over_bytes(most: u64) -> Error {
    let message =
        format!("this token may send {most} bytes a day, and they are used up; send again after midnight UTC");
    Error::new(ErrorKind::Quota, message)
}

fn over_rejects(most: u64) -> Error {
    let message = format!(
        "this token's records were rejected {most} times today, which is its limit; look at the rejects, or send again after midnight UTC"
    );
    Error::new(ErrorKind::Quota, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 10 * DAY_MS + DAY_MS / 2;

    fn begin(accounts: &Accounts, quota: Quota, usage: Usage, body_bytes: u64) -> Result<Meter, ErrorKind> {
        accounts.begin(7, Allowance { quota, usage }, body_bytes, NOON).map_err(|error| error.kind())
    }

    #[test]
    fn a_day_has_its_quota_and_the_next_one_another() {
        let quota = Quota { bytes: Some(100), rejects: Some(5) };
        let check = |day: i64, bytes: u64, rejects: u64, body: u64, expected: Option<ErrorKind>| {
            let begun = begin(&Accounts::default(), quota, Usage { day, bytes, rejects }, body);
            assert_eq!(begun.err(), expected, "{day} {bytes} {rejects} {body}");
        };
        check(10, 0, 0, 100, None);
        check(10, 99, 4, 1, None);
        check(10, 99, 4, 2, Some(ErrorKind::Quota));
        check(10, 100, 0, 0, Some(ErrorKind::Quota));
        check(10, 0, 5, 0, Some(ErrorKind::Quota));
        check(9, 100, 5, 100, None);
        // The clock was set back: that day's figures are not today's.
        check(11, 100, 5, 100, None);
        check(10, 0, 0, 101, Some(ErrorKind::TooLarge));
        let usage = Usage { day: 10, bytes: u64::MAX, rejects: 9 };
        let unlimited = begin(&Accounts::default(), Quota::default(), usage, 1);
        assert!(unlimited.is_ok_and(|meter| meter.check().is_ok()));
    }

    #[test]
    fn uploads_that_overlap_share_what_is_left() {
        let (accounts, quota) = (Accounts::default(), Quota { bytes: Some(100), rejects: Some(1) });
        let stored = |bytes| Usage { day: 10, bytes, rejects: 0 };
        let [first, second] = [(); 2].map(|()| begin(&accounts, quota, stored(40), 0).unwrap());
        first.take_bytes(30);
        second.take_bytes(30);
        assert!(first.check().is_ok() && second.check().is_ok());
        assert_eq!(begin(&accounts, quota, stored(40), 0).err(), Some(ErrorKind::Quota));
        second.take_bytes(1);
        assert_eq!(first.check().unwrap_err().kind(), ErrorKind::Quota);
        // An upload that has ended counts, whether the look-up before showed it or not.
        drop(second);
        for bytes in [40, 71, 101] {
            assert_eq!(begin(&accounts, quota, stored(bytes), 0).err(), Some(ErrorKind::Quota), "{bytes}");
        }
        assert_eq!(first.check().unwrap_err().kind(), ErrorKind::Quota);
        drop(first);
        let third = begin(&accounts, quota, stored(40), 60).unwrap();
        third.take_rejects(2);
        assert!(third.check().unwrap_err().message().contains("rejected 1 times"));
        drop(third);
        assert_eq!(begin(&accounts, quota, stored(101), 0).err(), Some(ErrorKind::Quota));
        // Another receiver has stored more meanwhile.
        let fourth = begin(&accounts, quota, stored(0), 0).unwrap();
        fourth.take_bytes(20);
        assert!(begin(&accounts, quota, stored(90), 0).is_ok() && fourth.check().is_ok());
        assert_eq!(begin(&accounts, quota, stored(120), 0).err(), Some(ErrorKind::Quota));
    }

    #[test]
    fn days_end_at_midnight() {
        assert_eq!([day_of(-1), day_of(0), day_of(DAY_MS - 1), day_of(NOON)], [-1, 0, 0, 10]);
        assert_eq!(
            [seconds_left(0), seconds_left(DAY_MS - 1), seconds_left(-1), seconds_left(NOON)],
            [86_400, 1, 1, 43_200]
        );
    }
}
