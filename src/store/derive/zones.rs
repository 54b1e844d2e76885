//! Where a person was: the timeline out of sleep and workouts that name a zone, entries by hand, and the home zone.
//!
//! The changes of zone are stored, so that only what is near new evidence is read again.

use crate::model::time::DAY_MS;
use std::collections::HashMap;

use foldhash::fast::RandomState;
use rusqlite::{Connection, Row, Rows, params};

use super::dirty::ALL;
use super::groups::is_apple;
use super::metadata::SharedTexts;
use crate::statistics::{Timeline, ZoneEvidence, ZoneId, Zones};
use crate::store::supplied::{Need, Supplied};

/// Nights that change may begin as long before what changes them, beyond the longest sleep. They know the zones that their samples name,
/// also those that are no evidence.
const NIGHTS_MS: i64 = 10 * DAY_MS;

/// How far before new evidence is read, until one piece settles the zone: a month, a year, all.
const LOOK_BACK_MS: [i64; 3] = [30 * DAY_MS, 366 * DAY_MS, i64::MAX];

const SLEEP: &str = "SELECT start_ms, source_id, metadata_id, metadata FROM samples s
    WHERE person_id = ?1 AND type_id = ?2 AND start_ms >= ?3 ORDER BY start_ms";

const WORKOUTS: &str = "SELECT start_ms, source_id, NULL, metadata FROM workouts
    WHERE person_id = ?1 AND start_ms >= ?2 ORDER BY start_ms";

/// The timeline of a person, and what new evidence has changed of it.
#[derive(Debug)]
pub(super) struct PersonZones {
    pub(super) timeline: Timeline,
    /// From when on it differs from what is stored, and the changes by evidence from then on.
    pub(super) changed: Option<(i64, Vec<(i64, String)>)>,
}

/// Evidence of a zone.
#[derive(Clone, Copy, Debug)]
struct Seen {
    start_ms: i64,
    zone: ZoneId,
    is_apple: bool,
}

/// Reads the zones of a person. Evidence is read again near `dirty_from_ms`, if there is new one. `sleep` is the type, and how long the
/// longest sample is.
pub(super) fn read(
    connection: Supplied<'_>,
    person: i64,
    sleep: Option<(i64, i64)>,
    home: Option<&str>,
    dirty_from_ms: Option<i64>,
) -> rusqlite::Result<PersonZones> {
    let mut zones = Zones::default();
    let home = home.and_then(|home| zones.add(home));
    let manual = manual(&connection, person, &mut zones)?;
    let stored = stored(&connection, person, &mut zones)?;
    let mut evidence = ZoneEvidence::default();
    match dirty_from_ms {
        Some(dirty_from_ms) => {
            let mut reader = Reader { connection, person, sleep, stored: &stored, zones: &mut zones };
            evidence = reader.evidence(dirty_from_ms)?;
        }
        None => stored.iter().for_each(|(from_ms, zone)| evidence.push(*from_ms, *zone, true)),
    }
    let found = evidence.changes(&[], None);
    let changed = first_difference(&stored, &found).map(|from_ms| {
        let behind = found.partition_point(|(at_ms, _)| *at_ms < from_ms);
        let named = found[behind..].iter().map(|(at_ms, zone)| (*at_ms, zones.name(*zone).to_owned()));
        (from_ms, named.collect())
    });
    let all = evidence.changes(&manual, home);
    Ok(PersonZones { timeline: Timeline::new(zones, home, &all), changed })
}

/// The zones of a person as they are stored.
pub(in crate::store) fn timeline(connection: &Connection, person: i64) -> rusqlite::Result<Timeline> {
    let sql = "SELECT coalesce((SELECT zone FROM home_zones WHERE person_id = ?1),
        (SELECT home FROM derived_state WHERE person_id = ?1))";
    let home: Option<String> = connection.prepare_cached(sql)?.query_row([person], |row| row.get(0))?;
    // Only the survey of evidence needs the type of sleep.
    Ok(read(Supplied::whole(connection), person, None, home.as_deref(), None)?.timeline)
}

/// The first instant at which two lists of changes differ. The first zone is also that of the time before it.
fn first_difference(stored: &[(i64, ZoneId)], found: &[(i64, ZoneId)]) -> Option<i64> {
    let same = stored.iter().zip(found).take_while(|(one, other)| one == other).count();
    let differing = [stored.get(same), found.get(same)];
    let first_ms = differing.into_iter().flatten().map(|(from_ms, _)| *from_ms).min()?;
    Some(if same == 0 { ALL.0 } else { first_ms })
}

fn stored(connection: &Connection, person: i64, zones: &mut Zones) -> rusqlite::Result<Vec<(i64, ZoneId)>> {
    let mut name = connection.prepare_cached("SELECT name FROM zones WHERE id = ?1")?;
    // Few zones, many changes: the name of each zone is looked up once.
    let mut known: HashMap<i64, Option<ZoneId>, RandomState> = HashMap::default();
    let sql = "SELECT from_ms, zone_id FROM zone_changes WHERE person_id = ?1 ORDER BY from_ms";
    let mut select = connection.prepare_cached(sql)?;
    let mut rows = select.query([person])?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        let id = row.get(1)?;
        let zone = match known.get(&id) {
            Some(zone) => *zone,
            None => {
                let zone = name.query_row([id], |row| Ok(zones.add(row.get_ref(0)?.as_str()?)))?;
                known.insert(id, zone);
                zone
            }
        };
        if let Some(zone) = zone {
            changes.push((row.get(0)?, zone));
        }
    }
    Ok(changes)
}

