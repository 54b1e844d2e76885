//! The tables that clients read, each with its columns and its statement.

use super::listing::ColumnKind::{Flag, Identity, Json, Number, Text, Time};
use super::listing::{Bounds, Listing};

/// The zone of the workout `w`: the one that it names, else where the person was then.
macro_rules! zone_of_workout {
    () => {
        "coalesce(CASE json_type(w.metadata, '$.HKTimeZone') WHEN 'text' THEN w.metadata ->> '$.HKTimeZone' END,
        (SELECT e.zone FROM zone_entries e WHERE e.person_id = w.person_id AND e.from_ms <= w.start_ms AND (e.to_ms IS NULL OR e.to_ms > w.start_ms)
          ORDER BY e.from_ms DESC LIMIT 1),
        (SELECT z.name FROM zone_changes c CROSS JOIN zones z ON z.id = c.zone_id WHERE c.person_id = w.person_id AND c.from_ms <= w.start_ms
          ORDER BY c.from_ms DESC LIMIT 1),
        (SELECT h.zone FROM home_zones h WHERE h.person_id = w.person_id))"
    };
}
pub(super) use zone_of_workout;

/// Workouts; the word is an activity.
pub static WORKOUTS: Listing = Listing {
    name: "workouts",
    keys: "ib",
    bounds: Bounds::Instants,
    is_derived: false,
    columns: &[
        ("uuid", Identity),
        ("activity", Text),
        ("start", Time),
        ("end", Time),
        ("duration_s", Number),
        ("energy_kcal", Number),
        ("distance_km", Number),
        ("source", Text),
        ("has_route", Flag),
        ("zone", Text),
    ],
    behind: "(w.start_ms, w.uuid) > (?5, ?6)",
    sql: concat!(
        "SELECT w.start_ms, w.uuid, w.uuid, a.name, w.start_ms, w.end_ms, w.duration_s, w.energy_kcal,
      w.distance * CASE w.distance_unit WHEN 'km' THEN 1.0 WHEN 'm' THEN 0.001 WHEN 'mi' THEN 1.609344 WHEN 'yd' THEN 0.0009144
        WHEN 'ft' THEN 0.0003048 WHEN 'cm' THEN 0.00001 WHEN 'in' THEN 0.0000254 END,
      replace(o.name, char(160), ' '), EXISTS (SELECT 1 FROM route_points r WHERE r.person_id = w.person_id AND r.workout = w.uuid) OR EXISTS (
        SELECT 1 FROM workout_aliases i CROSS JOIN route_points r
        WHERE i.person_id = w.person_id AND i.uuid = w.uuid AND r.person_id = i.person_id AND r.workout = i.derived), ",
        zone_of_workout!(),
        " FROM workouts w
    LEFT JOIN workout_activity_types a ON a.value = w.activity_type LEFT JOIN sources o ON o.id = w.source_id
    WHERE w.person_id = ?1 AND w.start_ms >= ?2 AND w.start_ms < ?3 AND (?4 IS NULL OR a.name = ?4) AND {behind}
    ORDER BY w.start_ms, w.uuid"
    ),
};

/// Workouts of local days by activity; the word is an activity.
pub static WORKOUT_DAYS: Listing = Listing {
    name: "days",
    keys: "ti",
    bounds: Bounds::Days,
    is_derived: true,
    columns: &[
        ("day", Text),
        ("activity", Text),
        ("workouts", Number),
        ("duration_s", Number),
        ("energy_kcal", Number),
        ("distance_km", Number),
    ],
    behind: "(w.day, w.activity_type) > (?5, ?6)",
    sql: "SELECT w.day, w.activity_type, w.day, a.name, w.workouts, w.duration_s, w.energy_kcal, w.distance_m / 1000
    FROM workout_days w LEFT JOIN workout_activity_types a ON a.value = w.activity_type
    WHERE w.person_id = ?1 AND w.day >= ?2 AND w.day < ?3 AND (?4 IS NULL OR a.name = ?4) AND {behind}
    ORDER BY w.day, w.activity_type",
};

