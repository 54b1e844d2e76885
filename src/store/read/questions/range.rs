//! Whose rows, of which time: a person by name, local dates or instants, the zone that dates are in.

use std::sync::Arc;

use super::reader::{Snapshot, Unanswered};
use crate::model::time::HOUR_MS;
use crate::statistics::{INSTANTS_MS, LocalDay, Timeline, Zones};
use crate::store::derive::{Standing, standing};
use crate::store::lookup::find_person;

/// A local date or an instant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Moment {
    /// The start of a local day.
    Day(LocalDay),
    /// An instant, in milliseconds since 1970 UTC.
    Instant(i64),
    /// The start of the local day that is so many days before today; of one that follows for a negative number.
    DaysAgo(i32),
}

/// A half-open range of time of a person.
#[derive(Clone, Debug, Default)]
pub struct Range {
    /// Whose.
    pub person: String,
    /// The first moment; from the beginning if none.
    pub from: Option<Moment>,
    /// The moment behind the last one; to the end if none.
    pub to: Option<Moment>,
    /// The zone that dates are in; the one that the person was in if none.
    pub zone: Option<String>,
}

/// A range with the person's id and zones.
#[derive(Debug)]
pub(super) struct Located {
    pub(super) person: i64,
    pub(super) timeline: Arc<Timeline>,
    /// The first instant, and the one behind the last.
    pub(super) from_ms: i64,
    pub(super) to_ms: i64,
}

impl Range {
    /// Looks the person and the zones up.
    pub(super) fn locate(&self, snapshot: &Snapshot<'_>) -> Result<Located, Unanswered> {
        let person = person(snapshot, &self.person)?;
        let mut zones = Zones::default();
        let timeline = match self.zone.as_deref().map(|zone| zones.add(zone)) {
            Some(Some(zone)) => Arc::new(Timeline::new(zones, Some(zone), &[])),
            Some(None) => {
                return Err(Unanswered::Parameter("tz", "a time zone of the tz database, as Europe/Berlin".to_owned()));
            }
            None => snapshot.timeline(person)?,
        };
        let instant = |moment: Option<Moment>, none: i64| match moment {
            None => none,
            Some(Moment::Day(day)) => timeline.day_start_ms(day),
            Some(Moment::Instant(at_ms)) => at_ms,
            Some(Moment::DaysAgo(days)) => {
                let today = timeline.day_of(snapshot.now_ms).days();
                timeline.day_start_ms(LocalDay::new(today.saturating_sub(days)))
            }
        };
        let from_ms = instant(self.from, INSTANTS_MS.start).max(INSTANTS_MS.start);
        let to_ms = instant(self.to, INSTANTS_MS.end).min(INSTANTS_MS.end);
        Ok(Located { person, timeline, from_ms, to_ms })
    }
}

impl Located {
    /// The first local day, and the one behind the last.
    pub(super) fn days(&self) -> (LocalDay, LocalDay) {
        let first = self.timeline.day_of(self.from_ms);
        let last = self.timeline.day_of(self.to_ms.saturating_sub(1).max(self.from_ms.saturating_sub(1)));
        (first, if self.to_ms <= self.from_ms { first } else { last.next() })
    }

    /// The name of the zone at the end of the range, or now; `None` if nothing is known.
    pub(super) fn zone(&self, now_ms: i64) -> Option<&str> {
        let at_ms = self.to_ms.saturating_sub(1).min(now_ms);
        self.timeline.is_known().then(|| self.timeline.zones().name(self.timeline.zone_at(at_ms)))
    }
}

/// The id of a person.
pub(super) fn person(snapshot: &Snapshot<'_>, name: &str) -> Result<i64, Unanswered> {
    find_person(snapshot.connection, name)?
        .ok_or_else(|| Unanswered::Parameter("person", "a name that /api/v1/people lists".to_owned()))
}

/// Whether derived figures of a person do not know the last change yet, or were made in another way than now.
pub(super) fn is_stale(snapshot: &Snapshot<'_>, person: i64) -> Result<bool, Unanswered> {
    Ok(standing(snapshot.connection, person)? != Standing::Current)
}

