//! The command line: words to a [`Command`], without side effects.

use std::path::PathBuf;

use healthsink_testdata::{AutoExport, Export, KeyOrder, Life, Order, Payload, Shape, Twin, day_ms};

pub(crate) const HELP: &str = "\
Realistic Apple Health data of any size, deterministic by seed.

Usage: healthsink-testdata payload --bytes SIZE [options]
       healthsink-testdata export --bytes SIZE [options]
       healthsink-testdata auto-export --bytes SIZE [options]
       healthsink-testdata twin --samples N -o DIR [--seed N] [--rounded]
       healthsink-testdata life --days N [--seed N] [--start DAY] [-o FILE]
                                [--truth FILE]

payload      a JSON body as Health Export Pro posts it
export       Apple's export.xml; with its workout-routes/ if OUT is a folder
auto-export  a JSON file as Health Auto Export writes it
twin         payload.json and export.xml of the same samples
life         a payload of a phone, a watch and apps that overlap: the tests know
             the right figure of each of its days and nights

Each file of XML or JSON is counted in one line of JSON on stderr.

  --bytes SIZE      size to reach: 500, 64K, 50M, 2G (powers of ten)
                    or 64Ki, 50Mi, 2Gi (powers of two)
  --seed N          below 2^61; seeds have no UUID in common [default: 1]
  --start DAY       the first day, YYYY-MM-DD [default: 2016-02-26]
  -o, --output OUT  a file, or - for stdout; for export a name that does not
                    end in .xml is a folder [default: -]
  -h, --help        print this

Only for payload:
  --shape SHAPE     mixed, heart-rate, steps, sleep, workouts, routes,
                    medications [default: mixed]
  --order ORDER     ascending, descending, shuffled [default: ascending]
  --keys ORDER      documented, reversed, shuffled [default: documented]
  --pretty          indent by two spaces
  --corrected       other values for one sample in ten, under the same UUIDs

Only for twin:
  --samples N       how many
  --rounded         six significant digits in the XML, as Apple has them

Only for life:
  --days N          how many
  --truth FILE      write the right figures of its days and nights as JSON
";

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    /// Without a path the payload goes to stdout.
    Payload(Payload, Option<PathBuf>),
    /// Without a path the XML goes to stdout.
    Export(Export, Option<PathBuf>),
    /// Without a path the JSON goes to stdout.
    AutoExport(AutoExport, Option<PathBuf>),
    Twin(Twin, PathBuf),
    /// Without a path the payload goes to stdout. The second file is for the right figures.
    Life(Life, Option<PathBuf>, Option<PathBuf>),
}

/// Options of each command.
const PAYLOAD_OPTIONS: [&str; 9] =
    ["--bytes", "--seed", "--start", "--output", "--shape", "--order", "--keys", "--pretty", "--corrected"];
const EXPORT_OPTIONS: [&str; 4] = ["--bytes", "--seed", "--start", "--output"];
const TWIN_OPTIONS: [&str; 4] = ["--samples", "--seed", "--output", "--rounded"];
const LIFE_OPTIONS: [&str; 5] = ["--days", "--seed", "--start", "--output", "--truth"];

/// The options as typed, of any command.
#[derive(Default)]
struct Options {
    payload: Payload,
    bytes: Option<u64>,
    samples: Option<u64>,
    days: Option<u32>,
    output: Option<PathBuf>,
    truth: Option<PathBuf>,
    rounded: bool,
    help: bool,
}

/// Parses the words after the program's name; an error is one line for the user.
pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Command, String> {
    let mut words = words.into_iter();
    let command = words.next();
    let allowed: &[&str] = match command.as_deref() {
        None | Some("-h" | "--help" | "help") => return Ok(Command::Help),
        Some("payload") => &PAYLOAD_OPTIONS,
        Some("export" | "auto-export") => &EXPORT_OPTIONS,
        Some("twin") => &TWIN_OPTIONS,
        Some("life") => &LIFE_OPTIONS,
        Some(other) => return Err(format!("unknown command `{other}`")),
    };
    let options = Options::parse(words, allowed)?;
    if options.help {
        return Ok(Command::Help);
    }
    if command.as_deref() == Some("twin") {
        let twin = Twin {
            seed: options.payload.seed,
            samples: options.samples.ok_or("--samples is missing")?,
            rounded: options.rounded,
        };
        let folder = options.output.ok_or("--output is missing: a folder")?;
        return Ok(Command::Twin(twin, folder));
    }
    if command.as_deref() == Some("life") {
        let Payload { seed, start_ms, .. } = options.payload;
        let life = Life { seed, days: options.days.ok_or("--days is missing")?, start_ms };
        return Ok(Command::Life(life, options.output, options.truth));
    }
    let target_bytes = options.bytes.ok_or("--bytes is missing")?;
    let payload = Payload { target_bytes, ..options.payload };
    if command.as_deref() == Some("payload") {
        return Ok(Command::Payload(payload, options.output));
    }
    if command.as_deref() == Some("auto-export") {
        let export = AutoExport { seed: payload.seed, target_bytes, start_ms: payload.start_ms };
        return Ok(Command::AutoExport(export, options.output));
    }
    let export = Export { seed: payload.seed, target_bytes, start_ms: payload.start_ms, ..Export::default() };
    Ok(Command::Export(export, options.output))
}