/// Medications, with the doses of the range: due, taken of those, skipped of those, taken as needed. Doses have only a name, and a
/// medication that was archived or renamed has several rows of one: the last one that is not archived has the doses.
pub static MEDICATIONS: Listing = Listing {
    name: "medications",
    keys: "i",
    bounds: Bounds::Days,
    is_derived: true,
    columns: &[
        ("medication", Text),
        ("form", Text),
        ("nickname", Text),
        ("archived", Flag),
        ("scheduled", Flag),
        ("due", Number),
        ("taken", Number),
        ("skipped", Number),
        ("as_needed", Number),
        ("percent", Number),
        ("other", Json),
    ],
    behind: "m.rowid > ?5",
    sql: "SELECT m.rowid, m.display_text, m.general_form, m.nickname, m.is_archived, m.has_schedule, d.due, d.taken, d.skipped, d.as_needed,
      round(100.0 * d.taken / nullif(d.due, 0), 1), m.other
    FROM medications m LEFT JOIN (
      SELECT medication, sum(due) AS due, sum(taken) AS taken, sum(skipped) AS skipped, sum(as_needed) AS as_needed
      FROM dose_days WHERE person_id = ?1 AND day >= ?2 AND day < ?3 GROUP BY medication) d ON d.medication = m.display_text
      AND m.rowid = (SELECT n.rowid FROM medications n WHERE n.person_id = m.person_id AND n.display_text = m.display_text
        ORDER BY coalesce(n.is_archived, 0), n.rowid DESC LIMIT 1)
    WHERE m.person_id = ?1 AND (?4 IS NULL OR m.display_text = ?4) AND {behind} ORDER BY m.rowid",
};

/// Doses by local day: due, taken of those, skipped of those, taken as needed. The word is a medication.
pub static ADHERENCE: Listing = Listing {
    name: "days",
    keys: "tt",
    bounds: Bounds::Days,
    is_derived: true,
    columns: &[
        ("day", Text),
        ("medication", Text),
        ("due", Number),
        ("taken", Number),
        ("skipped", Number),
        ("as_needed", Number),
    ],
    behind: "(d.day, d.medication) > (?5, ?6)",
    sql: "SELECT d.day, d.medication, d.day, d.medication, d.due, d.taken, d.skipped, d.as_needed FROM dose_days d
    WHERE d.person_id = ?1 AND d.day >= ?2 AND d.day < ?3 AND (?4 IS NULL OR d.medication = ?4) AND {behind}
    ORDER BY d.day, d.medication",
};

/// Doses that were taken, skipped or due; the word is a medication.
pub static DOSES: Listing = Listing {
    name: "doses",
    keys: "ib",
    bounds: Bounds::Instants,
    is_derived: false,
    columns: &[
        ("medication", Text),
        ("nickname", Text),
        ("status", Text),
        ("quantity", Number),
        ("unit", Text),
        ("start", Time),
        ("end", Time),
        ("scheduled", Time),
        ("source", Text),
        ("uuid", Identity),
        ("metadata", Json),
        ("other", Json),
    ],
    behind: "(d.start_ms, d.uuid) > (?5, ?6)",
    sql: "SELECT d.start_ms, d.uuid, d.medication, d.nickname, CASE d.log_status WHEN 1 THEN 'notInteracted' WHEN 2 THEN 'notificationNotSent'
        WHEN 3 THEN 'snoozed' WHEN 4 THEN 'taken' WHEN 5 THEN 'skipped' WHEN 6 THEN 'notLogged' END,
      d.quantity, d.unit, d.start_ms, d.end_ms, d.scheduled_ms, replace(o.name, char(160), ' '), d.uuid, d.metadata, d.other
    FROM medication_doses d LEFT JOIN sources o ON o.id = d.source_id
    WHERE d.person_id = ?1 AND d.start_ms >= ?2 AND d.start_ms < ?3 AND (?4 IS NULL OR d.medication = ?4) AND {behind}
    ORDER BY d.start_ms, d.uuid",
};

