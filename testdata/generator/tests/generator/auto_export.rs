//! The JSON of Health Auto Export: it is JSON, of about the requested size, with as many points as counted.

use healthsink_testdata::AutoExport;

use crate::json::{Value, parse};

#[test]
fn contents_match_the_counts() {
    for target_bytes in [0, 3_000, 200_000] {
        let export = AutoExport { target_bytes, ..AutoExport::default() };
        let (body, written) = export.to_vec();
        assert_eq!(body.len() as u64, written.bytes);
        assert!(written.bytes >= target_bytes && written.bytes < target_bytes + 40_000, "{written}");
        let json = parse(std::str::from_utf8(&body).unwrap());
        let data = json.get("data");
        let sum =
            |list: &[Value], name: &str| list.iter().map(|one| one.get(name).elements().len() as u64).sum::<u64>();
        let metrics = data.get("metrics").elements();
        assert!(
            metrics
                .iter()
                .all(|metric| !metric.get("name").text().is_empty() && !metric.get("units").text().is_empty())
        );
        assert_eq!(sum(metrics, "data"), written.points);
        let workouts = data.get("workouts").elements();
        assert_eq!(workouts.len() as u64, written.workouts);
        assert_eq!(
            (sum(workouts, "heartRateData"), sum(workouts, "route")),
            (written.series_points, written.route_points)
        );
        assert_eq!(export.to_vec().0, body);
    }
    let other = AutoExport { seed: 2, ..AutoExport::default() };
    assert_ne!(other.to_vec().0, AutoExport::default().to_vec().0);
}
