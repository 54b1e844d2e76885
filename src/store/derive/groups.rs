//! The source groups of a person: what HealthKit calls sources, and their ranks for a type.

use std::collections::{BTreeSet, HashMap};

use foldhash::fast::RandomState;
use rusqlite::{Connection, OptionalExtension, Row};

use super::chunk::GroupRow;
use super::halt::{Halt, Step};
use super::metadata::SharedTexts;
use super::samples::SurveyedSample;
use super::witness::{Witness, Witnesses};
use crate::model::limits::{SOURCE_GROUPS_KEPT_MAX, SOURCES_REMEMBERED_MAX};
use crate::statistics::{Class, Group, GroupId, Order, Ranks, Source, shortened};
use crate::store::supplied::GroupIdOf;

/// The groups of a person, and those of the sources that were met.
#[derive(Debug)]
pub(super) struct Groups {
    known: Vec<Known>,
    by_key: HashMap<String, GroupId, RandomState>,
    by_source: HashMap<Option<i64>, OfSource, RandomState>,
    /// The source that was looked up last.
    last: Option<(Option<i64>, GroupId)>,
    orders: Vec<StoredOrder>,
    /// The ids that the database has for keys.
    former: HashMap<String, i64, RandomState>,
    next_id: i64,
    /// Makes a new group's id of this person and the key, if ids do not count up.
    id_of: Option<(i64, GroupIdOf)>,
    /// Groups that the database has; those behind are new.
    stored: usize,
    /// The same with those that were sent to the writer.
    sent: usize,
    /// How many groups count in this run, once all of them are known.
    closed: Option<usize>,
    /// The type whose samples are met.
    kind: i64,
    watch: Watch,
}

/// The key and the name of the group that sources have beyond [`SOURCE_GROUPS_KEPT_MAX`] groups. No source has this key: it ends with
/// a space.
pub(super) const FURTHER_KEY: &str = "further sources ";
const FURTHER_NAME: &str = "further sources";

/// What is noted of the samples of one pass.
#[derive(Debug, Default)]
struct Watch {
    is_on: bool,
    /// Whether the pass ends where a sample reveals a group.
    ends_early: bool,
    /// The groups that have samples.
    met: BTreeSet<GroupId>,
}

/// A group, and whether the database has it as it is.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) row: GroupRow,
    class: Class,
    /// A sample of each source.
    pub(super) witnesses: Witnesses,
    /// Its default place among the others, as stored.
    before: Option<(Class, i64)>,
    pub(super) is_changed: bool,
}

/// The group of a source.
#[derive(Clone, Copy, Debug)]
struct OfSource {
    group: GroupId,
    /// Whether a sample that the owner entered by hand makes it another class.
    may_be_manual: bool,
}

/// A line of the owner's order.
#[derive(Debug)]
struct StoredOrder {
    kind: String,
    key: String,
    place: Option<i64>,
}

/// The class by its word.
fn class_of(text: &str) -> Class {
    [Class::Manual, Class::Gym, Class::Watch, Class::Phone, Class::App]
        .into_iter()
        .find(|class| class.text() == text)
        .unwrap_or(Class::Other)
}

