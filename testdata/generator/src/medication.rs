//! Medications and the doses taken of them, by generic names.

use crate::clock::{HOUR_MS, MINUTE_MS};
use crate::identity::{Stream, Uuid};
use crate::json::Json;
use crate::number::Decimal;
use crate::pace::Pace;
use crate::random::Random;
use crate::world::World;

pub(crate) const PACE: Pace = Pace::Every { period_ms: 6 * HOUR_MS, gap_ms: 2 * HOUR_MS, grain_ms: MINUTE_MS };

struct Medication {
    text: &'static str,
    nickname: Option<&'static str>,
    form: &'static str,
    unit: &'static str,
    scheduled: bool,
    archived: bool,
}

const fn medication(
    text: &'static str,
    nickname: Option<&'static str>,
    form: &'static str,
    unit: &'static str,
) -> Medication {
    Medication { text, nickname, form, unit, scheduled: true, archived: false }
}

static MEDICATIONS: [Medication; 6] = [
    medication("Aspirin 81mg", Some("Daily aspirin"), "tablet", "count"),
    medication("Vitamin D3 1,000 IU", None, "capsule", "count"),
    medication("Ibuprofen 100 mg/5 mL", Some("\"Liquid\" one"), "liquid", "mL"),
    medication("Metformin 500mg", Some(""), "tablet", "count"),
    Medication { scheduled: false, ..medication("Salbutamol 100 µg/dose", Some("Blue inhaler"), "inhaler", "count") },
    Medication { archived: true, ..medication("Amoxicillin 500mg", None, "capsule", "count") },
];

/// Definitions in a payload.
pub(crate) const COUNT: u64 = MEDICATIONS.len() as u64;

fn numbered(index: u64) -> &'static Medication {
    &MEDICATIONS[usize::try_from(index % COUNT).unwrap_or(0)]
}

pub(crate) fn write_definition(world: &World, index: u64, json: &mut Json) {
    let medication = numbered(index);
    let mut shuffle = world.shuffle(Stream::Medication, index);
    let fields = ["nickname", "displayText", "isArchived", "hasSchedule", "generalForm"];
    json.element();
    json.open(b'{');
    for field in world.keys.arrange(fields, &mut shuffle) {
        json.key(field);
        match field {
            "nickname" => medication.write_nickname(json),
            "displayText" => json.string(medication.text),
            "isArchived" => json.boolean(medication.archived),
            "hasSchedule" => json.boolean(medication.scheduled),
            _ => json.string(medication.form),
        }
    }
    json.close(b'}');
}

impl Medication {
    fn write_nickname(&self, json: &mut Json) {
        match self.nickname {
            Some(nickname) => json.string(nickname),
            None => json.null(),
        }
    }
}

/// One dose event: mostly taken, at times skipped or not logged.
pub(crate) fn write_dose(world: &World, index: u64, json: &mut Json) {
    let mut random = Random::at(world.seed, Stream::Dose, index);
    let medication = numbered(random.below(COUNT));
    let scheduled_ms = PACE.start_ms(world.seed, Stream::DoseTime, index, world.start_ms);
    let start_ms = scheduled_ms + random.between(0, 40 * MINUTE_MS);
    let status = *random.pick(&[4, 4, 4, 4, 4, 4, 4, 4, 5, 6, 1, 3]);
    let quantity = *random.pick(&[10, 10, 10, 20, 5, 25]);
    let mut shuffle = world.shuffle(Stream::Dose, index);
    let fields = [
        "uuid",
        "medicationName",
        "medicationNickname",
        "scheduleType",
        "logStatus",
        "doseQuantity",
        "unit",
        "startDate",
        "endDate",
        "scheduledDate",
        "metadata",
    ];
    json.element();
    json.open(b'{');
    for field in world.keys.arrange(fields, &mut shuffle) {
        if field == "scheduledDate" && !medication.scheduled {
            continue;
        }
        json.key(field);
        match field {
            "uuid" => json.uuid(Uuid::of(world.seed, Stream::Dose, index)),
            "medicationName" => json.string(medication.text),
            "medicationNickname" => medication.write_nickname(json),
            "scheduleType" => json.integer(if medication.scheduled { 2 } else { 1 }),
            "logStatus" => json.integer(status),
            "doseQuantity" if status == 6 => json.null(),
            "doseQuantity" => json.decimal(Decimal::new(quantity, 1)),
            "unit" => json.string(medication.unit),
            "startDate" | "endDate" => json.date(start_ms),
            "scheduledDate" => json.date(scheduled_ms),
            _ => {
                json.open(b'{');
                json.close(b'}');
            }
        }
    }
    json.close(b'}');
}