/// Characteristics such as the date of birth, as payloads have sent them.
pub static CHARACTERISTICS: Listing = Listing {
    name: "characteristics",
    keys: "t",
    bounds: Bounds::Instants,
    is_derived: false,
    columns: &[("key", Text), ("value", Text), ("first_seen", Time), ("last_seen", Time)],
    behind: "c.key > ?5",
    sql: "SELECT c.key, c.key, c.value, c.first_seen_ms, c.last_seen_ms FROM characteristics c WHERE c.person_id = ?1 AND {behind} ORDER BY c.key",
};

/// Samples that belong together; the word is a type.
pub static CORRELATIONS: Listing = Listing {
    name: "correlations",
    keys: "ib",
    bounds: Bounds::Instants,
    is_derived: false,
    columns: &[
        ("type", Text),
        ("start", Time),
        ("end", Time),
        ("source", Text),
        ("members", Json),
        ("uuid", Identity),
        ("metadata", Json),
        ("other", Json),
    ],
    behind: "(c.start_ms, c.uuid) > (?5, ?6)",
    sql: "SELECT c.start_ms, c.uuid, c.type, c.start_ms, c.end_ms, replace(o.name, char(160), ' '), c.members, c.uuid, c.metadata, c.other
    FROM correlations c LEFT JOIN sources o ON o.id = c.source_id
    WHERE c.person_id = ?1 AND c.start_ms >= ?2 AND c.start_ms < ?3 AND (?4 IS NULL OR c.type = ?4) AND {behind}
    ORDER BY c.start_ms, c.uuid",
};

/// Electrocardiograms with their voltages.
pub static ELECTROCARDIOGRAMS: Listing = Listing {
    name: "electrocardiograms",
    keys: "ib",
    bounds: Bounds::Instants,
    is_derived: false,
    columns: &[
        ("start", Time),
        ("classification", Text),
        ("rate_hz", Number),
        ("unit", Text),
        ("samples", Number),
        ("voltages", Json),
        ("header", Json),
        ("uuid", Identity),
    ],
    behind: "(e.start_ms, e.uuid) > (?5, ?6)",
    sql: "SELECT e.start_ms, e.uuid, e.start_ms, e.classification, e.rate_hz, e.unit, json_array_length(e.voltages), e.voltages, e.header, e.uuid
    FROM electrocardiograms e WHERE e.person_id = ?1 AND e.start_ms >= ?2 AND e.start_ms < ?3 AND {behind} ORDER BY e.start_ms, e.uuid",
};

/// The rings of each day, of Apple's export.
pub static RINGS: Listing = Listing {
    name: "rings",
    keys: "t",
    bounds: Bounds::Days,
    is_derived: false,
    columns: &[
        ("day", Text),
        ("active_energy", Number),
        ("active_energy_goal", Number),
        ("energy_unit", Text),
        ("move_min", Number),
        ("move_goal_min", Number),
        ("exercise_min", Number),
        ("exercise_goal_min", Number),
        ("stand_hours", Number),
        ("stand_goal_hours", Number),
        ("other", Json),
    ],
    behind: "a.day > ?5",
    sql: "SELECT a.day, a.day, a.active_energy, a.active_energy_goal, a.energy_unit, a.move_min, a.move_goal_min, a.exercise_min,
      a.exercise_goal_min, a.stand_hours, a.stand_goal_hours, a.other
    FROM activity_summaries a WHERE a.person_id = ?1 AND a.day >= ?2 AND a.day < ?3 AND {behind} ORDER BY a.day",
};

/// Sources as HealthKit groups them, with the owner's order for all types.
pub static SOURCES: Listing = Listing {
    name: "sources",
    keys: "i",
    bounds: Bounds::Instants,
    is_derived: true,
    columns: &[
        ("key", Text),
        ("name", Text),
        ("class", Text),
        ("first", Time),
        ("last", Time),
        ("place", Number),
    ],
    behind: "g.id > ?5",
    sql: "SELECT g.id, g.key, replace(g.name, char(160), ' '), g.class, g.first_ms, g.last_ms, r.place + 1 FROM source_groups g
    LEFT JOIN source_orders r ON r.person_id = g.person_id AND r.type = '' AND r.key = g.key
    WHERE g.person_id = ?1 AND {behind} ORDER BY g.id",
};

