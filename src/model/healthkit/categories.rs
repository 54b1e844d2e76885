//! Categories, and the numbers and names of their values.

use Values::{
    AppetiteChanges, AppleStandHour, AppleWalkingSteadinessEvent, CervicalMucusQuality, Contraceptive,
    EnvironmentalAudioExposureEvent, Event, HeadphoneAudioExposureEvent, LowCardioFitnessEvent, MenstrualFlow,
    OvulationTestResult, PregnancyTestResult, Presence, ProgesteroneTestResult, Severity, SleepAnalysis,
    VaginalBleeding,
};

use super::identifiers::CATEGORY_TYPE;

/// The values that a category may have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Values {
    AppetiteChanges,
    AppleStandHour,
    AppleWalkingSteadinessEvent,
    /// Only old exports have it.
    AudioExposureEvent,
    CervicalMucusQuality,
    Contraceptive,
    EnvironmentalAudioExposureEvent,
    /// The app sends 0 for "not applicable", Apple's export no value.
    Event,
    HeadphoneAudioExposureEvent,
    LowCardioFitnessEvent,
    MenstrualFlow,
    OvulationTestResult,
    PregnancyTestResult,
    Presence,
    ProgesteroneTestResult,
    Severity,
    SleepAnalysis,
    VaginalBleeding,
}

