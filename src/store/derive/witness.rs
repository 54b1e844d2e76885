//! Which samples show that the sources of a group are there: a group is what its sources reveal of it, and they go with their samples.

use serde_json::{Value, json};

use crate::model::limits::GROUP_SOURCES_MAX;

/// A stored sample that has a source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Witness {
    pub(super) source: Option<i64>,
    /// Its type and start.
    pub(super) kind: i64,
    pub(super) start_ms: i64,
    /// Whether the owner entered it by hand.
    pub(super) is_manual: bool,
}

/// A sample for each source of a group; none if the sources are too many, or not all are known.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Witnesses(Option<Vec<Witness>>);

impl Witnesses {
    /// Those of a group without samples.
    pub(super) fn of_nothing() -> Self {
        Self(Some(Vec::new()))
    }

    /// Reads a column's text.
    pub(super) fn of(text: &str) -> Self {
        let lists: Option<Vec<Value>> = serde_json::from_str(text).ok();
        Self(lists.and_then(|lists| lists.iter().map(witness).collect()))
    }

    /// Returns the column's text.
    pub(super) fn text(&self) -> String {
        let list =
            |witness: &Witness| json!([witness.source, witness.kind, witness.start_ms, i64::from(witness.is_manual)]);
        self.0.as_ref().map(|known| Value::from_iter(known.iter().map(list)).to_string()).unwrap_or_default()
    }

    /// Adds a sample, if it shows more than the one that is known of its source. Returns whether it does.
    pub(super) fn add(&mut self, witness: Witness) -> bool {
        let Some(known) = &mut self.0 else {
            return false;
        };
        let has_place = known.len() < GROUP_SOURCES_MAX;
        match known.iter_mut().find(|known| known.source == witness.source) {
            Some(known) if witness.is_manual && !known.is_manual => *known = witness,
            Some(_) => return false,
            None if has_place => known.push(witness),
            None => self.0 = None,
        }
        true
    }

    /// Returns them, if they are known.
    pub(super) fn list(&mut self) -> Option<&mut Vec<Witness>> {
        self.0.as_mut()
    }

    /// Whether no source has a sample.
    pub(super) fn is_nothing(&self) -> bool {
        self.0.as_ref().is_some_and(Vec::is_empty)
    }
}

fn witness(list: &Value) -> Option<Witness> {
    let source = if list[0].is_null() { None } else { Some(list[0].as_i64()?) };
    let is_manual = list[3].as_i64()? != 0;
    Some(Witness { source, kind: list[1].as_i64()?, start_ms: list[2].as_i64()?, is_manual })
}

/// Returns the column's text with other ids of sources and types.
#[cfg(all(test, feature = "postgres"))]
pub(in crate::store) fn witnesses_with(text: &str, source: impl Fn(i64) -> i64, kind: impl Fn(i64) -> i64) -> String {
    let mut witnesses = Witnesses::of(text);
    for witness in witnesses.list().into_iter().flatten() {
        witness.source = witness.source.map(&source);
        witness.kind = kind(witness.kind);
    }
    witnesses.text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_they_are_written() {
        let one = Witness { source: Some(7), kind: 1, start_ms: -5, is_manual: false };
        let mut witnesses = Witnesses::of_nothing();
        assert!(witnesses.is_nothing() && witnesses.text() == "[]");
        assert!(witnesses.add(one) && !witnesses.add(Witness { start_ms: 9, ..one }));
        assert!(witnesses.add(Witness { source: None, kind: 2, ..one }));
        assert!(witnesses.add(Witness { start_ms: 9, is_manual: true, ..one }) && !witnesses.add(one));
        assert_eq!(witnesses.text(), "[[7,1,9,1],[null,2,-5,0]]");
        assert_eq!(Witnesses::of(&witnesses.text()), witnesses);
        for unknown in ["", "{}", "[[]]", "[[7,1,9]]", "[[\"x\",1,9,0]]"] {
            assert_eq!(Witnesses::of(unknown), Witnesses(None), "{unknown}");
            assert!(!Witnesses::of(unknown).is_nothing() && Witnesses::of(unknown).text().is_empty());
        }
    }

    #[test]
    fn too_many_sources_are_not_known() {
        let mut witnesses = Witnesses::of_nothing();
        for source in 0..=i64::try_from(GROUP_SOURCES_MAX).unwrap() {
            assert!(witnesses.add(Witness { source: Some(source), kind: 1, start_ms: 0, is_manual: false }));
        }
        assert_eq!(witnesses.text(), "");
        assert!(witnesses.list().is_none() && !witnesses.is_nothing());
    }
}