/// In which time zone the person was from when on, by samples or by hand.
pub static ZONES: Listing = Listing {
    name: "zones",
    keys: "it",
    bounds: Bounds::Instants,
    is_derived: true,
    columns: &[
        ("start", Time),
        ("end", Time),
        ("zone", Text),
        ("why", Text),
    ],
    behind: "(q.from_ms, q.why) > (?5, ?6)",
    sql: "SELECT q.from_ms, q.why, nullif(q.from_ms, -1000000000000000000), q.to_ms, q.zone, q.why FROM (
      SELECT c.from_ms, NULL AS to_ms, z.name AS zone, 'samples' AS why FROM zone_changes c JOIN zones z ON z.id = c.zone_id
      WHERE c.person_id = ?1
      UNION ALL SELECT from_ms, to_ms, zone, 'entry' FROM zone_entries WHERE person_id = ?1
      UNION ALL SELECT -1000000000000000000, NULL, zone, 'home' FROM home_zones WHERE person_id = ?1) q
    WHERE {behind} ORDER BY q.from_ms, q.why",
};

/// The ledger: what was sent or imported, and what became of it. The word is a state.
pub static UPLOADS: Listing = Listing {
    name: "uploads",
    keys: "i",
    bounds: Bounds::Instants,
    is_derived: false,
    columns: &[
        ("id", Number),
        ("state", Text),
        ("origin", Text),
        ("sender", Text),
        ("token_id", Number),
        ("started", Time),
        ("finished", Time),
        ("exported", Time),
        ("range_start", Time),
        ("range_end", Time),
        ("sync_source", Text),
        ("body_bytes", Number),
        ("records", Number),
        ("route_points", Number),
        ("new", Number),
        ("updated", Number),
        ("unchanged", Number),
        ("merged", Number),
        ("removed", Number),
        ("rejected", Number),
        ("error", Text),
    ],
    behind: "u.id < ?5",
    sql: "SELECT u.id, u.id, u.state, u.origin, u.sender, u.token_id, u.started_ms, u.finished_ms, u.export_ms, u.start_ms, u.end_ms,
      u.sync_source, u.body_bytes, u.measurements + u.medications + u.workouts + u.other, u.route_points, u.new, u.updated,
      u.unchanged, u.merged, u.removed, u.rejected, u.error
    FROM uploads u WHERE u.person_id = ?1 AND u.started_ms >= ?2 AND u.started_ms < ?3 AND (?4 IS NULL OR u.state = ?4) AND {behind}
    ORDER BY u.id DESC",
};

/// Elements that could not be stored, with the reason; the word is a section.
pub static REJECTS: Listing = Listing {
    name: "rejects",
    keys: "ii",
    bounds: Bounds::Instants,
    is_derived: false,
    columns: &[
        ("upload", Number),
        ("number", Number),
        ("section", Text),
        ("index", Number),
        ("offset", Number),
        ("reason", Text),
        ("raw", Text),
        ("raw_bytes", Number),
    ],
    behind: "(r.upload_id, r.ordinal) > (?5, ?6)",
    sql: "SELECT r.upload_id, r.ordinal, r.upload_id, r.ordinal, r.section, r.element_index, r.byte_offset, r.reason, r.raw, r.raw_bytes
    FROM rejects r JOIN uploads u ON u.id = r.upload_id
    WHERE r.person_id = ?1 AND u.started_ms >= ?2 AND u.started_ms < ?3 AND (?4 IS NULL OR r.section = ?4) AND {behind}
    ORDER BY r.upload_id, r.ordinal",
};

