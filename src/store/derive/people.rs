//! Whose derived tables are behind the changes.

use rusqlite::{Connection, Row};

use crate::statistics::Zones;
use crate::statistics::rules::RULES_VERSION;

/// A person whose derived tables are not current.
#[derive(Debug)]
pub(super) struct Behind {
    pub(super) person: i64,
    /// The last change of the person.
    pub(super) newest: i64,
    /// The change that the tables know; `None` if all is computed from nothing.
    pub(super) known: Option<i64>,
    /// The change up to which its samples are surveyed, if that is known.
    pub(super) surveyed: Option<i64>,
    /// The zone without evidence.
    pub(super) home: Option<String>,
}

/// Lists them. `home` is the zone of persons who have no home zone.
pub(super) fn behind(connection: &Connection, home: Option<&str>) -> rusqlite::Result<Vec<Behind>> {
    let sql = "SELECT p.id, c.newest, s.change, s.rules, s.tzdb, s.home, h.zone FROM persons p
        LEFT JOIN (SELECT person_id, max(number) AS newest FROM changes GROUP BY person_id) c ON c.person_id = p.id
        LEFT JOIN derived_state s ON s.person_id = p.id
        LEFT JOIN home_zones h ON h.person_id = p.id
        WHERE c.newest IS NOT NULL OR s.person_id IS NOT NULL ORDER BY p.id";
    let mut select = connection.prepare_cached(sql)?;
    let read = |row: &Row<'_>| {
        let (newest, change): (Option<i64>, Option<i64>) = (row.get(1)?, row.get(2)?);
        let (rules, tzdb): (Option<u32>, Option<String>) = (row.get(3)?, row.get(4)?);
        let (former, stored): (Option<String>, Option<String>) = (row.get(5)?, row.get(6)?);
        let home = stored.or_else(|| home.map(str::to_owned));
        let is_of_these_rules =
            rules == Some(RULES_VERSION) && tzdb.as_deref() == Some(Zones::version()) && former == home;
        let known = change.filter(|_| is_of_these_rules);
        // Another zone makes other days of the same samples. A run that has not ended knows nothing.
        let surveyed = change.filter(|change| *change > 0 && rules == Some(RULES_VERSION));
        Ok(Behind { person: row.get(0)?, newest: newest.or(change).unwrap_or(0), known, surveyed, home })
    };
    let people = select.query_map([], read)?;
    people
        .filter(|person| person.as_ref().map_or(true, |person| person.known.is_none_or(|known| known < person.newest)))
        .collect()
}

/// How the derived tables of a person stand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::store) enum Standing {
    /// They know its last change.
    Current,
    /// They do not, or were made in another way than they are now.
    Behind,
    /// A newer version of the program has made them.
    Newer,
}

/// Returns how the derived tables of a person stand. A home zone that was only given to a command or a server is not compared.
pub(in crate::store) fn standing(connection: &Connection, person: i64) -> rusqlite::Result<Standing> {
    let sql = "SELECT c.newest, s.change, s.rules, s.tzdb, h.zone IS NULL OR h.zone IS s.home
        FROM (SELECT max(number) AS newest FROM changes WHERE person_id = ?1) c
        LEFT JOIN derived_state s ON s.person_id = ?1 LEFT JOIN home_zones h ON h.person_id = ?1";
    connection.prepare_cached(sql)?.query_row([person], |row| {
        let (newest, known): (Option<i64>, Option<i64>) = (row.get(0)?, row.get(1)?);
        let (rules, tzdb): (Option<u32>, Option<String>) = (row.get(2)?, row.get(3)?);
        let made_in = (rules, tzdb.as_deref());
        let now = (Some(RULES_VERSION), Some(Zones::version()));
        if made_in > now {
            return Ok(Standing::Newer);
        }
        let is_made_now = made_in == now && row.get(4)?;
        let is_behind =
            known.map_or(newest.is_some(), |known| !is_made_now || newest.is_some_and(|newest| known < newest));
        Ok(if is_behind { Standing::Behind } else { Standing::Current })
    })
}