/// A value's number and its name in Apple's export.
type Value = (u8, &'static str);

/// Prefix of the names of all values.
const CATEGORY_VALUE: &str = "HKCategoryValue";

/// Each category by its short name, in order.
const CATEGORIES: [(&str, Values); 70] = [
    ("AbdominalCramps", Severity),
    ("Acne", Severity),
    ("AppetiteChanges", AppetiteChanges),
    ("AppleStandHour", AppleStandHour),
    ("AppleWalkingSteadinessEvent", AppleWalkingSteadinessEvent),
    ("AudioExposureEvent", Event),
    ("BladderIncontinence", Severity),
    ("BleedingAfterPregnancy", VaginalBleeding),
    ("BleedingDuringPregnancy", VaginalBleeding),
    ("Bloating", Severity),
    ("BreastPain", Severity),
    ("CervicalMucusQuality", CervicalMucusQuality),
    ("ChestTightnessOrPain", Severity),
    ("Chills", Severity),
    ("Constipation", Severity),
    ("Contraceptive", Contraceptive),
    ("Coughing", Severity),
    ("Diarrhea", Severity),
    ("Dizziness", Severity),
    ("DrySkin", Severity),
    ("EnvironmentalAudioExposureEvent", EnvironmentalAudioExposureEvent),
    ("Fainting", Severity),
    ("Fatigue", Severity),
    ("Fever", Severity),
    ("GeneralizedBodyAche", Severity),
    ("HairLoss", Severity),
    ("HandwashingEvent", Event),
    ("Headache", Severity),
    ("HeadphoneAudioExposureEvent", HeadphoneAudioExposureEvent),
    ("Heartburn", Severity),
    ("HighHeartRateEvent", Event),
    ("HotFlashes", Severity),
    ("HypertensionEvent", Event),
    ("InfrequentMenstrualCycles", Event),
    ("IntermenstrualBleeding", Event),
    ("IrregularHeartRhythmEvent", Event),
    ("IrregularMenstrualCycles", Event),
    ("Lactation", Event),
    ("LossOfSmell", Severity),
    ("LossOfTaste", Severity),
    ("LowCardioFitnessEvent", LowCardioFitnessEvent),
    ("LowHeartRateEvent", Event),
    ("LowerBackPain", Severity),
    ("MemoryLapse", Severity),
    ("MenstrualFlow", MenstrualFlow),
    ("MindfulSession", Event),
    ("MoodChanges", Presence),
    ("Nausea", Severity),
    ("NightSweats", Severity),
    ("OvulationTestResult", OvulationTestResult),
    ("PelvicPain", Severity),
    ("PersistentIntermenstrualBleeding", Event),
    ("Pregnancy", Event),
    ("PregnancyTestResult", PregnancyTestResult),
    ("ProgesteroneTestResult", ProgesteroneTestResult),
    ("ProlongedMenstrualPeriods", Event),
    ("RapidPoundingOrFlutteringHeartbeat", Severity),
    ("RunnyNose", Severity),
    ("SexualActivity", Event),
    ("ShortnessOfBreath", Severity),
    ("SinusCongestion", Severity),
    ("SkippedHeartbeat", Severity),
    ("SleepAnalysis", SleepAnalysis),
    ("SleepApneaEvent", Event),
    ("SleepChanges", Presence),
    ("SoreThroat", Severity),
    ("ToothbrushingEvent", Event),
    ("VaginalDryness", Severity),
    ("Vomiting", Severity),
    ("Wheezing", Severity),
];

impl Values {
    /// All of them, by the name that their values begin with, in order.
    const BY_NAME: [(&str, Self); 18] = [
        ("AppetiteChanges", AppetiteChanges),
        ("AppleStandHour", AppleStandHour),
        ("AppleWalkingSteadinessEvent", AppleWalkingSteadinessEvent),
        ("AudioExposureEvent", Self::AudioExposureEvent),
        ("CervicalMucusQuality", CervicalMucusQuality),
        ("Contraceptive", Contraceptive),
        ("EnvironmentalAudioExposureEvent", EnvironmentalAudioExposureEvent),
        ("HeadphoneAudioExposureEvent", HeadphoneAudioExposureEvent),
        ("LowCardioFitnessEvent", LowCardioFitnessEvent),
        ("MenstrualFlow", MenstrualFlow),
        ("NotApplicable", Event),
        ("OvulationTestResult", OvulationTestResult),
        ("PregnancyTestResult", PregnancyTestResult),
        ("Presence", Presence),
        ("ProgesteroneTestResult", ProgesteroneTestResult),
        ("Severity", Severity),
        ("SleepAnalysis", SleepAnalysis),
        ("VaginalBleeding", VaginalBleeding),
    ];

    /// Numbers and names. Of two names of one number, the second is another spelling.
    const fn list(self) -> &'static [Value] {
        const BLEEDING: &[Value] = &[(1, "Unspecified"), (2, "Light"), (3, "Medium"), (4, "Heavy"), (5, "None")];
        const TEST: &[Value] = &[(1, "Negative"), (2, "Positive"), (3, "Indeterminate")];
        match self {
            Self::AppetiteChanges => &[(0, "Unspecified"), (1, "NoChange"), (2, "Decreased"), (3, "Increased")],
            Self::AppleStandHour => &[(0, "Stood"), (1, "Idle")],
            Self::AppleWalkingSteadinessEvent => {
                &[(1, "InitialLow"), (2, "InitialVeryLow"), (3, "RepeatLow"), (4, "RepeatVeryLow")]
            }
            Self::AudioExposureEvent => &[(1, "LoudEnvironment")],
            Self::CervicalMucusQuality => &[(1, "Dry"), (2, "Sticky"), (3, "Creamy"), (4, "Watery"), (5, "EggWhite")],
            Self::Contraceptive => &[
                (1, "Unspecified"),
                (2, "Implant"),
                (3, "Injection"),
                (4, "IntrauterineDevice"),
                (5, "IntravaginalRing"),
                (6, "Oral"),
                (7, "Patch"),
            ],
            Self::EnvironmentalAudioExposureEvent => &[(1, "MomentaryLimit")],
            Self::Event => &[(0, "")],
            Self::HeadphoneAudioExposureEvent => &[(1, "SevenDayLimit")],
            Self::LowCardioFitnessEvent => &[(1, "LowFitness")],
            Self::MenstrualFlow | Self::VaginalBleeding => BLEEDING,
            Self::OvulationTestResult => &[
                (1, "Negative"),
                (2, "LuteinizingHormoneSurge"),
                (2, "Positive"),
                (3, "Indeterminate"),
                (4, "EstrogenSurge"),
            ],
            Self::PregnancyTestResult | Self::ProgesteroneTestResult => TEST,
            Self::Presence => &[(0, "Present"), (1, "NotPresent")],
            Self::Severity => &[(0, "Unspecified"), (1, "NotPresent"), (2, "Mild"), (3, "Moderate"), (4, "Severe")],
            Self::SleepAnalysis => &[
                (0, "InBed"),
                (1, "AsleepUnspecified"),
                (1, "Asleep"),
                (2, "Awake"),
                (3, "AsleepCore"),
                (4, "AsleepDeep"),
                (5, "AsleepREM"),
            ],
        }
    }
}

/// The number of a value by its name in Apple's export, such as `HKCategoryValueSleepAnalysisAsleepCore`.
#[must_use]
pub fn category_value(name: &str) -> Option<u8> {
    let name = name.strip_prefix(CATEGORY_VALUE)?;
    let behind = Values::BY_NAME.partition_point(|(known, _)| *known <= name);
    let (start, values) = Values::BY_NAME[behind.checked_sub(1)?];
    let name = name.strip_prefix(start)?;
    values.list().iter().find(|(_, known)| *known == name).map(|(number, _)| *number)
}