impl Options {
    fn parse(mut words: impl Iterator<Item = String>, allowed: &[&str]) -> Result<Self, String> {
        let mut options = Self::default();
        while let Some(word) = words.next() {
            let (option, attached) = split(word);
            match option.as_str() {
                "-h" | "--help" => options.help = true,
                unknown if !allowed.contains(&unknown) => {
                    return Err(format!("unknown option `{unknown}`"));
                }
                "--pretty" | "--corrected" | "--rounded" if attached.is_some() => {
                    return Err(format!("{option} takes no value"));
                }
                "--pretty" => options.payload.pretty = true,
                "--corrected" => options.payload.corrected = true,
                "--rounded" => options.rounded = true,
                _ => {
                    let value = attached.or_else(|| words.next());
                    let value = value.ok_or_else(|| format!("{option} needs a value"))?;
                    options.set(&option, &value).ok_or_else(|| format!("{option} does not take `{value}`"))?;
                }
            }
        }
        Ok(options)
    }

    /// `None` if the value is not one of the option's.
    fn set(&mut self, option: &str, value: &str) -> Option<()> {
        match option {
            "--bytes" => self.bytes = Some(size(value)?),
            "--days" => self.days = Some(value.parse().ok()?),
            "--samples" => self.samples = Some(value.parse().ok()?),
            "--seed" => self.payload.seed = value.parse().ok().filter(|seed| *seed < 1 << 61)?,
            "--start" => self.payload.start_ms = day_ms(value)?,
            "--shape" => self.payload.shape = Shape::from_name(value)?,
            "--order" => self.payload.order = order(value)?,
            "--keys" => self.payload.key_order = key_order(value)?,
            "--truth" => self.truth = Some(PathBuf::from(value)),
            _ => self.output = (value != "-").then(|| PathBuf::from(value)),
        }
        Some(())
    }
}

/// `--seed=7` is `--seed 7`, and `-o` is `--output`.
fn split(word: String) -> (String, Option<String>) {
    match word.split_once('=') {
        Some((option, value)) if option.starts_with("--") => (option.to_owned(), Some(value.to_owned())),
        _ if word == "-o" => ("--output".to_owned(), None),
        _ => (word, None),
    }
}

/// Digits, and at most one of K, M, G, T with or without an i.
fn size(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    let number: u64 = digits.parse().ok()?;
    let unit: u64 = match &text[digits.len()..] {
        "" => 1,
        "K" | "k" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "T" => 1_000_000_000_000,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        _ => return None,
    };
    number.checked_mul(unit)
}

fn order(name: &str) -> Option<Order> {
    Some(match name {
        "ascending" => Order::Ascending,
        "descending" => Order::Descending,
        "shuffled" => Order::Shuffled,
        _ => return None,
    })
}

fn key_order(name: &str) -> Option<KeyOrder> {
    Some(match name {
        "documented" => KeyOrder::AsDocumented,
        "reversed" => KeyOrder::Reversed,
        "shuffled" => KeyOrder::Shuffled,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Result<Command, &str>) {
        let words = line.split_whitespace().map(str::to_owned);
        assert_eq!(parse(words), expected.map_err(str::to_owned), "{line}");
    }

    #[test]
    fn mistakes() {
        for (line, expected) in [
            ("bake", "unknown command `bake`"),
            ("payload", "--bytes is missing"),
            ("payload --bytes", "--bytes needs a value"),
            ("payload --bytes 5X", "--bytes does not take `5X`"),
            ("payload --bytes 99999999999T", "--bytes does not take `99999999999T`"),
            ("payload --colour red", "unknown option `--colour`"),
            ("payload --pretty=yes", "--pretty takes no value"),
            ("export --bytes 1 --start 2023-02-29", "--start does not take `2023-02-29`"),
            ("export --bytes 1 --pretty", "unknown option `--pretty`"),
            ("twin -o x", "--samples is missing"),
            ("twin --samples 5", "--output is missing: a folder"),
        ] {
            check(line, Err(expected));
        }
    }

    #[test]
    fn commands() {
        check("", Ok(Command::Help));
        check("payload --bytes 1K --help", Ok(Command::Help));
        let expected = Payload {
            seed: 9,
            target_bytes: 50 << 20,
            shape: Shape::HeartRate,
            pretty: true,
            order: Order::Shuffled,
            key_order: KeyOrder::Reversed,
            start_ms: 0,
            corrected: true,
        };
        check(
            "payload --bytes=50Mi --seed 9 --shape heart-rate --pretty --order shuffled \
             --keys reversed --start 1970-01-01 --corrected -o x.json",
            Ok(Command::Payload(expected, Some(PathBuf::from("x.json")))),
        );
        let expected = Export { seed: 3, target_bytes: 2_000_000, ..Export::default() };
        check("export --bytes 2M --seed=3 -o -", Ok(Command::Export(expected, None)));
        let expected = AutoExport { target_bytes: 5_000, ..AutoExport::default() };
        check("auto-export --bytes 5K", Ok(Command::AutoExport(expected, None)));
        let expected = Life { seed: 1, days: 60, start_ms: 0 };
        check(
            "life --days 60 --start 1970-01-01 --truth truth.json",
            Ok(Command::Life(expected, None, Some(PathBuf::from("truth.json")))),
        );
        let expected = Twin { seed: 1, samples: 100, rounded: true };
        check("twin --samples 100 --rounded --output folder", Ok(Command::Twin(expected, PathBuf::from("folder"))));
    }
}
