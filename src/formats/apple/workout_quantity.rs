//! Energy and distance of a workout: of its totals and statistics, those that are about the whole activity.

use super::element::{Element, plain};
use super::number::number;
use super::workout_texts::{ACTIVITY, STATISTICS};
use crate::model::healthkit::{ActivityDistance, QUANTITY_TYPE, activity, activity_distance};
use crate::model::locale::NumberStyle;
use crate::model::units::{Dimension, factor};

const ENERGY: &str = "HKQuantityTypeIdentifierActiveEnergyBurned";
const DISTANCES: &str = "HKQuantityTypeIdentifierDistance";

/// A number and its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quantity<'a> {
    pub(super) number: f64,
    pub(super) unit: Option<&'a str>,
}

/// The energy: the total that exports had before there were statistics, or the statistic.
pub(super) fn energy<'a>(workout: Element<'a>, style: NumberStyle) -> Option<Quantity<'a>> {
    let total = total(workout, "totalEnergyBurned", "totalEnergyBurnedUnit", style);
    let known = total.filter(|total| total.number != 0.0);
    known.or_else(|| statistic(workout, ENERGY, style)).or(total)
}

/// The distance: the statistic that belongs to the activity. A total of zero beside statistics of distances does not count.
pub(super) fn distance<'a>(workout: Element<'a>, kind: &str, style: NumberStyle) -> Option<Quantity<'a>> {
    if matches!(activity_distance(activity(kind)), ActivityDistance::Nowhere) {
        return None;
    }
    let total = total(workout, "totalDistance", "totalDistanceUnit", style);
    let is_meant = |total: &Quantity<'_>| total.number != 0.0 || distances(workout, style).next().is_none();
    own_distance(workout, kind, style).or_else(|| total.filter(is_meant))
}

/// A total, if it is a number.
pub(super) fn total<'a>(workout: Element<'a>, name: &str, unit: &str, style: NumberStyle) -> Option<Quantity<'a>> {
    Some(Quantity { number: number(workout.get(name)?, style)?, unit: workout.get(unit) })
}

fn own_distance<'a>(element: Element<'a>, kind: &str, style: NumberStyle) -> Option<Quantity<'a>> {
    let of = |name: &str| statistic(element, &[QUANTITY_TYPE, name].concat(), style);
    match activity_distance(activity(kind)) {
        ActivityDistance::Of(name) => of(name),
        ActivityDistance::OfOrOnly(name) => of(name).or_else(|| only(element, style)),
        ActivityDistance::Nowhere => None,
        ActivityDistance::Parts => parts(element, style).or_else(|| sum(distances(element, style))),
    }
}

/// The sums in the statistics of distances; `None` for one that is not a number.
fn distances<'a>(element: Element<'a>, style: NumberStyle) -> impl Iterator<Item = Option<Quantity<'a>>> {
    let is_distance = |child: &Element<'_>| child.get("type").is_some_and(|kind| kind.starts_with(DISTANCES));
    let statistics = element.children().filter(move |child| child.name() == STATISTICS && is_distance(child));
    statistics.filter(|child| child.get("sum").is_some()).map(move |child| quantity(child, style))
}

/// The first sum in the statistics of a type.
fn statistic<'a>(element: Element<'a>, kind: &str, style: NumberStyle) -> Option<Quantity<'a>> {
    let mut statistics =
        element.children().filter(|child| child.name() == STATISTICS && child.get("type") == Some(kind));
    statistics.find_map(|child| quantity(child, style))
}

fn quantity<'a>(statistics: Element<'a>, style: NumberStyle) -> Option<Quantity<'a>> {
    Some(Quantity { number: number(statistics.get("sum")?, style)?, unit: statistics.get("unit") })
}

/// The distance, if there is only one.
fn only<'a>(element: Element<'a>, style: NumberStyle) -> Option<Quantity<'a>> {
    let mut distances = distances(element, style);
    let first = distances.next()??;
    distances.next().is_none().then_some(first)
}

/// The sum over the parts of a multisport workout, if each but the transitions has a distance.
fn parts<'a>(workout: Element<'a>, style: NumberStyle) -> Option<Quantity<'a>> {
    let (mut found, mut own) = (Vec::new(), 0);
    for part in workout.children().filter(|child| child.name() == ACTIVITY) {
        let activity = part.get("workoutActivityType").unwrap_or_default();
        // A part is no multisport workout itself.
        let distance =
            if activity.ends_with("SwimBikeRun") { only(part, style) } else { own_distance(part, activity, style) };
        let is_between = activity.ends_with("Transition");
        own += usize::from(!is_between);
        match distance {
            Some(distance) => found.push(Some(distance)),
            None if is_between => {}
            None => return None,
        }
    }
    sum(found.into_iter()).filter(|_| own > 1)
}

