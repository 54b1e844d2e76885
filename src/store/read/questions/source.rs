//! Sources: by name or key, what they add to a day, and those whose samples count.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};

use super::period::Figure;
use super::range::is_stale;
use super::reader::{Snapshot, Unanswered};
use crate::model::limits::{
    QUESTION_SOURCES_KNOWN_MAX, QUESTION_SOURCES_MAX, SOURCE_GROUPS_MAX, SOURCE_NAME_BYTES_MAX, SOURCES_NAMED_MAX,
};
use crate::statistics::{LevelPeriod, LocalDay, Method};
use crate::store::derive::{StoredPart, group_key};

/// The sources with a name, such as an old and a new phone, or the one with a key.
#[derive(Debug)]
pub(super) struct NamedSources {
    /// The ids of their groups.
    ids: Vec<i64>,
    /// What they are called; empty if there are none yet.
    pub(super) name: String,
}

impl NamedSources {
    /// Finds them. Fails if there are none, unless figures are stale: the source may be new.
    pub(super) fn find(snapshot: &Snapshot<'_>, person: i64, text: &str, is_stale: bool) -> Result<Self, Unanswered> {
        let sql = "SELECT id, replace(name, char(160), ' ') FROM source_groups
            WHERE person_id = ?1 AND (key = ?2 OR replace(name, char(160), ' ') = ?2) ORDER BY id LIMIT ?3";
        let most = i64::try_from(SOURCE_GROUPS_MAX).unwrap_or(i64::MAX);
        let mut select = snapshot.connection.prepare_cached(sql)?;
        let found = select.query_map(params![person, text, most], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let found: Vec<(i64, String)> = found.collect::<rusqlite::Result<_>>()?;
        let (ids, names): (Vec<i64>, Vec<String>) = found.into_iter().unzip();
        if ids.is_empty() && !is_stale {
            return Err(Unanswered::Parameter("source", known(snapshot, person)?));
        }
        Ok(Self { ids, name: names.into_iter().next().unwrap_or_default() })
    }

    /// What they add to a day: all of it, a part, or nothing. A day has one group, or several parts.
    pub(super) fn share(
        &self,
        method: Method,
        whole: Figure,
        group: Option<i64>,
        parts: &[StoredPart],
    ) -> Option<Figure> {
        let is_own = |group: i64| self.ids.contains(&group);
        if let Some(group) = group {
            return is_own(group).then_some(whole);
        }
        let own: Vec<&StoredPart> = parts.iter().filter(|part| is_own(part.group)).collect();
        if own.is_empty() {
            return None;
        }
        if own.len() == parts.len() {
            return Some(whole);
        }
        let samples = own.iter().fold(0_i64, |sum, part| sum.saturating_add(part.count));
        let covered_ms = own.iter().fold(0_i64, |sum, part| sum.saturating_add(part.covered_ms));
        Some(Figure {
            value: joined(method, &own),
            samples,
            covered_ms: Some(covered_ms),
            minimum: None,
            maximum: None,
            last: None,
            time_weighted: None,
        })
    }
}

/// Separates a person's samples of the sources with a name, a bundle or a key from others. It looks at the sources of these samples only:
/// what other people have changes neither the answer nor what it costs.
#[derive(Debug)]
pub(super) struct SourceFilter {
    text: String,
    /// What is known of sources, and of the last one.
    known: BTreeMap<i64, bool>,
    last: Option<(Option<i64>, bool)>,
}

impl SourceFilter {
    /// Fails if the person has no such source, unless figures are stale: the source may be new.
    pub(super) fn new(snapshot: &Snapshot<'_>, person: i64, text: &str) -> Result<Self, Unanswered> {
        NamedSources::find(snapshot, person, text, is_stale(snapshot, person)?)?;
        Ok(Self { text: text.to_owned(), known: BTreeMap::new(), last: None })
    }

    /// Whether a source is one of them.
    pub(super) fn has(&mut self, connection: &Connection, source: Option<i64>) -> rusqlite::Result<bool> {
        if let Some((last, is_one)) = self.last
            && last == source
        {
            return Ok(is_one);
        }
        let is_one = match source {
            None => false,
            Some(id) => match self.known.get(&id) {
                Some(is_one) => *is_one,
                None => self.look_up(connection, id)?,
            },
        };
        self.last = Some((source, is_one));
        Ok(is_one)
    }

