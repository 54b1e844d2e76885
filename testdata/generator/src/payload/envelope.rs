//! The members around the data: dates, the reason of the upload, characteristics.

use crate::clock::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::identity::Stream;
use crate::json::Json;
use crate::payload::section::Layout;
use crate::world::World;

pub(crate) fn write_field(field: &str, world: &World, layout: &Layout, json: &mut Json) {
    // The app exports whole days, some time after they end.
    let end_ms = (layout.end_ms.div_euclid(DAY_MS) + 1) * DAY_MS;
    json.key(field);
    match field {
        "exportDate" => json.date(end_ms + 7 * HOUR_MS + 13 * MINUTE_MS + 42_137),
        "startDate" => json.date(world.start_ms),
        "endDate" => json.date(end_ms),
        _ => json.string("manual-upload"),
    }
}

/// Returns their number.
pub(crate) fn write_characteristics(world: &World, json: &mut Json) -> u64 {
    let mut shuffle = world.shuffle(Stream::Keys, u64::MAX >> 17);
    let fields =
        ["biologicalSex", "dateOfBirth", "bloodType", "fitzpatrickSkinType", "wheelchairUse", "activityMoveMode"];
    json.key("characteristics");
    json.open(b'{');
    for field in world.keys.arrange(fields, &mut shuffle) {
        json.key(field);
        match field {
            "biologicalSex" => json.string("notSet"),
            "dateOfBirth" => json.day(0),
            "bloodType" => json.string("abNegative"),
            "fitzpatrickSkinType" => json.null(),
            "wheelchairUse" => json.boolean(false),
            _ => json.integer(1),
        }
    }
    json.close(b'}');
    fields.len() as u64
}
