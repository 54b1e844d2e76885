//! Payloads against an independent reader of JSON.

use std::collections::HashSet;
use std::io::Read;

use healthsink_testdata::{KeyOrder, Order, Payload, Shape, Written};

use crate::json::{self, Value};

const SHAPES: [Shape; 7] =
    [Shape::Mixed, Shape::HeartRate, Shape::Steps, Shape::Sleep, Shape::Workouts, Shape::Routes, Shape::Medications];

fn payload(shape: Shape, target_bytes: u64) -> Payload {
    Payload { shape, target_bytes, ..Payload::default() }
}

fn body(payload: &Payload) -> (String, Written) {
    let (body, written) = payload.to_vec();
    (String::from_utf8(body).expect("UTF-8"), written)
}

/// The elements that a reader counts without the generator's help.
fn count(text: &str, root: &Value) -> Written {
    let mut written = Written { bytes: text.len() as u64, ..Written::default() };
    for (key, section) in root.get("data").members() {
        let elements = section.elements().len() as u64;
        match key.as_str() {
            "workouts" => written.workouts = elements,
            "medicationDoseEvents" => written.medication_doses = elements,
            "medications" => written.medications = elements,
            key if key.starts_with("HKQuantityType") => written.quantity_samples += elements,
            key if key.starts_with("HKCategoryType") => written.category_samples += elements,
            key => panic!("unknown section {key}"),
        }
    }
    written.samples = written.quantity_samples + written.category_samples;
    for (_, routes) in root.get("workoutRoutes").members() {
        written.routes += routes.elements().len() as u64;
        for route in routes.elements() {
            written.route_points += route.get("locations").elements().len() as u64;
        }
    }
    written.characteristics = root.get("characteristics").members().len() as u64;
    written
}

fn uuids(root: &Value) -> Vec<String> {
    let mut found = Vec::new();
    root.visit(&mut |key, value| {
        if matches!(key, "uuid" | "HKExternalUUID" | "HKMetadataKeySyncIdentifier") {
            found.push(value.text().to_owned());
        }
    });
    found
}

/// All elements of all sections, in one order: equal for payloads with equal contents.
fn contents(root: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (key, section) in root.get("data").members() {
        for element in section.elements() {
            found.push(format!("{key} {}", element.canonical()));
        }
    }
    for (uuid, routes) in root.get("workoutRoutes").members() {
        found.push(format!("{uuid} {}", routes.canonical()));
    }
    found.sort();
    found
}

#[test]
fn counts_are_what_a_reader_finds_and_sizes_are_near_the_target() {
    for shape in SHAPES {
        for target in [60_000, 200_000, 1_000_000] {
            for pretty in [false, true] {
                let payload = Payload { pretty, ..payload(shape, target) };
                let (text, written) = body(&payload);
                assert_eq!(count(&text, &json::parse(&text)), written, "{payload:?}");
                assert!(written.bytes >= target, "{payload:?}: {written}");
                let past = if pretty { 8_000 } else { 4_000 };
                assert!(written.bytes < target + past, "{payload:?}: {written}");
            }
        }
    }
}

#[test]
fn small_targets_give_valid_payloads() {
    for shape in SHAPES {
        for target in [0, 1, 500, 1_000, 5_000, 20_000, 40_000] {
            let (text, written) = body(&payload(shape, target));
            assert_eq!(count(&text, &json::parse(&text)), written, "{shape:?} {target}");
            assert!(written.bytes < target + 5_000, "{shape:?} {target}");
        }
    }
}

#[test]
fn a_mixed_payload_has_some_of_everything() {
    let (text, written) = body(&payload(Shape::Mixed, 500_000));
    let root = json::parse(&text);
    assert_eq!(root.get("data").members().len(), 36 + 3);
    assert!(written.workouts >= 3 && written.medication_doses >= 3);
    assert!(written.routes >= 1 && written.route_points > 100);
    let route_bytes = root.get("workoutRoutes").canonical().len();
    assert!((5..20).contains(&(route_bytes * 100 / text.len())));
    let sample_bytes = text.len() as u64 / written.samples;
    assert!((450..700).contains(&sample_bytes), "{sample_bytes}");
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let first = payload(Shape::Mixed, 300_000);
    let other = Payload { seed: 2, ..first };
    assert!(first.to_vec() == first.to_vec());
    assert!(first.to_vec().0 != other.to_vec().0);
    // Change it knowingly: recorded figures of benchmarks depend on the bytes.
    let sum = first
        .to_vec()
        .0
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    assert_eq!(sum, 0xe4ff_4286_f716_b5d5, "{sum:#x}");
}