impl Groups {
    pub(super) fn load(connection: &Connection, person: i64) -> rusqlite::Result<Self> {
        let read = |row: &Row<'_>| {
            let class = class_of(&row.get::<_, String>(3)?);
            let (first_ms, last_ms, sources) = (row.get(4)?, row.get(5)?, row.get_ref(6)?);
            let row = GroupRow {
                id: row.get(0)?,
                key: row.get(1)?,
                name: row.get(2)?,
                class: class.text(),
                first_ms,
                last_ms,
                sources: String::new(),
            };
            let witnesses = Witnesses::of(sources.as_str()?);
            Ok(Known { row, class, witnesses, before: Some((class, first_ms)), is_changed: false })
        };
        let sql = "SELECT id, key, name, class, first_ms, last_ms, sources FROM source_groups WHERE person_id = ?1 ORDER BY id";
        let known: Vec<Known> =
            connection.prepare_cached(sql)?.query_map([person], read)?.collect::<rusqlite::Result<_>>()?;
        let next_id: i64 = connection
            .prepare_cached("SELECT coalesce(max(id), 0) + 1 FROM source_groups")?
            .query_row([], |row| row.get(0))?;
        let former = known.iter().map(|known| (known.row.key.clone(), known.row.id)).collect();
        let sql = "SELECT type, key, place FROM source_orders WHERE person_id = ?1 ORDER BY type, place";
        let order = |row: &Row<'_>| {
            // An earlier version had keys of any length.
            let key = shortened(row.get_ref(1)?.as_str()?).into_owned();
            Ok(StoredOrder { kind: row.get(0)?, key, place: row.get(2)? })
        };
        let orders = connection.prepare_cached(sql)?.query_map([person], order)?.collect::<rusqlite::Result<_>>()?;
        let (by_key, by_source, watch) = Default::default();
        let (last, id_of, closed, kind) = Default::default();
        let (stored, sent) = (0, 0);
        let mut groups = Self {
            known: Vec::new(),
            by_key,
            by_source,
            last,
            orders,
            former,
            next_id,
            id_of,
            stored,
            sent,
            closed,
            kind,
            watch,
        };
        groups.put(known);
        Ok(groups)
    }

    /// Takes all groups, to put back those that are left.
    pub(super) fn take(&mut self) -> Vec<Known> {
        std::mem::take(&mut self.known)
    }

    /// Puts groups that the database has, in place of all.
    pub(super) fn put(&mut self, known: Vec<Known>) {
        self.by_key = (0..).zip(&known).map(|(group, known)| (known.row.key.clone(), group)).collect();
        self.by_source.clear();
        self.last = None;
        (self.stored, self.sent) = (known.len(), known.len());
        self.known = known;
    }

    /// Samples of this type are met from now on.
    pub(super) fn set_kind(&mut self, kind: i64) {
        self.kind = kind;
    }

    /// Makes ids of new groups of their keys.
    pub(super) fn with_ids(self, person: i64, id_of: Option<GroupIdOf>) -> Self {
        Self { id_of: id_of.map(|id_of| (person, id_of)), ..self }
    }

    /// All groups are known, and their ranks stay as they are. A run reads each type in a later state of the database: rows that have
    /// come meanwhile reveal nothing of groups now, but in the next run. It then makes figures of all types again that have other ranks.
    pub(super) fn close(&mut self) {
        self.closed = Some(self.known.len());
    }

    /// The groups that count in this run.
    fn counted(&self) -> &[Known] {
        &self.known[..self.closed.unwrap_or(self.known.len())]
    }

    /// Returns the group of a source. A survey has met those of stored samples.
    #[inline]
    pub(super) fn of_source(&mut self, connection: &Connection, source: Option<i64>, start_ms: i64) -> Step<GroupId> {
        match self.last {
            // Most samples have the source of the one before.
            Some((last, group)) if last == source => Ok(group),
            _ => self.look_up(connection, source, start_ms),
        }
    }

    fn look_up(&mut self, connection: &Connection, source: Option<i64>, start_ms: i64) -> Step<GroupId> {
        let before = self.known.len();
        let of_source = match self.by_source.get(&source) {
            Some(of_source) => *of_source,
            None => self.read(connection, (source, start_ms))?,
        };
        let group = of_source.group;
        if self.watch.is_on {
            let may_reveal = of_source.may_be_manual && self.known[group as usize].class != Class::Manual;
            if self.watch.ends_early && (may_reveal || self.known.len() > before) {
                return Err(Halt::Revealed(start_ms));
            }
            self.watch.met.insert(group);
        }
        self.last = Some((source, group));
        Ok(group)
    }

    /// Begins a pass that notes which groups have samples. It may end where a sample reveals a group.
    pub(super) fn watch(&mut self, ends_early: bool) {
        self.last = None;
        self.watch = Watch { is_on: true, ends_early, met: BTreeSet::new() };
    }

    /// Ends that, and returns the groups that the pass has met.
    pub(super) fn end_watch(&mut self) -> BTreeSet<GroupId> {
        self.watch.is_on = false;
        std::mem::take(&mut self.watch.met)
    }

    /// Returns the group of a sample, and learns what the sample reveals of the group. Also returns whether other samples of its
    /// source cannot reveal more.
    pub(super) fn meet(
        &mut self,
        connection: &Connection,
        texts: &mut SharedTexts,
        sample: &SurveyedSample<'_>,
    ) -> rusqlite::Result<(GroupId, bool)> {
        let OfSource { group, may_be_manual } = match self.by_source.get(&sample.source) {
            Some(of_source) => *of_source,
            None => self.read(connection, (sample.source, sample.start_ms))?,
        };
        // Only the name of the Health app needs the metadata.
        if may_be_manual && self.known[group as usize].class != Class::Manual {
            let (id, own) = sample.metadata()?;
            if texts.read(connection, id, own)?.was_entered() {
                self.known[group as usize].set_class(Class::Manual);
                self.witness(group, (sample.source, sample.start_ms), true);
            }
        }
        Ok((group, !may_be_manual || self.known[group as usize].class == Class::Manual))
    }

    /// Reads a source that was not met before.
    fn read(&mut self, connection: &Connection, (id, start_ms): (Option<i64>, i64)) -> rusqlite::Result<OfSource> {
        let texts = source_texts(connection, id)?;
        let source = source_of(&texts);
        let entered = Source { is_user_entered: true, ..source };
        let name = source.shown_name();
        let group = self.group(&source.group(), &name, source.class(), start_ms);
        let is_apart = self.known[group as usize].row.key != FURTHER_KEY;
        let of_source = OfSource { group, may_be_manual: is_apart && entered.class() != source.class() };
        if self.by_source.len() >= SOURCES_REMEMBERED_MAX {
            self.by_source.clear();
        }
        self.by_source.insert(id, of_source);
        self.witness(group, (id, start_ms), false);
        Ok(of_source)
    }

    /// Notes a sample that shows a source of a group.
    fn witness(&mut self, group: GroupId, (source, start_ms): (Option<i64>, i64), is_manual: bool) {
        if self.closed.is_none() {
            let known = &mut self.known[group as usize];
            known.is_changed |= known.witnesses.add(Witness { source, kind: self.kind, start_ms, is_manual });
        }
    }

    fn group(&mut self, key: &str, name: &str, class: Class, at_ms: i64) -> GroupId {
        // One place is left for those that share it.
        let is_full = self.known.len() + 1 >= SOURCE_GROUPS_KEPT_MAX || self.by_key.contains_key(FURTHER_KEY);
        let is_full = is_full && !self.by_key.contains_key(key);
        let (key, name, class) = if is_full { (FURTHER_KEY, FURTHER_NAME, Class::Other) } else { (key, name, class) };
        if let Some(group) = self.by_key.get(key) {
            let known = &mut self.known[*group as usize];
            if self.closed.is_none() {
                known.meet(class, name);
            }
            return *group;
        }
        let group = GroupId::try_from(self.known.len()).unwrap_or(GroupId::MAX);
        let new_id = self.id_of.map_or(self.next_id, |(person, id_of)| id_of(person, key));
        let row = GroupRow {
            id: self.former.get(key).copied().unwrap_or(new_id),
            key: key.to_owned(),
            name: name.to_owned(),
            class: class.text(),
            first_ms: at_ms,
            last_ms: at_ms,
            sources: String::new(),
        };
        self.next_id += 1;
        self.known.push(Known { row, class, witnesses: Witnesses::of_nothing(), before: None, is_changed: true });
        self.by_key.insert(key.to_owned(), group);
        group
    }

    /// Notes that a group has a sample. Where it begins decides its rank, which stays once the groups are closed.
    #[inline]
    pub(super) fn note(&mut self, group: GroupId, start_ms: i64) {
        let known = &mut self.known[group as usize];
        let is_first = start_ms < known.row.first_ms && self.closed.is_none();
        if is_first || start_ms > known.row.last_ms {
            if is_first {
                known.row.first_ms = start_ms;
            }
            known.row.last_ms = known.row.last_ms.max(start_ms);
            known.is_changed = true;
        }
    }

    /// Whether stored groups now have another order. Figures that know the former one are out of date.
    pub(super) fn has_new_order(&self) -> bool {
        let mut before: Vec<(Class, std::cmp::Reverse<i64>, &str)> = Vec::new();
        let mut now = Vec::new();
        for known in &self.known[..self.stored] {
            if let Some((class, first_ms)) = known.before {
                before.push((class, std::cmp::Reverse(first_ms), &known.row.key));
            }
            now.push((known.class, std::cmp::Reverse(known.row.first_ms), known.row.key.as_str()));
        }
        before.sort_unstable();
        now.sort_unstable();
        before.iter().map(|group| group.2).ne(now.iter().map(|group| group.2))
    }

    /// Takes the groups that the database does not have.
    pub(super) fn take_new_rows(&mut self) -> Vec<GroupRow> {
        let counted = self.counted().len();
        let sent = std::mem::replace(&mut self.sent, counted);
        self.counted()[sent..].iter().map(Known::row).collect()
    }

    /// Returns the groups that are new or other than in the database.
    pub(super) fn changed_rows(&self) -> Vec<GroupRow> {
        self.counted().iter().filter(|known| known.is_changed).map(Known::row).collect()
    }

    /// Returns the ids of groups in the database that have no samples any more.
    pub(super) fn gone(&self) -> Vec<i64> {
        let counted = self.counted().len();
        let is_left = |key: &str| self.by_key.get(key).is_some_and(|group| (*group as usize) < counted);
        self.former.iter().filter(|(key, _)| !is_left(key)).map(|(_, id)| *id).collect()
    }

    /// Returns the ranks for a type.
    pub(super) fn ranks(&self, kind: &str) -> Ranks {
        let groups: Vec<Group<'_>> = self
            .counted()
            .iter()
            .map(|known| Group { key: &known.row.key, class: known.class, first_ms: known.row.first_ms })
            .collect();
        let of = |wanted: &str, is_placed: bool| -> Vec<&str> {
            let lines = self.orders.iter().filter(|line| line.kind == wanted && line.place.is_some() == is_placed);
            lines.map(|line| line.key.as_str()).collect()
        };
        let (own, general) = (of(kind, true), of("", true));
        let listed = if own.is_empty() { general } else { own };
        let ignored = [of(kind, false), of("", false)].concat();
        Ranks::new(&groups, Order { listed: &listed, ignored: &ignored })
    }

    /// Returns all groups, in the order of their ids here.
    pub(super) fn rows(&self) -> impl Iterator<Item = &GroupRow> {
        self.known.iter().map(|known| &known.row)
    }

    /// Returns a group's name.
    pub(super) fn name(&self, group: GroupId) -> &str {
        self.known.get(group as usize).map_or("", |known| &known.row.name)
    }

    /// Returns the key of a group, which no other one of the person has.
    pub(super) fn key(&self, group: GroupId) -> &str {
        self.known.get(group as usize).map_or("", |known| &known.row.key)
    }

    /// Returns the id of a group in the database.
    pub(super) fn id(&self, group: GroupId) -> Option<i64> {
        self.known.get(group as usize).map(|known| known.row.id)
    }
}