    fn look_up(&mut self, connection: &Connection, id: i64) -> rusqlite::Result<bool> {
        let sql =
            "SELECT coalesce(bundle_identifier = ?2, FALSE) OR coalesce(replace(name, char(160), ' ') = ?2, FALSE)
            FROM sources WHERE id = ?1";
        let is_named: Option<bool> =
            connection.prepare_cached(sql)?.query_row(params![id, self.text], |row| row.get(0)).optional()?;
        let is_one = is_named == Some(true) || group_key(connection, id)? == self.text;
        if self.known.len() >= QUESTION_SOURCES_KNOWN_MAX {
            self.known.clear();
        }
        self.known.insert(id, is_one);
        Ok(is_one)
    }
}

/// What a source may be: some names as examples.
fn known(snapshot: &Snapshot<'_>, person: i64) -> Result<String, Unanswered> {
    let sql = "SELECT DISTINCT replace(name, char(160), ' ') FROM source_groups WHERE person_id = ?1
        AND octet_length(name) <= ?2 ORDER BY last_ms DESC LIMIT ?3";
    let mut select = snapshot.connection.prepare_cached(sql)?;
    let names = select.query_map(params![person, SOURCE_NAME_BYTES_MAX, SOURCES_NAMED_MAX], |row| row.get(0))?;
    let names: Vec<String> = names.collect::<rusqlite::Result<_>>()?;
    let listed = "a name or a key that /api/v1/sources lists";
    Ok(if names.is_empty() { listed.to_owned() } else { format!("{listed}, such as {}", names.join(", ")) })
}

/// The figure of several parts.
#[expect(clippy::cast_precision_loss, reason = "the samples of a day")]
fn joined(method: Method, parts: &[&StoredPart]) -> Option<f64> {
    let mut known = parts.iter().filter_map(|part| Some((part.value?, part.count, part.covered_ms))).peekable();
    known.peek()?;
    match method {
        Method::Level => {
            let mut period = LevelPeriod::default();
            known.for_each(|(value, count, covered_ms)| period.add(value, covered_ms, count));
            period.level()
        }
        Method::Mean | Method::TimeWeighted => {
            let (sum, count) =
                known.fold((0.0, 0.0), |(sum, count), part| (sum + part.0 * part.1 as f64, count + part.1 as f64));
            (count > 0.0).then(|| sum / count)
        }
        _ => Some(known.map(|part| part.0).sum()),
    }
}

/// The source groups of the days that were read.
#[derive(Debug, Default)]
pub(super) struct MetGroups {
    ids: BTreeSet<i64>,
    /// The only group of the last day: most days have the group of the one before.
    last: Option<i64>,
}

impl MetGroups {
    /// Notes the groups of a day: it has one, or several parts.
    pub(super) fn note(&mut self, group: Option<i64>, parts: &[StoredPart]) {
        if group.is_some() && group == self.last {
            return;
        }
        self.last = group;
        for id in group.into_iter().chain(parts.iter().map(|part| part.group)) {
            // More than a person has could only be written by another program.
            if self.ids.len() < SOURCE_GROUPS_MAX {
                self.ids.insert(id);
            }
        }
    }

    /// Returns their names, each once, in order.
    pub(super) fn names(&self, snapshot: &Snapshot<'_>) -> Result<Vec<String>, Unanswered> {
        let sql = "SELECT replace(name, char(160), ' ') FROM source_groups WHERE id = ?1";
        let mut select = snapshot.connection.prepare_cached(sql)?;
        let (mut names, most) = (BTreeSet::new(), usize::try_from(QUESTION_SOURCES_MAX).unwrap_or(usize::MAX));
        for id in &self.ids {
            names.extend(select.query_row([id], |row| row.get::<_, String>(0)).optional()?);
            if names.len() > most {
                names.pop_last();
            }
        }
        Ok(names.into_iter().collect())
    }
}

/// The names of sources whose samples count in these days.
pub(super) fn sources_of(
    snapshot: &Snapshot<'_>,
    person: i64,
    type_id: Option<i64>,
    (first, end): (LocalDay, LocalDay),
) -> Result<Vec<String>, Unanswered> {
    let sql = "SELECT DISTINCT replace(g.name, char(160), ' ') FROM (
          SELECT DISTINCT coalesce(d.group_id, p.value ->> '$.group') AS id FROM days d
          LEFT JOIN json_each(iif(d.group_id IS NULL, coalesce(d.details -> '$.groups', '[]'), '[]')) p
          WHERE d.person_id = ?1 AND d.type_id = ?2 AND d.day >= ?3 AND d.day < ?4) i
        JOIN source_groups g ON g.id = i.id ORDER BY 1 LIMIT ?5";
    let mut select = snapshot.connection.prepare_cached(sql)?;
    let names = select
        .query_map(params![person, type_id, first.to_string(), end.to_string(), QUESTION_SOURCES_MAX], |row| {
            row.get(0)
        })?;
    Ok(names.collect::<rusqlite::Result<_>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sources_of_one_name_add_to_a_day() {
        let named = NamedSources { ids: vec![1, 2], name: "iPhone".to_owned() };
        let whole = Figure {
            value: Some(99.0),
            samples: 9,
            minimum: Some(1.0),
            maximum: Some(50.0),
            last: None,
            time_weighted: None,
            covered_ms: Some(5),
        };
        let part = |group, value, count, covered_ms| StoredPart { group, value: Some(value), count, covered_ms };
        let check = |method, group, parts: &[StoredPart], expected: Option<(f64, i64)>| {
            let found = named.share(method, whole, group, parts);
            let found = found.map(|figure| (figure.value.unwrap(), figure.samples));
            let is_same = match (found, expected) {
                (Some(found), Some(expected)) => (found.0 - expected.0).abs() < 0.001 && found.1 == expected.1,
                (found, expected) => found == expected,
            };
            assert!(is_same, "{method:?} {group:?} {parts:?}: {found:?}");
        };
        check(Method::Sum, Some(2), &[], Some((99.0, 9)));
        check(Method::Sum, Some(3), &[], None);
        let parts = [part(1, 60.0, 1, 1000), part(2, 90.0, 3, 1000), part(3, 10.0, 1, 0)];
        check(Method::Sum, None, &parts, Some((150.0, 4)));
        check(Method::Sum, None, &parts[..2], Some((99.0, 9)));
        check(Method::Sum, None, &parts[2..], None);
        check(Method::Mean, None, &parts, Some((82.5, 4)));
        check(Method::TimeWeighted, None, &parts, Some((82.5, 4)));
        check(Method::Level, None, &parts, Some((86.994, 4)));
    }
}