type Manual = Vec<(std::ops::Range<i64>, ZoneId)>;

fn manual(connection: &Connection, person: i64, zones: &mut Zones) -> rusqlite::Result<Manual> {
    let sql = "SELECT from_ms, coalesce(to_ms, ?2), zone FROM zone_entries WHERE person_id = ?1 ORDER BY from_ms";
    let mut select = connection.prepare_cached(sql)?;
    let mut rows = select.query(params![person, i64::MAX])?;
    let mut manual = Manual::new();
    while let Some(row) = rows.next()? {
        if let Some(zone) = zones.add(row.get_ref(2)?.as_str()?) {
            manual.push((row.get(0)?..row.get(1)?, zone));
        }
    }
    Ok(manual)
}

struct Reader<'a> {
    connection: Supplied<'a>,
    person: i64,
    /// The type of sleep, if there is any, and its longest sample.
    sleep: Option<(i64, i64)>,
    stored: &'a [(i64, ZoneId)],
    zones: &'a mut Zones,
}

impl Reader<'_> {
    /// Evidence of all time. What is long before the new one is taken from the stored changes.
    fn evidence(&mut self, dirty_from_ms: i64) -> rusqlite::Result<ZoneEvidence> {
        let mut evidence = ZoneEvidence::default();
        for back_ms in LOOK_BACK_MS {
            let from_ms = dirty_from_ms.saturating_sub(back_ms).max(ALL.0);
            let stored = self.stored;
            evidence = ZoneEvidence::default();
            for (at_ms, zone) in stored.iter().take_while(|(at_ms, _)| *at_ms < from_ms) {
                evidence.push(*at_ms, *zone, true);
            }
            // A piece of Apple's, or of the known zone, leaves no doubt.
            let mut is_settled = from_ms <= ALL.0;
            let reach_ms = self.sleep.map_or(0, |(_, longest_ms)| longest_ms.saturating_add(NIGHTS_MS));
            self.read(from_ms.saturating_sub(reach_ms).max(ALL.0), |seen| {
                if seen.start_ms < from_ms {
                    return;
                }
                let behind = stored.partition_point(|(at_ms, _)| *at_ms <= seen.start_ms);
                let known = stored[..behind].last();
                is_settled |= seen.start_ms < dirty_from_ms
                    && (seen.is_apple || known.is_some_and(|(_, zone)| *zone == seen.zone));
                evidence.push(seen.start_ms, seen.zone, seen.is_apple);
            })?;
            if is_settled {
                break;
            }
        }
        Ok(evidence)
    }

    /// Reads sleep and workouts together, in the order of their starts.
    fn read(&mut self, from_ms: i64, mut each: impl FnMut(Seen)) -> rusqlite::Result<()> {
        let (connection, person, time) = (self.connection, self.person, (from_ms, i64::MAX));
        let sleep = self.sleep.map(|(sleep, _)| sleep);
        if let Some(sleep) = sleep {
            connection.need(|| Need::samples((person, sleep), time))?;
        }
        connection.need(|| Need::starts(person, "workouts", time))?;
        let (mut sleep_rows, mut workouts) = (connection.prepare_cached(SLEEP)?, connection.prepare_cached(WORKOUTS)?);
        let (mut sleep, mut workouts) =
            (sleep_rows.query(params![self.person, sleep, from_ms])?, workouts.query([self.person, from_ms])?);
        let mut known = Known::default();
        let (mut asleep, mut active) = (self.next(&mut sleep, &mut known)?, self.next(&mut workouts, &mut known)?);
        loop {
            let is_workout = match (&asleep, &active) {
                (Some(asleep), Some(active)) => active.start_ms < asleep.start_ms,
                (None, Some(_)) => true,
                (Some(_), None) => false,
                (None, None) => return Ok(()),
            };
            let (next, rows) = if is_workout { (&mut active, &mut workouts) } else { (&mut asleep, &mut sleep) };
            if let Some(seen) = next.take() {
                each(seen);
            }
            *next = self.next(rows, &mut known)?;
        }
    }

    /// The next row that names a zone.
    fn next(&mut self, rows: &mut Rows<'_>, known: &mut Known) -> rusqlite::Result<Option<Seen>> {
        while let Some(row) = rows.next()? {
            let start_ms: i64 = row.get(0)?;
            let Some(zone) = self.zone(row, known)?.filter(|_| (ALL.0..=ALL.1).contains(&start_ms)) else {
                continue;
            };
            let source: Option<i64> = row.get(1)?;
            let is_apple = match known.sources.get(&source) {
                Some(is_apple) => *is_apple,
                None => {
                    let is_apple = is_apple(&self.connection, source)?;
                    known.sources.insert(source, is_apple);
                    is_apple
                }
            };
            return Ok(Some(Seen { start_ms, zone, is_apple }));
        }
        Ok(None)
    }

    fn zone(&mut self, row: &Row<'_>, known: &mut Known) -> rusqlite::Result<Option<ZoneId>> {
        let own = row.get_ref(3)?.as_str_or_null().ok().flatten();
        let metadata = known.texts.read(&self.connection, row.get(2)?, own)?;
        Ok(metadata.zone().and_then(|name| self.zones.add(name)))
    }
}

/// What was read of texts.
#[derive(Debug, Default)]
struct Known {
    texts: SharedTexts,
    sources: HashMap<Option<i64>, bool, RandomState>,
}