impl Known {
    /// Learns of a further source. In whichever order they are met, the best class counts, and of their names the first by letters.
    fn meet(&mut self, class: Class, name: &str) {
        if class < self.class {
            self.set_class(class);
        }
        if !name.is_empty() && (self.row.name.is_empty() || *name < *self.row.name) {
            name.clone_into(&mut self.row.name);
            self.is_changed = true;
        }
    }

    /// Its row as it is now.
    fn row(&self) -> GroupRow {
        GroupRow { sources: self.witnesses.text(), ..self.row.clone() }
    }

    pub(super) fn set_class(&mut self, class: Class) {
        (self.class, self.row.class, self.is_changed) = (class, class.text(), true);
    }
}

/// Returns the key of a source's group.
pub(in crate::store) fn group_key(connection: &Connection, source: i64) -> rusqlite::Result<String> {
    let texts = source_texts(connection, Some(source))?;
    Ok(source_of(&texts).group().into_owned())
}

/// Whether a source is Apple's, as far as zones are concerned.
pub(super) fn is_apple(connection: &Connection, source: Option<i64>) -> rusqlite::Result<bool> {
    let texts = source_texts(connection, source)?;
    let source = source_of(&texts);
    Ok(source.bundle.starts_with("com.apple.") || source.class() <= Class::Phone)
}

/// The texts of a source, in the order that [`source_of`] has.
type Texts = [String; 8];

pub(super) fn source_texts(connection: &Connection, source: Option<i64>) -> rusqlite::Result<Texts> {
    const SELECT: &str = "SELECT name, bundle_identifier, product_type, version, device_software_version,
          device_hardware_version, device_model, device_manufacturer FROM sources WHERE id = ?1";
    let read = |row: &Row<'_>| -> rusqlite::Result<Texts> {
        let mut texts = Texts::default();
        for (column, text) in texts.iter_mut().enumerate() {
            // A hostile payload may have a number there.
            *text = row.get_ref(column)?.as_str_or_null().ok().flatten().unwrap_or_default().to_owned();
        }
        Ok(texts)
    };
    let found = match source {
        Some(id) => connection.prepare_cached(SELECT)?.query_row([id], read).optional()?,
        None => None,
    };
    Ok(found.unwrap_or_default())
}

pub(super) fn source_of(texts: &Texts) -> Source<'_> {
    let [name, bundle, product_type, version, software, hardware, model, manufacturer] =
        texts.each_ref().map(String::as_str);
    Source { name, bundle, product_type, version, software, hardware, model, manufacturer, is_user_entered: false }
}