/// The values of a category that is known.
fn values_of(kind: &str) -> Option<Values> {
    let name = kind.strip_prefix(CATEGORY_TYPE)?;
    CATEGORIES.binary_search_by_key(&name, |(known, _)| *known).ok().map(|place| CATEGORIES[place].1)
}

/// The number of a value of a category by its bare name, whatever its case: `Moderate`, `not present`.
#[must_use]
pub fn category_word(kind: &str, word: &str) -> Option<u8> {
    let letters = |name: &str| name.chars().filter(char::is_ascii_alphanumeric).count();
    let is_same = |name: &str| {
        let [one, other] = [name, word].map(|name| name.chars().filter(|letter| !matches!(letter, ' ' | '_' | '-')));
        letters(name) > 0
            && one.map(|letter| letter.to_ascii_lowercase()).eq(other.map(|letter| letter.to_ascii_lowercase()))
    };
    values_of(kind)?.list().iter().find(|(_, known)| is_same(known)).map(|(number, _)| *number)
}

/// Whether a category is known to have this value.
#[must_use]
pub fn is_category_value(kind: &str, number: f64) -> bool {
    values_of(kind).is_some_and(|values| values.list().iter().any(|(known, _)| f64::from(*known) == number))
}

/// Whether a type is a category without values: Apple's export has no `value` there, the app sends 0.
#[must_use]
pub fn is_event(kind: &str) -> bool {
    values_of(kind) == Some(Event)
}

/// Returns the short names of all categories, in order.
pub(super) fn categories() -> impl Iterator<Item = &'static str> {
    CATEGORIES.iter().map(|(name, _)| *name)
}

/// Each category's identifier with the number and the name of each value, such as `inBed`. Events have no values.
pub fn category_value_names() -> impl Iterator<Item = (String, u8, String)> {
    let values = CATEGORIES.iter().filter(|(_, values)| *values != Event);
    values.flat_map(|(category, values)| {
        let list = values.list();
        // Another spelling of the same number follows the first.
        let named = list.iter().enumerate().filter(|(place, (number, _))| *place == 0 || list[place - 1].0 != *number);
        named.map(|(_, (number, name))| ([CATEGORY_TYPE, category].concat(), *number, lower_first(name)))
    })
}

/// The name with a small first letter, as HealthKit's headers have it.
pub(super) fn lower_first(name: &str) -> String {
    let mut characters = name.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        assert!(CATEGORIES.is_sorted_by_key(|(name, _)| *name) && Values::BY_NAME.is_sorted_by_key(|(name, _)| *name));
        let check = |name: &str, expected| assert_eq!(category_value(name), expected, "{name}");
        check("HKCategoryValueSleepAnalysisInBed", Some(0));
        check("HKCategoryValueSleepAnalysisAsleep", Some(1));
        check("HKCategoryValueSleepAnalysisAsleepREM", Some(5));
        check("HKCategoryValueAudioExposureEventLoudEnvironment", Some(1));
        check("HKCategoryValueVaginalBleedingNone", Some(5));
        check("HKCategoryValueNotApplicable", Some(0));
        check("HKCategoryValueNotApplicableEver", None);
        check("HKCategoryValueOfTomorrow", None);
        check("HKCategoryValue", None);
        check("HKCategoryValueA", None);
        check("SleepAnalysisInBed", None);
        for (start, values) in Values::BY_NAME {
            for (number, name) in values.list() {
                check(&[CATEGORY_VALUE, start, name].concat(), Some(*number));
            }
        }
    }

    #[test]
    fn words() {
        let check = |kind: &str, word: &str, expected| {
            let kind = [CATEGORY_TYPE, kind].concat();
            assert_eq!(category_word(&kind, word), expected, "{kind} {word}");
        };
        check("Headache", "Moderate", Some(3));
        check("Headache", "not present", Some(1));
        check("SleepAnalysis", "asleep_rem", Some(5));
        check("Headache", "Positive", None);
        check("Headache", "", None);
        check("MindfulSession", "", None);
        check("OfTomorrow", "Moderate", None);
        assert!(is_category_value("HKCategoryTypeIdentifierHeadache", 4.0));
        assert!(!is_category_value("HKCategoryTypeIdentifierHeadache", 5.0));
        assert!(!is_category_value("HKQuantityTypeIdentifierStepCount", 4.0));
    }

    #[test]
    fn events() {
        let check = |kind: &str, expected: bool| assert_eq!(is_event(kind), expected, "{kind}");
        check("HKCategoryTypeIdentifierMindfulSession", true);
        check("HKCategoryTypeIdentifierAudioExposureEvent", true);
        check("HKCategoryTypeIdentifierSleepAnalysis", false);
        check("MindfulSession", false);
    }
}
