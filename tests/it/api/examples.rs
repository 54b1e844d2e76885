//! The description against what is answered: each answer has exactly the declared fields, and so has each example.

use serde_json::{Value, json};

use super::{Api, PATHS};

/// Checks a value against a schema. Undeclared fields are faults.
fn check(value: &Value, schema: &Value, api: &Value, at: &str) -> Result<(), String> {
    if let Some(name) = schema["$ref"].as_str() {
        let found = api.pointer(name.trim_start_matches('#')).ok_or_else(|| format!("{at}: {name} is missing"))?;
        return check(value, found, api, at);
    }
    if let Some(options) = schema["oneOf"].as_array() {
        let fits = options.iter().filter(|option| check(value, option, api, at).is_ok()).count();
        return if fits == 1 { Ok(()) } else { Err(format!("{at}: fits {fits} of oneOf: {value}")) };
    }
    if schema.get("const").is_some_and(|only| only != value) {
        return Err(format!("{at}: is not {}: {value}", schema["const"]));
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        return Err(format!("{at}: is not one of {}: {value}", schema["enum"]));
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => return Ok(()),
    };
    let is_kind = |kind: &&str| match *kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    if !kinds.iter().any(is_kind) {
        return Err(format!("{at}: is not {kinds:?}: {value}"));
    }
    for (number, item) in value.as_array().into_iter().flatten().enumerate() {
        check(item, &schema["items"], api, &format!("{at}[{number}]"))?;
    }
    let (Some(fields), Some(properties)) = (value.as_object(), schema["properties"].as_object()) else {
        return Ok(());
    };
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            return Err(format!("{at}: {name} is missing"));
        }
    }
    for (name, field) in fields {
        let property = properties.get(name).ok_or_else(|| format!("{at}: {name} is not declared"))?;
        check(field, property, api, &format!("{at}.{name}"))?;
    }
    Ok(())
}

/// The description's path of a request.
fn described(path: &str) -> String {
    let path = path.split('?').next().unwrap();
    let names: Vec<&str> = path.split('/').collect();
    let name = |(at, name): (usize, &&str)| match names.get(at.wrapping_sub(1)) {
        Some(&"workouts") if name.len() == 36 => "{uuid}".to_owned(),
        Some(&"nights") => "{date}".to_owned(),
        _ => (*name).to_owned(),
    };
    names.iter().enumerate().map(name).collect::<Vec<_>>().join("/")
}

/// A value without what differs between two runs: only names, and the kinds of what they name. Of a list only the first item.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Bool(_) => json!("flag"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("text"),
        Value::Array(items) => items.first().map_or(json!([]), |item| json!([shape(item)])),
        Value::Object(fields) => fields.iter().map(|(name, field)| (name.clone(), shape(field))).collect(),
    }
}

/// Whether an example has the fields of an answer. Either of two values may be absent.
fn is_alike(example: &Value, answer: &Value) -> bool {
    match (example, answer) {
        (Value::Null, _) | (_, Value::Null) => true,
        (Value::Array(example), Value::Array(answer)) => match (example.first(), answer.first()) {
            (Some(example), Some(answer)) => is_alike(example, answer),
            _ => true,
        },
        (Value::Object(example), Value::Object(answer)) => {
            example.keys().eq(answer.keys()) && example.iter().all(|(name, field)| is_alike(field, &answer[name]))
        }
        (example, answer) => example == answer,
    }
}

#[test]
fn the_example_of_a_period_is_answered() {
    let api = Api::start();
    let example = &api.json("/openapi.json")["components"]["schemas"]["Period"]["example"];
    assert_eq!(*example, api.json("/api/v1/days?type=steps&bucket=week")["weeks"][0]);
}

#[test]
fn answers_have_the_declared_fields_and_examples_are_answered() {
    let api = Api::start();
    let description = api.json("/openapi.json");
    for path in PATHS {
        let operation = &description["paths"][described(path)]["get"];
        assert!(operation.is_object(), "{path} is not described");
        let answer = api.ask(&api.token, path, &[]);
        let kind = answer.header("content-type").unwrap();
        let declared = &operation["responses"]["200"]["content"][kind];
        assert!(declared.is_object(), "{path}: {kind} is not declared");
        if !kind.ends_with("json") {
            continue;
        }
        let answer = answer.json();
        check(&answer, &declared["schema"], &description, path).unwrap();
        let example = &declared["example"];
        assert!(example.is_object(), "{path} has no example; it answers {answer}");
        check(example, &declared["schema"], &description, &format!("the example of {path}")).unwrap();
        assert!(is_alike(&shape(example), &shape(&answer)), "{path}: the example is {example}, the answer {answer}");
    }
}

#[test]
fn faults_of_answers_are_found() {
    let schema = json!({"type": "object", "required": ["a"], "properties": {"a": {"type": ["integer", "null"]}, "b": {"enum": ["x"]}}});
    for (value, expected) in [
        (json!({"a": 1}), true),
        (json!({"a": null, "b": "x"}), true),
        (json!({"a": 1.5}), false),
        (json!({"b": "x"}), false),
        (json!({"a": 1, "b": "y"}), false),
        (json!({"a": 1, "c": 1}), false),
        (json!([]), false),
    ] {
        assert_eq!(check(&value, &schema, &Value::Null, "").is_ok(), expected, "{value}");
    }
}
