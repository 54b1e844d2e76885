//! A small strict reader of JSON, independent of the generator so that both cannot share a mistake.

use std::str::Chars;

#[derive(Debug)]
pub(crate) enum Value {
    Null,
    Boolean(bool),
    /// As written.
    Number(String),
    Text(String),
    Array(Vec<Value>),
    Object(Vec<(String, Value)>),
}

static NULL: Value = Value::Null;

impl Value {
    /// The member of that name, or null.
    pub(crate) fn get(&self, name: &str) -> &Self {
        let member = self.members().iter().find(|(key, _)| key == name);
        member.map_or(&NULL, |(_, value)| value)
    }

    pub(crate) fn members(&self) -> &[(String, Self)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    pub(crate) fn elements(&self) -> &[Self] {
        match self {
            Self::Array(elements) => elements,
            _ => &[],
        }
    }

    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            other => panic!("not a text: {other:?}"),
        }
    }

    /// Calls back with each member of each object.
    pub(crate) fn visit(&self, visitor: &mut impl FnMut(&str, &Self)) {
        for (key, value) in self.members() {
            visitor(key, value);
            value.visit(visitor);
        }
        for element in self.elements() {
            element.visit(visitor);
        }
    }

    /// Compact, with the keys sorted.
    pub(crate) fn canonical(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Boolean(value) => value.to_string(),
            Self::Number(number) => number.clone(),
            Self::Text(text) => format!("{text:?}"),
            Self::Array(elements) => {
                let texts: Vec<String> = elements.iter().map(Self::canonical).collect();
                format!("[{}]", texts.join(","))
            }
            Self::Object(members) => {
                let text = |(key, value): &(String, Self)| format!("{key}:{}", value.canonical());
                let mut texts: Vec<String> = members.iter().map(text).collect();
                texts.sort();
                format!("{{{}}}", texts.join(","))
            }
        }
    }
}

/// Reads a text that is one value.
pub(crate) fn parse(text: &str) -> Value {
    let mut reader = Reader { rest: text.chars() };
    let value = reader.value();
    reader.blank();
    assert_eq!(reader.rest.as_str(), "", "more than one value");
    value
}

struct Reader<'a> {
    rest: Chars<'a>,
}

impl Reader<'_> {
    fn peek(&self) -> char {
        self.rest.clone().next().expect("the text ends too early")
    }

    fn next(&mut self) -> char {
        self.rest.next().expect("the text ends too early")
    }

    fn blank(&mut self) {
        let trimmed = self.rest.as_str().trim_start_matches([' ', '\n', '\r', '\t']);
        self.rest = trimmed.chars();
    }

    fn token(&mut self, expected: char) {
        self.blank();
        assert_eq!(self.next(), expected, "before {:.40}", self.rest.as_str());
    }

    fn value(&mut self) -> Value {
        self.blank();
        match self.peek() {
            '{' => self.object(),
            '[' => self.array(),
            '"' => Value::Text(self.string()),
            _ => self.literal(),
        }
    }

    fn object(&mut self) -> Value {
        let mut members: Vec<(String, Value)> = Vec::new();
        self.token('{');
        self.blank();
        while self.peek() != '}' {
            if !members.is_empty() {
                self.token(',');
                self.blank();
            }
            let key = self.string();
            self.token(':');
            assert!(members.iter().all(|(other, _)| *other != key), "{key} twice");
            members.push((key, self.value()));
            self.blank();
        }
        self.next();
        Value::Object(members)
    }

    fn array(&mut self) -> Value {
        let mut elements = Vec::new();
        self.token('[');
        self.blank();
        while self.peek() != ']' {
            if !elements.is_empty() {
                self.token(',');
            }
            elements.push(self.value());
            self.blank();
        }
        self.next();
        Value::Array(elements)
    }

    fn string(&mut self) -> String {
        let mut text = String::new();
        self.token('"');
        loop {
            match self.next() {
                '"' => return text,
                '\\' => match self.next() {
                    escaped @ ('"' | '\\') => text.push(escaped),
                    other => panic!("escape of {other}"),
                },
                control if control < ' ' => panic!("a control character"),
                other => text.push(other),
            }
        }
    }

    fn literal(&mut self) -> Value {
        let text = self.rest.as_str();
        let end = text.find([',', ']', '}', '\n']).unwrap_or(text.len());
        let (literal, rest) = text.split_at(end);
        self.rest = rest.chars();
        match literal {
            "null" => Value::Null,
            "true" => Value::Boolean(true),
            "false" => Value::Boolean(false),
            number => {
                check_number(number);
                Value::Number(number.to_owned())
            }
        }
    }
}

/// The grammar of numbers, and that no double prints shorter.
fn check_number(number: &str) {
    let double: f64 = number.parse().expect(number);
    let unsigned = number.strip_prefix('-').unwrap_or(number);
    assert!(unsigned.starts_with(|first: char| first.is_ascii_digit()), "{number}");
    assert!(!unsigned.starts_with('0') || unsigned == "0" || unsigned.starts_with("0."), "{number}");
    let shortest = if number.contains('e') { format!("{double:e}") } else { format!("{double}") };
    assert_eq!(number, shortest);
}