/// The sum in the unit of the longest. Absent if one of them or its unit is unknown, and if there is only one: the distance of
/// a single part is not that of the workout.
fn sum<'a>(distances: impl Iterator<Item = Option<Quantity<'a>>>) -> Option<Quantity<'a>> {
    let (mut metres, mut longest, mut parts) = (0.0, None::<(f64, f64, Quantity<'a>)>, 0);
    for distance in distances {
        parts += 1;
        let distance = distance?;
        let unit = factor(&plain(distance.unit?), Dimension::Length)?;
        let length = distance.number * unit;
        metres += length;
        if longest.is_none_or(|(known, ..)| known < length) {
            longest = Some((length, unit, distance));
        }
    }
    longest.filter(|_| parts > 1).map(|(_, unit, distance)| Quantity { number: metres / unit, unit: distance.unit })
}

#[cfg(test)]
mod tests {
    use super::super::element::Tree;
    use super::*;

    fn of(kind: &str, sum: &str, unit: &str) -> String {
        format!("<WorkoutStatistics type=\"HKQuantityTypeIdentifier{kind}\" sum=\"{sum}\" unit=\"{unit}\"/>")
    }

    fn part(activity: &str, inner: &str) -> String {
        format!("<WorkoutActivity workoutActivityType=\"HKWorkoutActivityType{activity}\">{inner}</WorkoutActivity>")
    }

    #[test]
    fn distances_of_activities() {
        let check = |activity: &str, total: &str, inner: &[&str], expected: Option<(f64, &str)>| {
            let total = if total.is_empty() {
                String::new()
            } else {
                format!(" totalDistance=\"{total}\" totalDistanceUnit=\"mi\"")
            };
            let text = format!("<Workout{total}>{}</Workout>", inner.concat());
            let mut tree = Tree::default();
            let found = distance(
                tree.parse(&text).unwrap(),
                &format!("HKWorkoutActivityType{activity}"),
                NumberStyle::default(),
            );
            let found = found.map(|found| (found.number, found.unit.unwrap_or_default()));
            assert_eq!(found, expected, "{activity} {text}");
        };
        let (walk, bike) = (of("DistanceWalkingRunning", "0.12", "km"), of("DistanceCycling", "21.4", "km"));
        let swim = of("DistanceSwimming", "1500", "m");
        check("Cycling", "", &[&walk, &bike], Some((21.4, "km")));
        check("Cycling", "3", &[&walk, &bike], Some((21.4, "km")));
        check("Cycling", "3", &[&walk], Some((3.0, "mi")));
        check("Cycling", "0", &[&walk], None);
        check("Cycling", "0", &[&of("ActiveEnergyBurned", "1", "kcal")], Some((0.0, "mi")));
        check("Cycling", "nan", &[], None);
        check("Running", "0", &[&bike, &walk], Some((0.12, "km")));
        check("Running", "", &[&of("DistanceWalkingRunning", "5,5", "km")], Some((5.5, "km")));
        check("Running", "", &[&of("DistanceWalkingRunning", "5,555", "km")], None);
        check("Running", "", &[&of("DistanceWalkingRunning", "inf", "km"), &walk], Some((0.12, "km")));
        check("Rowing", "", &[&of("DistanceRowing", "3", "km"), &walk], Some((3.0, "km")));
        check("Rowing", "", &[&walk], Some((0.12, "km")));
        check("Rowing", "", &[&walk, &bike], None);
        check("Golf", "", &[&bike, &walk], Some((0.12, "km")));
        check("Golf", "", &[&swim], Some((1500.0, "m")));
        check("Yoga", "3", &[&walk], None);
        check("SwimBikeRun", "", &[&swim, &bike, &walk], Some((23.02, "km")));
        check("SwimBikeRun", "", &[&swim, &of("DistanceCycling", "1", "parsec")], None);
        check("SwimBikeRun", "", &[&swim, &of("DistanceCycling", "x", "km")], None);
        check("SwimBikeRun", "9", &[], Some((9.0, "mi")));
        check("SwimBikeRun", "", &[&swim], None);
        check("SwimBikeRun", "", &[&part("Swimming", &swim)], None);
        check("SwimBikeRun", "", &[&part("Swimming", &swim), &part("Transition", ""), &swim], None);
        check("SwimBikeRun", "9", &[&part("Swimming", &swim)], Some((9.0, "mi")));
        check("SwimBikeRun", "", &[&part("Swimming", &swim), &swim, &bike, &walk], Some((23.02, "km")));
        let parts = [
            part("Swimming", &[&*swim, &*walk].concat()),
            part("Transition", ""),
            part("Cycling", &[&*walk, &*bike].concat()),
            swim.clone(),
        ];
        check("SwimBikeRun", "", &parts.each_ref().map(String::as_str), Some((22.9, "km")));
        check("SwimBikeRun", "", &[&part("Swimming", &swim), &part("Cycling", &walk)], None);
    }

    #[test]
    fn energies() {
        let check = |text: &str, expected: Option<f64>| {
            let mut tree = Tree::default();
            assert_eq!(
                energy(tree.parse(text).unwrap(), NumberStyle::default()).map(|energy| energy.number),
                expected,
                "{text}"
            );
        };
        let statistic = of("ActiveEnergyBurned", "300", "kcal");
        check(&format!("<a totalEnergyBurned='0'>{statistic}</a>"), Some(300.0));
        check(&format!("<a totalEnergyBurned='12,5'>{statistic}</a>"), Some(12.5));
        check(&format!("<a totalEnergyBurned='x'>{statistic}</a>"), Some(300.0));
        check("<a totalEnergyBurned='0'/>", Some(0.0));
        check("<a/>", None);
    }
}
