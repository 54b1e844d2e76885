//! Which samples are stored in some time, as far as a transaction knows that copies straight: nobody else stores any meanwhile.
//!
//! A question goes beyond the time that it is about. So the next groups of a history seldom need one.

use super::copy::{from_timestamp, to_timestamp};
use super::link::Link;
use super::sample_row::Encoded;
use super::spans::Wide;
use super::values::{Identity, Time};
use crate::model::error::Result;
use crate::model::limits::{STORED_KEYS_MAX, STORED_TYPES_MAX};
use crate::model::record::Uuid;

/// The first samples of types in some time, in the order of the key.
const ASK: &str = "SELECT w.type_id, k.start_at, k.uuid
    FROM unnest($2::bigint[], $3::timestamptz[], $4::timestamptz[]) AS w (type_id, first_at, last_at)
    CROSS JOIN LATERAL (SELECT s.start_at, s.uuid FROM samples s WHERE s.person_id = $1 AND s.type_id = w.type_id
      AND s.start_at BETWEEN w.first_at AND w.last_at ORDER BY s.start_at, s.uuid LIMIT $5) AS k";

/// Samples that are stored, by type.
#[derive(Debug, Default)]
pub(super) struct Known {
    types: Vec<OfType>,
}

/// All samples of a type from one start up to another, both included.
#[derive(Debug)]
struct OfType {
    type_id: i64,
    from_ms: i64,
    to_ms: i64,
    /// Their starts, as PostgreSQL has them, and identities, in order.
    keys: Vec<(i64, Uuid)>,
}

impl OfType {
    fn covers(&self, span: &Wide) -> bool {
        self.type_id == span.type_id && self.from_ms <= span.first_ms && span.last_ms <= self.to_ms
    }
}

impl Known {
    pub(super) fn clear(&mut self) {
        self.types.clear();
    }

    /// Finds out what is stored in spans of time, one for each type. Returns `false` if that is too much to be known.
    pub(super) fn ask(&mut self, link: &Link, person: i64, spans: &[Wide]) -> Result<bool> {
        if spans.iter().all(|span| self.covers(span)) {
            return Ok(true);
        }
        let keys: usize = self.types.iter().map(|known| known.keys.len()).sum();
        if self.types.len() + spans.len() > STORED_TYPES_MAX || keys > STORED_KEYS_MAX {
            self.types.clear();
        }
        let lacking: Vec<Wide> =
            spans.iter().filter(|span| !self.covers(span)).map(|span| self.widened(span)).collect();
        if lacking.len() > STORED_TYPES_MAX {
            return Ok(false);
        }
        let most = STORED_KEYS_MAX / lacking.len();
        let types: Vec<i64> = lacking.iter().map(|span| span.type_id).collect();
        let [firsts, lasts] = [|span: &Wide| span.first_ms, |span: &Wide| span.last_ms]
            .map(|at| lacking.iter().map(at).map(Time).collect::<Vec<_>>());
        let limit = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = link.rows(ASK, &[&person, &types, &firsts, &lasts, &limit])?;
        let keys = rows.iter().map(|row| (row.get(0), (row.get::<_, Time>(1).0, row.get::<_, Identity>(2).0)));
        self.learn(&lacking, keys, most);
        Ok(spans.iter().all(|span| self.covers(span)))
    }

    /// Whether a row has the key of a stored one. Its time must be known.
    pub(super) fn has(&self, row: &Encoded) -> bool {
        let of_type = self.types.iter().rev().find(|known| known.type_id == row.type_id);
        of_type.is_some_and(|known| known.keys.binary_search(&(row.start, row.uuid)).is_ok())
    }

    /// Whether any sample is known to be stored in the time of spans.
    pub(super) fn has_any(&self, spans: &[Wide]) -> bool {
        spans.iter().any(|span| {
            let (first, last) = (to_timestamp(span.first_ms), to_timestamp(span.last_ms));
            let of_type = self.types.iter().find(|known| known.type_id == span.type_id);
            of_type.is_some_and(|known| {
                let begin = known.keys.partition_point(|(start, _)| *start < first);
                known.keys.get(begin).is_some_and(|(start, _)| *start <= last)
            })
        })
    }

    fn covers(&self, span: &Wide) -> bool {
        self.types.iter().any(|known| known.covers(span))
    }

