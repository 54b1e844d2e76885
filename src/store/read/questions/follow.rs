//! What programs that follow the data ask: what was changed behind a number, for whom, and whether figures have changed with it.
//!
//! The numbers of `changes` only rise. Old entries are compacted into one for each person, kind and type, which covers them all:
//! so no number is too old to go on from. Only after an older copy was restored, numbers begin again.

use std::sync::Arc;

use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::range::person;
use super::reader::{Snapshot, Unanswered};
use crate::model::limits::{FOLLOW_CHANGES_MAX, FOLLOW_GROUPS_MAX, FOLLOWED_PAGE};
use crate::statistics::Timeline;
use crate::store::tables::ChangeKind;

/// The state of a database for those that follow it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Followed {
    /// The last change; 0 if none.
    pub newest: i64,
    /// The last upload that is done, and when it began. A database with another history does not have it.
    pub mark: Option<(i64, i64)>,
    /// The next persons with data, by their numbers; a full page if there may be more.
    pub people: Vec<FollowedPerson>,
}

/// A person with data.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FollowedPerson {
    /// The number of the person, which stays when the name changes.
    pub id: i64,
    /// The name.
    pub name: String,
    /// The last change up to which the figures are current; `None` if there are no figures yet.
    pub figures: Option<i64>,
    /// The number of the computation that has made the figures; each has another one.
    pub run: i64,
}

/// An entry of `changes`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// Its number.
    pub number: i64,
    /// The number of the person.
    pub person: i64,
    /// The table of the rows, or that figures are made in another way, or that any row may be gone.
    pub kind: ChangeKind,
    /// HealthKit's identifier of the rows' type; `None` for rows without a type, and for those of all types.
    pub identifier: Option<String>,
    /// The first start and the last end of the rows; `None` if all may have changed.
    pub span_ms: Option<(i64, i64)>,
    /// Whether rows were removed or replaced.
    pub is_removed: bool,
}

/// What figures of all days depend on.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct FigureRules {
    /// A digest of rules and zones.
    pub base: String,
    /// Digests of the keys of source groups, the best one first; none if they are so many that `base` has them.
    pub groups: Vec<String>,
}

impl FigureRules {
    /// Whether figures that were made by earlier rules are still what these make: nothing differs but groups that are new or gone.
    #[must_use]
    pub fn agree_with(&self, earlier: &Self) -> bool {
        let known = self.groups.iter().filter(|group| earlier.groups.contains(group));
        let left = earlier.groups.iter().filter(|group| self.groups.contains(group));
        self.base == earlier.base && known.eq(left)
    }
}

/// Everybody with rows. A person whose data was given to another one, or forgotten, has none. The changes have no index by person, so
/// they are read once, not for each.
const PEOPLE: &str = "WITH own AS MATERIALIZED (SELECT person_id, max(number) AS number FROM changes WHERE person_id > ?1 GROUP BY person_id)
    SELECT p.id, p.name, s.change, coalesce(s.run, 0), c.number
    FROM persons p LEFT JOIN own c ON c.person_id = p.id LEFT JOIN derived_state s ON s.person_id = p.id
    WHERE p.id > ?1 AND (c.number IS NOT NULL OR EXISTS (SELECT 1 FROM sample_origins o WHERE o.person_id = p.id)
      OR EXISTS (SELECT 1 FROM workouts w WHERE w.person_id = p.id))
    ORDER BY p.id LIMIT ?2";

const MARK: &str = "SELECT id, started_ms FROM uploads WHERE state = 'done' ORDER BY id DESC LIMIT 1";

const CHANGES: &str = "SELECT c.number, c.person_id, c.kind, t.name, c.from_ms, c.to_ms, c.removed
    FROM changes c LEFT JOIN types t ON t.id = c.type_id
    WHERE c.number > ?1 AND c.number <= ?2 AND (?3 IS NULL OR c.person_id = ?3) ORDER BY c.number LIMIT ?4";

const GROUPS: &str =
    "SELECT key, CASE class WHEN 'manual' THEN 0 WHEN 'gym' THEN 1 WHEN 'watch' THEN 2 WHEN 'phone' THEN 3
      WHEN 'app' THEN 4 ELSE 5 END AS place
    FROM source_groups WHERE person_id = ?1 ORDER BY place, first_ms DESC, key";