/// What answers about a person depend on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PersonState {
    /// Whether derived figures do not know the last change yet.
    pub is_stale: bool,
    /// A digest of all that an answer depends on.
    pub tag: String,
}

/// A person's date, and where it is that date.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Today {
    /// The local date.
    pub day: LocalDay,
    /// The zone; UTC if nothing is known.
    pub zone: String,
}

impl Snapshot<'_> {
    /// Returns the date of a person's clocks.
    ///
    /// # Errors
    ///
    /// If the person is unknown, or the database cannot be read.
    pub fn today(&self, name: &str) -> Result<Today, Unanswered> {
        let timeline = self.timeline(person(self, name)?)?;
        let zone = timeline.zones().name(timeline.zone_at(self.now_ms)).to_owned();
        Ok(Today { day: timeline.day_of(self.now_ms), zone })
    }

    /// Returns what answers depend on: the person's last change, when and how figures were made, when characteristics were sent,
    /// the local hour, this program's version, and `parts` of the question. After an older copy is restored, changes have the
    /// same numbers again, but not the computations.
    ///
    /// # Errors
    ///
    /// If the person is unknown, or the database cannot be read.
    pub fn state(&self, name: &str, parts: &[&str]) -> Result<PersonState, Unanswered> {
        let person = person(self, name)?;
        let sql = "SELECT coalesce((SELECT max(number) FROM changes WHERE person_id = ?1), 0),
            (SELECT concat_ws('|', change, rules, tzdb, home, run) FROM derived_state WHERE person_id = ?1),
            (SELECT concat_ws('|', count(*), max(last_seen_ms), total(first_seen_ms)) FROM characteristics WHERE person_id = ?1)";
        let mut select = self.connection.prepare_cached(sql)?;
        let (newest, derived, seen): (i64, Option<String>, String) =
            select.query_row([person], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        // Hours, days and nights are over at a full hour of local clocks.
        let timeline = self.timeline(person)?;
        let hour = timeline.zones().local_ms(timeline.zone_at(self.now_ms), self.now_ms).div_euclid(HOUR_MS);
        let version = env!("CARGO_PKG_VERSION");
        let own = format!("{name}\n{newest}\n{}\n{seen}\n{hour}\n{version}", derived.unwrap_or_default());
        let mut hasher = blake3::Hasher::new();
        for part in [own.as_str()].iter().chain(parts) {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let tag = hasher.finalize().to_hex()[..TAG_LETTERS].to_owned();
        Ok(PersonState { is_stale: is_stale(self, person)?, tag })
    }
}

/// Hexadecimal digits of a tag: 64 bits.
const TAG_LETTERS: usize = 16;

#[cfg(test)]
mod tests {
    use super::super::reader::QuestionReader;
    use super::*;
    use crate::model::limits::QUESTION_TIME_MAX;
    use crate::store::{Database, Store};

    #[test]
    fn a_tag_lasts_for_an_hour_of_local_clocks() {
        const HALF_MS: i64 = HOUR_MS / 2;
        let file = tempfile::NamedTempFile::new().unwrap();
        let database = Database::new(file.path());
        let store = Store::open(&database).unwrap();
        let reader = QuestionReader::new(database);
        let tag = |now_ms| reader.read((now_ms, QUESTION_TIME_MAX), |snapshot| snapshot.state("me", &[])).unwrap().tag;
        assert_eq!(tag(0), tag(HOUR_MS - 1));
        assert_ne!(tag(0), tag(HOUR_MS));
        store.connection.execute("INSERT INTO home_zones VALUES (1, 'Asia/Kolkata')", []).unwrap();
        assert_eq!(tag(HALF_MS), tag(HOUR_MS + HALF_MS - 1));
        assert_ne!(tag(0), tag(HALF_MS), "there a night is over at half past six of UTC");
        let characteristic = "INSERT INTO characteristics VALUES (1, ?1, '1', 5, 5)";
        let before = tag(0);
        store.connection.execute(characteristic, ["a"]).unwrap();
        let one = tag(0);
        store.connection.execute(characteristic, ["b"]).unwrap();
        assert!(before != one && one != tag(0), "also of rows that were sent together");
    }
}
