//! Activities and events of workouts.

use super::categories::lower_first;
use super::titles::activity_of;

/// Number and name of each activity, in order of the numbers.
const ACTIVITIES: [(u16, &str); 84] = [
    (1, "AmericanFootball"),
    (2, "Archery"),
    (3, "AustralianFootball"),
    (4, "Badminton"),
    (5, "Baseball"),
    (6, "Basketball"),
    (7, "Bowling"),
    (8, "Boxing"),
    (9, "Climbing"),
    (10, "Cricket"),
    (11, "CrossTraining"),
    (12, "Curling"),
    (13, "Cycling"),
    (14, "Dance"),
    (15, "DanceInspiredTraining"),
    (16, "Elliptical"),
    (17, "EquestrianSports"),
    (18, "Fencing"),
    (19, "Fishing"),
    (20, "FunctionalStrengthTraining"),
    (21, "Golf"),
    (22, "Gymnastics"),
    (23, "Handball"),
    (24, "Hiking"),
    (25, "Hockey"),
    (26, "Hunting"),
    (27, "Lacrosse"),
    (28, "MartialArts"),
    (29, "MindAndBody"),
    (30, "MixedMetabolicCardioTraining"),
    (31, "PaddleSports"),
    (32, "Play"),
    (33, "PreparationAndRecovery"),
    (34, "Racquetball"),
    (35, "Rowing"),
    (36, "Rugby"),
    (37, "Running"),
    (38, "Sailing"),
    (39, "SkatingSports"),
    (40, "SnowSports"),
    (41, "Soccer"),
    (42, "Softball"),
    (43, "Squash"),
    (44, "StairClimbing"),
    (45, "SurfingSports"),
    (46, "Swimming"),
    (47, "TableTennis"),
    (48, "Tennis"),
    (49, "TrackAndField"),
    (50, "TraditionalStrengthTraining"),
    (51, "Volleyball"),
    (52, "Walking"),
    (53, "WaterFitness"),
    (54, "WaterPolo"),
    (55, "WaterSports"),
    (56, "Wrestling"),
    (57, "Yoga"),
    (58, "Barre"),
    (59, "CoreTraining"),
    (60, "CrossCountrySkiing"),
    (61, "DownhillSkiing"),
    (62, "Flexibility"),
    (63, "HighIntensityIntervalTraining"),
    (64, "JumpRope"),
    (65, "Kickboxing"),
    (66, "Pilates"),
    (67, "Snowboarding"),
    (68, "Stairs"),
    (69, "StepTraining"),
    (70, "WheelchairWalkPace"),
    (71, "WheelchairRunPace"),
    (72, "TaiChi"),
    (73, "MixedCardio"),
    (74, "HandCycling"),
    (75, "DiscSports"),
    (76, "FitnessGaming"),
    (77, "CardioDance"),
    (78, "SocialDance"),
    (79, "Pickleball"),
    (80, "Cooldown"),
    (82, "SwimBikeRun"),
    (83, "Transition"),
    (84, "UnderwaterDiving"),
    (3000, "Other"),
];

/// Names of events; their numbers count from 1.
const EVENTS: [&str; 8] =
    ["Pause", "Resume", "Lap", "Marker", "MotionPaused", "MotionResumed", "Segment", "PauseOrResumeRequest"];

/// The number of an activity by its identifier, such as `HKWorkoutActivityTypeWalking`.
#[must_use]
pub fn activity(identifier: &str) -> Option<i64> {
    let name = identifier.strip_prefix("HKWorkoutActivityType")?;
    ACTIVITIES.iter().find(|(_, known)| *known == name).map(|(number, _)| i64::from(*number))
}

/// The number of an activity by the title that people see: `Outdoor Walk`, `Walking`, `Laufen`. A title that may be several
/// activities has none.
#[must_use]
pub fn activity_of_title(title: &str) -> Option<i64> {
    let of_name = |title: &str| {
        let is_same = |known: &str| known.len() == title.len() && known.eq_ignore_ascii_case(title);
        ACTIVITIES.iter().find(|(_, known)| is_same(known)).map(|(number, _)| *number)
    };
    activity_of(title, of_name).map(i64::from)
}

/// The number of an event by its identifier, such as `HKWorkoutEventTypePause`.
#[must_use]
pub fn workout_event(identifier: &str) -> Option<i64> {
    let name = identifier.strip_prefix("HKWorkoutEventType")?;
    EVENTS.iter().position(|known| *known == name).and_then(|place| i64::try_from(place + 1).ok())
}

/// Number and name of each activity, such as `walking`.
pub fn activity_names() -> impl Iterator<Item = (u16, String)> {
    ACTIVITIES.iter().map(|(number, name)| (*number, lower_first(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(ACTIVITIES.is_sorted());
        assert_eq!(activity("HKWorkoutActivityTypeWalking"), Some(52));
        assert_eq!([activity("Walking"), activity("HKWorkoutActivityTypeOfTomorrow")], [None, None]);
        assert_eq!(workout_event("HKWorkoutEventTypeSegment"), Some(7));
        assert_eq!(workout_event("Segment"), None);
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "it is one list")]
    fn titles() {
        let check = |title: &str, expected| assert_eq!(activity_of_title(title), expected, "{title}");
        check("High Intensity Interval Training", Some(63));
        check("Outdoor Walk", Some(52));
        check("Pool Swim", Some(46));
        check("Mowing", None);
        check("Strength Training", None);
        for title in ["Track & Field", "Track and Field", "TrackAndField"] {
            check(title, Some(49));
        }
        for title in ["Mind & Body", "mind and body"] {
            check(title, Some(29));
        }
        check("Preparation & Recovery", Some(33));
        check("Handball", Some(23));
        check("Open Water Swim", Some(46));
        check("Indoor Rowing", Some(35));
        for title in ["Laufen", "Outdoor-Laufen", "Course à pied", "Course à pied (extérieur)", "Correr al aire libre"]
        {
            check(title, Some(37));
        }
        for title in ["ランニング", "屋外ランニング", "户外跑步", "室内跑步", "실외 달리기", "Corrida ao ar livre"]
        {
            check(title, Some(37));
        }
        for title in ["Caminata al aire libre", "Gehen (Outdoor)", "Marche en extérieur", "室内步行"] {
            check(title, Some(52));
        }
        for title in [
            "Koşu",
            "Açık Havada Koşu",
            "الجري",
            "Běh",
            "Juoksu",
            "Ulkojuoksu",
            "室外跑步",
            "Futás",
            "Τρέξιμο",
            "ריצה",
            "Біг",
        ] {
            check(title, Some(37));
        }
        for title in ["Gång", "Yürüyüş", "Chůze", "Kävely", "Περπάτημα", "الهرولة", "Đi bộ", "การเดิน"]
        {
            check(title, (title != "الهرولة").then_some(52));
        }
        for title in
            ["Natation en piscine", "Yüzme", "Plavání v bazénu", "Плавание в бассейне", "プールスイミング", "泳池游泳"]
        {
            check(title, Some(46));
        }
        for title in ["Ski de fond", "Skilanglauf", "Längdskidåkning", "Běh na lyžích", "越野滑雪"] {
            check(title, Some(60));
        }
        check("İp Atlama", Some(64));
        check("Tir à l’arc", Some(2));
        check("Funktionales Krafttraining", Some(20));
        check("传统力量训练", Some(50));
        for title in ["", "Outdoor", "Football", "Ski", "Krafttraining", "体操教室"] {
            check(title, None);
        }
    }
}