/// Digits of a digest: 32 bits are enough among the sources of a person, 64 for the rest.
const GROUP_DIGITS: usize = 8;
const BASE_DIGITS: usize = 16;

impl Snapshot<'_> {
    /// Returns who has data behind a person's number, and up to which change: a page.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn followed(&self, behind: i64) -> Result<Followed, Unanswered> {
        let newest: Option<i64> =
            self.connection.prepare_cached("SELECT max(number) FROM changes")?.query_row([], |row| row.get(0))?;
        let newest = newest.unwrap_or(0).min(self.settled().unwrap_or(i64::MAX));
        let mark =
            self.connection.prepare_cached(MARK)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let mut select = self.connection.prepare_cached(PEOPLE)?;
        let people = select.query_map([behind, FOLLOWED_PAGE as i64], |row| {
            let (known, own): (Option<i64>, Option<i64>) = (row.get(2)?, row.get(4)?);
            // Figures that know a person's last change know that nothing else has changed.
            let is_current = known.is_some_and(|known| own.is_none_or(|own| own <= known));
            let figures = if is_current { Some(newest) } else { known };
            Ok(FollowedPerson { id: row.get(0)?, name: row.get(1)?, figures, run: row.get(3)? })
        })?;
        Ok(Followed { newest, mark, people: people.collect::<rusqlite::Result<_>>()? })
    }

    /// Whether the ledger has an upload as it was: a database with another history has not.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn has_mark(&self, (id, started_ms): (i64, i64)) -> Result<bool, Unanswered> {
        let sql = "SELECT 1 FROM uploads WHERE id = ?1 AND started_ms = ?2";
        Ok(self.connection.prepare_cached(sql)?.exists([id, started_ms])?)
    }

    /// Returns changes of one person or of all behind a number, up to another one: the first ones, in their order.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn changes(
        &self,
        (behind, until): (i64, i64),
        person: Option<i64>,
        max: usize,
    ) -> Result<Vec<Change>, Unanswered> {
        let mut select = self.connection.prepare_cached(CHANGES)?;
        let changes = select.query_map(params![behind, until, person, max as i64], |row| {
            let span_ms: (Option<i64>, Option<i64>) = (row.get(4)?, row.get(5)?);
            Ok(Change {
                number: row.get(0)?,
                person: row.get(1)?,
                kind: ChangeKind::of(row.get_ref(2)?.as_str()?),
                identifier: row.get(3)?,
                span_ms: span_ms.0.zip(span_ms.1),
                is_removed: row.get(6)?,
            })
        })?;
        Ok(changes.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns HealthKit's identifiers of the types that a person has or had samples of.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn identifiers(&self, person: i64) -> Result<Vec<String>, Unanswered> {
        let sql = "SELECT t.name FROM (SELECT DISTINCT type_id FROM sample_origins WHERE person_id = ?1) o
            JOIN types t ON t.id = o.type_id ORDER BY t.id";
        let mut select = self.connection.prepare_cached(sql)?;
        let names = select.query_map([person], |row| row.get(0))?;
        Ok(names.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns HealthKit's identifiers of all types that anybody has or had.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn all_identifiers(&self) -> Result<Vec<String>, Unanswered> {
        let mut select = self.connection.prepare_cached("SELECT name FROM types ORDER BY id LIMIT ?1")?;
        let names = select.query_map([FOLLOW_CHANGES_MAX as i64], |row| row.get(0))?;
        Ok(names.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns what a person's figures of all days depend on.
    ///
    /// # Errors
    ///
    /// If the database cannot be read.
    pub fn figure_rules(&self, person: i64) -> Result<FigureRules, Unanswered> {
        let mut hasher = blake3::Hasher::new();
        let sql = "SELECT concat_ws('|', rules, tzdb, home) FROM derived_state WHERE person_id = ?1";
        let state: Option<String> =
            self.connection.prepare_cached(sql)?.query_row([person], |row| row.get(0)).optional()?;
        hasher.update(state.unwrap_or_default().as_bytes());
        let sql = "SELECT from_ms, zone_id FROM zone_changes WHERE person_id = ?1 ORDER BY from_ms";
        let mut select = self.connection.prepare_cached(sql)?;
        let mut rows = select.query([person])?;
        while let Some(row) = rows.next()? {
            let (from_ms, zone): (i64, i64) = (row.get(0)?, row.get(1)?);
            hasher.update(&from_ms.to_le_bytes());
            hasher.update(&zone.to_le_bytes());
        }
        let mut select = self.connection.prepare_cached(GROUPS)?;
        let groups = select.query_map([person], |row| {
            let key: String = row.get(0)?;
            Ok(blake3::hash(key.as_bytes()).to_hex()[..GROUP_DIGITS].to_owned())
        })?;
        let mut groups: Vec<String> = groups.collect::<rusqlite::Result<_>>()?;
        if groups.len() > FOLLOW_GROUPS_MAX {
            // A new one among so many is taken for another order, which only costs time.
            groups.drain(..).for_each(|group| _ = hasher.update(group.as_bytes()));
        }
        Ok(FigureRules { base: hasher.finalize().to_hex()[..BASE_DIGITS].to_owned(), groups })
    }

    /// Returns the zones that a person was in: where local days begin.
    ///
    /// # Errors
    ///
    /// If the person is unknown, or the database cannot be read.
    pub fn zones_of(&self, name: &str) -> Result<Arc<Timeline>, Unanswered> {
        Ok(self.timeline(person(self, name)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::reader::QuestionReader;
    use super::*;
    use crate::model::limits::QUESTION_TIME_MAX;
    use crate::store::{Database, Store};

    #[test]
    fn new_and_gone_groups_change_no_figure_and_another_order_does() {
        let rules = |base: &str, groups: &[&str]| FigureRules {
            base: base.to_owned(),
            groups: groups.iter().map(|&group| group.to_owned()).collect(),
        };
        let earlier = rules("1", &["watch", "phone"]);
        let check = |now: FigureRules, expected| assert_eq!(now.agree_with(&earlier), expected, "{now:?}");
        check(rules("1", &["watch", "phone"]), true);
        check(rules("1", &["ring", "watch", "app", "phone"]), true);
        check(rules("1", &["phone", "watch"]), false);
        check(rules("1", &["watch"]), true);
        check(rules("1", &["ring", "phone"]), true);
        check(rules("2", &["watch", "phone"]), false);
    }

    #[test]
    fn the_state_and_the_changes_behind_a_number() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let database = Database::new(file.path());
        let store = Store::open(&database).unwrap();
        let reader = QuestionReader::new(database);
        let followed = || reader.read((0, QUESTION_TIME_MAX), |snapshot| snapshot.followed(0)).unwrap();
        assert_eq!(followed(), Followed::default(), "nobody has data");
        store
            .connection
            .execute_batch(
                "INSERT INTO persons VALUES (2, 'anna'), (3, 'nobody');
                INSERT INTO types VALUES (7, 'HKQuantityTypeIdentifierStepCount');
                INSERT INTO changes VALUES (5, 1, 'samples', 7, 10, 20, 0), (6, 2, 'workouts', NULL, 1, 2, 1), (9, 1, 'rules', NULL, NULL, NULL, 1);
                INSERT INTO uploads (id, person_id, state, origin, started_ms) VALUES (1, 1, 'done', 'http', 77), (2, 1, 'running', 'http', 78);
                INSERT INTO derived_state VALUES (1, 5, 1, '', NULL, 11), (2, 6, 1, '', NULL, 12)",
            )
            .unwrap();
        let state = followed();
        assert_eq!((state.newest, state.mark), (9, Some((1, 77))));
        let people: Vec<_> = state.people.iter().map(|person| (person.id, person.figures, person.run)).collect();
        assert_eq!(people, [(1, Some(5), 11), (2, Some(9), 12)], "figures of the second know all that it has");
        let changes = |range, person| {
            let read = reader.read((0, QUESTION_TIME_MAX), |snapshot| snapshot.changes(range, person, 2)).unwrap();
            read.iter().map(|change| (change.number, change.span_ms, change.is_removed)).collect::<Vec<_>>()
        };
        assert_eq!(changes((0, 9), None), [(5, Some((10, 20)), false), (6, Some((1, 2)), true)]);
        assert_eq!(changes((5, 9), Some(1)), [(9, None, true)]);
        assert_eq!(changes((5, 8), Some(1)), []);
        let has = |mark| reader.read((0, QUESTION_TIME_MAX), |snapshot| snapshot.has_mark(mark)).unwrap();
        assert_eq!([has((1, 77)), has((1, 76)), has((3, 77))], [true, false, false]);
    }
}
