//! The commands and flags that documents name are those of the program.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::program::run;

/// Flags of other programs that documents name by themselves.
const OTHERS: [&str; 4] = ["--cacert", "--features", "--release", "--retention"];

/// Words before a command that another program passes on.
const BEFORE: [&str; 3] = ["exec", "sudo", "time"];

fn documents() -> Vec<PathBuf> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    ["", "docs", "docs/guides"]
        .iter()
        .flat_map(|folder| fs::read_dir(repository.join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md") && !path.ends_with("CHANGELOG.md"))
        .collect()
}

/// The flags of each command, by the names of their pages.
fn commands() -> BTreeMap<String, BTreeSet<String>> {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(&["man", folder.path().to_str().unwrap()]).status.success());
    let pages = fs::read_dir(folder.path()).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        let page = fs::read_to_string(&path).unwrap().replace("\\-", "-");
        let flags = page.split("--").skip(1).map(|rest| flag_of(&format!("--{rest}")).to_owned()).collect();
        (path.file_stem().unwrap().to_str().unwrap().to_owned(), flags)
    });
    pages.collect()
}

/// The flag at the start of a text.
fn flag_of(text: &str) -> &str {
    let is_part = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    text.find(|letter| !is_part(letter)).map_or(text, |end| &text[..end])
}

/// Lines of code blocks, continued ones whole, and texts in backticks.
fn codes(text: &str) -> (Vec<String>, Vec<String>) {
    let (mut blocks, mut inline) = (Vec::new(), Vec::new());
    for (place, part) in text.split("```").enumerate() {
        if place % 2 == 1 {
            blocks.extend(part.replace("\\\n", " ").lines().map(str::to_owned));
        } else {
            inline.extend(part.split('`').skip(1).step_by(2).map(|code| code.replace('\n', " ")));
        }
    }
    (blocks, inline)
}

/// The words behind the program's name, if a piece of a command line calls it.
fn arguments(piece: &str) -> Option<Vec<&str>> {
    let words: Vec<&str> = piece.split_whitespace().take_while(|word| !word.starts_with('#')).collect();
    let is_program = |word: &str| word == "healthsink" || word.ends_with("/healthsink");
    // In a container the service has the same name.
    let twice = words.windows(2).position(|pair| pair == ["healthsink", "healthsink"]).map(|place| place + 1);
    let is_before = |word: &&str| BEFORE.contains(word) || word.contains('=') && !word.starts_with('-');
    let place = twice.unwrap_or_else(|| words.iter().take_while(|word| is_before(word)).count());
    words.get(place).filter(|word| is_program(word)).map(|_| words[place + 1..].to_vec())
}

/// Returns what is wrong with a call, if anything.
fn fault(commands: &BTreeMap<String, BTreeSet<String>>, words: &[&str]) -> Option<String> {
    let trimmed = |word: &str| word.trim_matches(['[', ']', '(', ')', '"', '\'', ',']).to_owned();
    let mut name = "healthsink".to_owned();
    let mut rest = words.iter().map(|word| trimmed(word)).peekable();
    while let Some(longer) = rest.peek().map(|word| format!("{name}-{word}")).filter(|name| commands.contains_key(name))
    {
        name = longer;
        rest.next();
    }
    if name == "healthsink" && rest.peek().is_some_and(|word| !word.starts_with('-')) {
        return Some(format!("no command {:?}", rest.peek()));
    }
    let is_known = |flag: &str| commands[&name].contains(flag) || commands["healthsink"].contains(flag);
    rest.filter(|word| word.starts_with("--") && word.len() > 2)
        .find(|word| !is_known(flag_of(word)))
        .map(|word| format!("{name} has no {word}"))
}

#[test]
fn documents_name_commands_and_flags_that_exist() {
    let commands = commands();
    let all: BTreeSet<&String> = commands.values().flatten().collect();
    let (mut faults, mut calls) = (Vec::new(), 0);
    for document in documents() {
        let (blocks, inline) = codes(&fs::read_to_string(&document).unwrap());
        let mut note = |what: String| faults.push(format!("{}: {what}", document.display()));
        for flag in inline.iter().filter(|code| code.starts_with("--")).map(|code| flag_of(code)) {
            if !all.iter().any(|known| *known == flag) && !OTHERS.contains(&flag) {
                note(format!("no command has {flag}"));
            }
        }
        for piece in blocks.iter().chain(&inline).flat_map(|line| line.split(['|', ';', '&', '('])) {
            let begins = piece.split_whitespace().next().unwrap_or_default();
            let is_command = commands.contains_key(&format!("healthsink-{begins}")) && piece.contains(" --");
            let words = match arguments(piece) {
                Some(words) if !words.is_empty() => words,
                // Prose leaves the program's name out.
                _ if is_command && inline.iter().any(|code| code == piece) => piece.split_whitespace().collect(),
                _ => continue,
            };
            calls += 1;
            fault(&commands, &words).into_iter().for_each(&mut note);
        }
    }
    assert!(calls > 100, "{calls}");
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_wrong_flag_is_noticed() {
    let commands = commands();
    let check = |piece: &str, expected: Option<&str>| {
        let found = arguments(piece).and_then(|words| fault(&commands, &words));
        assert_eq!(found.as_deref(), expected, "{piece}");
    };
    check("sudo healthsink serve --listen 0.0.0.0:3000", None);
    check("A=b healthsink --log-level warn status", None);
    check("healthsink serve --lisden x", Some("healthsink-serve has no --lisden"));
    check("docker compose exec healthsink healthsink frob", Some("no command Some(\"frob\")"));
    check("healthsink token new --scope read --once", Some("healthsink-token-new has no --once"));
    check("curl --lisden x", None);
}