#[test]
fn uuids_are_distinct_within_a_seed_and_between_seeds() {
    let mut seen = HashSet::new();
    for seed in 1..=3 {
        let payload = Payload { seed, ..payload(Shape::Mixed, 400_000) };
        let (text, written) = body(&payload);
        let found = uuids(&json::parse(&text));
        // A workout has one more, of its activity.
        let elements = written.samples + 2 * written.workouts + written.medication_doses;
        assert!(found.len() as u64 >= elements);
        for uuid in found {
            assert!(seen.insert(uuid.clone()), "{uuid} again");
        }
    }
}

#[test]
fn any_order_holds_the_same_elements() {
    for shape in SHAPES {
        let documented = payload(shape, 300_000);
        let expected = contents(&json::parse(&body(&documented).0));
        for (order, key_order) in [
            (Order::Descending, KeyOrder::AsDocumented),
            (Order::Shuffled, KeyOrder::Reversed),
            (Order::Ascending, KeyOrder::Shuffled),
        ] {
            let payload = Payload { order, key_order, ..documented };
            let (text, written) = body(&payload);
            let root = json::parse(&text);
            assert!(contents(&root) == expected, "{payload:?}");
            assert_eq!(count(&text, &root), written);
            assert_eq!(written, documented.measure());
        }
    }
}

#[test]
fn keys_are_in_the_order_asked_for() {
    let documented = payload(Shape::Mixed, 100_000);
    let (text, _) = body(&documented);
    assert!(text.starts_with("{\"exportDate\":"));
    assert!(text.find("\"data\"") < text.find("\"workoutRoutes\""));
    let reversed = Payload { key_order: KeyOrder::Reversed, ..documented };
    let (text, _) = body(&reversed);
    assert!(text.starts_with("{\"workoutRoutes\":{"));
    assert!(text.contains("\"data\":{\"medications\":[{\"generalForm\":"));
    assert!(text.ends_with("Z\"}"));
}

#[test]
fn samples_are_in_the_order_asked_for_and_within_the_envelope() {
    for order in [Order::Ascending, Order::Descending, Order::Shuffled] {
        let payload = Payload { order, ..payload(Shape::HeartRate, 300_000) };
        let root = json::parse(&body(&payload).0);
        let samples = root.get("data").get("HKQuantityTypeIdentifierHeartRate");
        let starts: Vec<&str> = samples.elements().iter().map(|sample| sample.get("startDate").text()).collect();
        match order {
            Order::Ascending => assert!(starts.is_sorted()),
            Order::Descending => assert!(starts.iter().rev().is_sorted()),
            Order::Shuffled => assert!(!starts.is_sorted() && !starts.iter().rev().is_sorted()),
        }
        let [first, last] = ["startDate", "endDate"].map(|key| root.get(key).text());
        assert!(starts.iter().all(|start| (first..last).contains(start)));
    }
}

#[test]
fn a_corrected_payload_has_other_values_under_the_same_uuids() {
    let original = payload(Shape::Mixed, 400_000);
    let corrected = Payload { corrected: true, ..original };
    let [(before, counts_before), (after, counts_after)] = [body(&original), body(&corrected)];
    let [before, after] = [json::parse(&before), json::parse(&after)];
    assert_eq!(uuids(&before), uuids(&after));
    let [before, after] = [contents(&before), contents(&after)];
    let changed = after.iter().filter(|element| before.binary_search(element).is_err()).count();
    assert_eq!(counts_before.corrected_samples, 0);
    assert_eq!(counts_after.corrected_samples, changed as u64);
    assert!(changed as u64 > counts_after.samples / 20);
    assert!((changed as u64) < counts_after.samples / 8);
}

#[test]
fn the_reader_gives_what_the_writer_writes() {
    let payload = payload(Shape::Mixed, 400_000);
    let (mut reader, thread) = payload.into_reader().unwrap();
    let mut read = Vec::new();
    let mut chunk = [0; 1000];
    loop {
        match reader.read(&mut chunk).unwrap() {
            0 => break,
            bytes => read.extend_from_slice(&chunk[..bytes]),
        }
    }
    let written = thread.join().unwrap().unwrap();
    assert!((read, written) == payload.to_vec());
}

#[test]
fn dates_and_values_have_the_documented_form() {
    let (text, _) = body(&payload(Shape::Mixed, 400_000));
    json::parse(&text).visit(&mut |key, value| match key {
        "startDate" | "endDate" | "date" | "exportDate" | "scheduledDate" => {
            let date = value.text();
            assert_eq!(date.len(), 24, "{date}");
            assert!(date.starts_with("20") && date.ends_with('Z'), "{date}");
        }
        "value" => assert!(matches!(value, Value::Number(_))),
        "uuid" => {
            let uuid = value.text();
            assert_eq!(uuid.len(), 36);
            assert_eq!(uuid, uuid.to_uppercase());
        }
        _ => {}
    });
}