/// Records of sections that have no table; the word is a section.
pub static RECORDS: Listing = Listing {
    name: "records",
    keys: "tb",
    bounds: Bounds::Instants,
    is_derived: false,
    columns: &[("section", Text), ("record", Json), ("upload", Number)],
    behind: "(r.section, r.hash) > (?5, ?6)",
    sql: "SELECT r.section, r.hash, r.section, r.json, r.upload_id FROM other_records r
    WHERE r.person_id = ?1 AND (?4 IS NULL OR r.section = ?4) AND {behind} ORDER BY r.section, r.hash",
};

/// Figures that another app computed from samples; the word is a metric.
pub static AGGREGATES: Listing = Listing {
    name: "aggregates",
    keys: "tittit",
    bounds: Bounds::Instants,
    is_derived: false,
    columns: &[
        ("metric", Text),
        ("start", Time),
        ("end", Time),
        ("label", Text),
        ("interval", Text),
        ("value", Number),
        ("minimum", Number),
        ("average", Number),
        ("maximum", Number),
        ("unit", Text),
        ("source", Text),
        ("other", Json),
    ],
    behind: "(a.metric, a.start_ms, a.label, a.source, a.number, a.interval) > (?5, ?6, ?7, ?8, ?9, ?10)",
    sql: "SELECT a.metric, a.start_ms, a.label, a.source, a.number, a.interval, a.metric, a.start_ms, a.end_ms, a.label, a.interval, a.value,
      a.minimum, a.average, a.maximum, a.unit, a.source, a.other
    FROM aggregates a WHERE a.person_id = ?1 AND a.start_ms >= ?2 AND a.start_ms < ?3 AND (?4 IS NULL OR a.metric = ?4) AND {behind}
    ORDER BY a.metric, a.start_ms, a.label, a.source, a.number, a.interval",
};

/// The beats that heart rate variabilities were computed from.
pub static BEATS: Listing = Listing {
    name: "beats",
    keys: "ib",
    bounds: Bounds::Instants,
    is_derived: false,
    columns: &[
        ("start", Time),
        ("end", Time),
        ("source", Text),
        ("beats", Json),
    ],
    behind: "(b.start_ms, b.hash) > (?5, ?6)",
    sql: "SELECT b.start_ms, b.hash, b.start_ms, b.end_ms, replace(o.name, char(160), ' '), b.beats FROM beat_lists b LEFT JOIN sources o ON o.id = b.source_id
    WHERE b.person_id = ?1 AND b.start_ms >= ?2 AND b.start_ms < ?3 AND {behind} ORDER BY b.start_ms, b.hash",
};

#[cfg(test)]
mod tests {
    use rusqlite::types::Null;

    use super::*;
    use crate::model::limits::LISTING_COLUMNS_MAX;
    use crate::store::{Database, Store};

    const ALL: [&Listing; 16] = [
        &WORKOUTS,
        &WORKOUT_DAYS,
        &MEDICATIONS,
        &ADHERENCE,
        &DOSES,
        &CHARACTERISTICS,
        &CORRELATIONS,
        &ELECTROCARDIOGRAMS,
        &RINGS,
        &SOURCES,
        &ZONES,
        &UPLOADS,
        &REJECTS,
        &RECORDS,
        &AGGREGATES,
        &BEATS,
    ];

    #[test]
    fn statements_have_the_columns_of_their_listing() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let store = Store::open(&Database::new(file.path())).unwrap();
        for listing in ALL {
            for behind in ["TRUE", listing.behind] {
                let mut select = store.connection.prepare(&listing.sql.replace("{behind}", behind)).unwrap();
                let columns = listing.keys.len() + listing.columns.len();
                assert_eq!(select.column_count(), columns, "{}", listing.name);
                let expected = if behind == "TRUE" { 4 } else { 4 + listing.keys.len() };
                assert!(select.parameter_count() <= expected, "{}", listing.name);
                for parameter in 1..=select.parameter_count() {
                    select.raw_bind_parameter(parameter, Null).unwrap();
                }
                assert!(select.raw_query().next().unwrap().is_none(), "{}", listing.name);
            }
            assert!(listing.columns.len() <= LISTING_COLUMNS_MAX, "{}", listing.name);
        }
    }
}