    /// The time to ask for: up to that which is known, or to the end of time. A phone may send the newest samples first.
    fn widened(&self, span: &Wide) -> Wide {
        let of_type = self.types.iter().find(|known| known.type_id == span.type_id);
        let last_ms = match of_type {
            Some(known) if span.last_ms < known.from_ms => known.from_ms - 1,
            _ => i64::MAX,
        };
        Wide { last_ms, ..*span }
    }

    /// Notes what was answered: the first keys of each span, `most` of them if there are more.
    fn learn(&mut self, spans: &[Wide], keys: impl Iterator<Item = (i64, (i64, Uuid))>, most: usize) {
        let mut found: Vec<OfType> = spans
            .iter()
            .map(|span| OfType { type_id: span.type_id, from_ms: span.first_ms, to_ms: span.last_ms, keys: Vec::new() })
            .collect();
        for (type_id, (start_ms, uuid)) in keys {
            let Some(known) = found.iter_mut().find(|known| known.type_id == type_id) else { continue };
            known.keys.push((to_timestamp(start_ms), uuid));
        }
        for mut new in found {
            new.keys.sort_unstable();
            if let Some((start, _)) = new.keys.last().filter(|_| new.keys.len() >= most) {
                // Others may begin with this one.
                new.to_ms = from_timestamp(*start).saturating_sub(1);
            }
            let place = self.types.iter().position(|known| known.type_id == new.type_id);
            match place.map(|place| &mut self.types[place]) {
                Some(known) if new.to_ms.checked_add(1) == Some(known.from_ms) => {
                    known.from_ms = new.from_ms;
                    known.keys.splice(0..0, new.keys);
                }
                Some(known) => *known = new,
                None => self.types.push(new),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(type_id: i64, first_ms: i64, last_ms: i64) -> Wide {
        Wide { type_id, first_ms, last_ms }
    }

    fn row(type_id: i64, start_ms: i64, uuid: u8) -> Encoded {
        Encoded { type_id, start: to_timestamp(start_ms), uuid: [uuid; 16], end_ms: None }
    }

    #[test]
    fn an_answer_covers_the_time_up_to_its_last_key() {
        let mut known = Known::default();
        let asked = known.widened(&span(1, 100, 200));
        assert_eq!(asked, span(1, 100, i64::MAX));
        known.learn(&[asked], [(1, (150, [1; 16])), (1, (150, [2; 16])), (1, (300, [3; 16]))].into_iter(), 3);
        assert!(known.covers(&span(1, 100, 299)) && !known.covers(&span(1, 100, 300)));
        assert!(!known.covers(&span(1, 99, 120)) && !known.covers(&span(2, 100, 120)));
        assert!(known.has(&row(1, 150, 2)) && !known.has(&row(1, 150, 3)) && !known.has(&row(2, 150, 2)));
        assert!(known.has_any(&[span(1, 150, 150)]) && !known.has_any(&[span(1, 151, 299), span(1, 100, 149)]));
    }

    #[test]
    fn newest_samples_first_extend_what_is_known() {
        let mut known = Known::default();
        known.learn(&[span(1, 1000, i64::MAX)], std::iter::empty(), 3);
        let asked = known.widened(&span(1, 500, 999));
        assert_eq!(asked, span(1, 500, 999));
        known.learn(&[asked], [(1, (700, [1; 16]))].into_iter(), 3);
        assert!(known.covers(&span(1, 500, 2000)));
        assert!(known.has(&row(1, 700, 1)));
        // One with too many keys does not reach the rest, and takes its place.
        known.learn(&[span(1, 100, 499)], [(1, (200, [1; 16])), (1, (300, [1; 16]))].into_iter(), 2);
        assert!(known.covers(&span(1, 100, 299)) && !known.covers(&span(1, 100, 500)));
    }

    #[test]
    fn times_beyond_postgresqls_are_compared_as_it_has_them() {
        let mut known = Known::default();
        let far = i64::MIN + 5;
        known.learn(&[span(1, far, i64::MAX)], [(1, (i64::MIN, [1; 16]))].into_iter(), 3);
        assert!(known.has(&row(1, far, 1)) && known.has_any(&[span(1, far, 0)]));
    }
}
