//! The questions that setup asks on a terminal, and the answers that it takes without one.

use std::io::{self, BufRead, Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::plan::Reach;
use crate::cli::arguments::parse_name;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{ANSWER_BYTES_MAX, TAILSCALE_BYTES_MAX};
use crate::serve::config::PORT_DEFAULT;
use crate::serve::public_url::PublicUrl;

/// Asks on standard error, and reads standard input.
pub(super) struct Questions {
    is_asking: bool,
    is_terminal: bool,
    /// Whether a line was read.
    has_answers: bool,
}

impl Questions {
    /// With `is_asking` false, each question has its default as the answer, and so have those behind the end of a pipe with answers.
    pub(super) fn new(is_asking: bool, is_terminal: bool) -> Self {
        Self { is_asking, is_terminal, has_answers: false }
    }

    /// How the phone reaches this machine.
    pub(super) fn reach(&mut self, given: Option<Reach>) -> Result<Reach> {
        if let Some(reach) = given {
            return Ok(reach);
        }
        let question = "How will the phone reach this machine?
  1  home network: phone and machine share a Wi-Fi, uploads happen at home
  2  VPN such as Tailscale: uploads happen everywhere, with the VPN on
  3  domain: a proxy with HTTPS takes uploads from the internet
";
        self.ask(question, "1", "answer 1, 2 or 3", |answer| match answer {
            "1" | "home" => Some(Reach::Home),
            "2" | "vpn" => Some(Reach::Vpn),
            "3" | "domain" => Some(Reach::Domain),
            _ => None,
        })
    }

    /// The base URL, if the way needs one.
    pub(super) fn public_url(&mut self, reach: Reach, given: Option<PublicUrl>) -> Result<Option<PublicUrl>> {
        if given.is_some() || !self.is_asking || reach == Reach::Home {
            return Ok(given);
        }
        let (question, default) = match reach {
            Reach::Vpn => (
                "This machine's URL in the VPN? With Tailscale https://MACHINE.TAILNET.ts.net,\nelse http://ADDRESS:3000",
                tailscale_url().unwrap_or_default(),
            ),
            Reach::Home | Reach::Domain => ("The domain's URL, such as https://health.example.com?", String::new()),
        };
        let hint = match reach {
            Reach::Domain => {
                "begin with https:// or http://, and name a domain such as health.example.com, not an address"
            }
            _ => "begin with https:// or http://, or write an address, or a name with a dot",
        };
        self.ask(question, &default, hint, |answer| url_of_answer(reach, answer)).map(Some)
    }

    /// Whose data it is. `likely` fails if several persons are.
    pub(super) fn person(&mut self, given: Option<String>, likely: impl FnOnce() -> Result<String>) -> Result<String> {
        if let Some(person) = given {
            return Ok(person);
        }
        let default = if self.is_asking { likely().unwrap_or_default() } else { likely()? };
        self.ask("Whose data does the phone send? A name, to keep persons apart", &default, "type a name", |answer| {
            parse_name(answer).ok()
        })
    }

    /// Whether the server starts with this machine.
    pub(super) fn boot(&mut self, given: Option<bool>) -> Result<bool> {
        if let Some(boots) = given {
            return Ok(boots);
        }
        let answers = |answer: &str| match answer {
            "y" | "yes" => Some(true),
            "n" | "no" => Some(false),
            _ => None,
        };
        self.ask("Shall the server start with this machine, as a service? yes or no", "no", "answer yes or no", answers)
    }

    /// Asks until there is an answer. An empty one is the default, if there is one.
    fn ask<T>(&mut self, question: &str, default: &str, hint: &str, read: impl Fn(&str) -> Option<T>) -> Result<T> {
        let unanswered = || {
            Error::usage(format!(
                "no answer to a question of setup ({hint}); add --yes for its defaults, or see its flags in --help"
            ))
        };
        if !self.is_asking {
            return read(default).ok_or_else(unanswered);
        }
        let shown = if default.is_empty() { String::new() } else { format!(" [{default}]") };
        let begin = if question.ends_with('\n') { "Answer" } else { "" };
        let end = if question.ends_with('?') && shown.is_empty() { " " } else { ": " };
        loop {
            write!(io::stderr(), "{question}{begin}{shown}{end}").map_err(|error| failed(&error))?;
            let answer = match read_line()? {
                Some(answer) => {
                    self.has_answers = true;
                    answer
                }
                None if self.is_terminal || !self.has_answers => {
                    let _ = writeln!(io::stderr());
                    return Err(unanswered());
                }
                None => {
                    let _ = writeln!(io::stderr());
                    self.is_asking = false;
                    return read(default).ok_or_else(unanswered);
                }
            };
            let answer = if answer.is_empty() { default } else { &answer };
            if let Some(answer) = read(answer) {
                return Ok(answer);
            }
            writeln!(io::stderr(), "  {hint}").map_err(|error| failed(&error))?;
        }
    }
}

/// The URL that is meant. Certificates are for names, so an address without `https://` means plain HTTP, at this server's port.
fn url_of_answer(reach: Reach, answer: &str) -> Option<PublicUrl> {
    if answer.contains("://") {
        return answer.parse().ok();
    }
    let bare = answer.trim_end_matches('/');
    let with_port = bare.parse::<SocketAddr>().ok();
    let ip = bare.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
    match (with_port.or(ip.map(|ip| SocketAddr::new(ip, PORT_DEFAULT))), reach) {
        (Some(_), Reach::Domain) => None,
        (Some(address), _) => format!("http://{address}").parse().ok(),
        // A bare word is more likely an answer to another question.
        (None, _) => format!("https://{bare}").parse().ok().filter(|url: &PublicUrl| url.host().contains('.')),
    }
}

/// A line without its end; `None` at the end of the input.
fn read_line() -> Result<Option<String>> {
    let mut line = String::new();
    let read = io::stdin().lock().take(ANSWER_BYTES_MAX as u64).read_line(&mut line).map_err(|error| failed(&error))?;
    Ok((read > 0).then(|| line.trim().to_owned()))
}

fn failed(error: &io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("the terminal cannot be used: {error}; see the flags in --help"))
}

/// The URL that Tailscale gives this machine, if Tailscale runs here.
fn tailscale_url() -> Option<String> {
    let mut tailscale = Command::new("tailscale");
    tailscale.args(["status", "--json", "--peers=false"]).stdin(Stdio::null()).stderr(Stdio::null());
    let mut child = tailscale.stdout(Stdio::piped()).spawn().ok()?;
    let mut text = Vec::new();
    #[expect(clippy::disallowed_methods, reason = "bounded by take")]
    let read = child.stdout.take()?.take(TAILSCALE_BYTES_MAX as u64).read_to_end(&mut text);
    let _ = child.wait();
    read.ok()?;
    url_of(&text)
}

fn url_of(status: &[u8]) -> Option<String> {
    let status: Value = serde_json::from_slice(status).ok()?;
    let name = status.get("Self")?.get("DNSName")?.as_str()?.trim_end_matches('.');
    let url: PublicUrl = format!("https://{name}").parse().ok()?;
    Some(url.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tailscales_name_is_a_url() {
        let check = |status: &str, expected: Option<&str>| assert_eq!(url_of(status.as_bytes()).as_deref(), expected);
        check(r#"{"Self":{"DNSName":"pi.tail1.ts.net."}}"#, Some("https://pi.tail1.ts.net"));
        check(r#"{"Self":{"DNSName":""}}"#, None);
        check(r#"{"Self":{"DNSName":"<b>"}}"#, None);
        check("not running", None);
    }

    #[test]
    fn a_bare_address_is_plain_http() {
        let check = |reach, answer: &str, expected: Option<&str>| {
            assert_eq!(url_of_answer(reach, answer).map(|url| url.to_string()).as_deref(), expected, "{answer}");
        };
        check(Reach::Vpn, "anna", None);
        check(Reach::Domain, "anna", None);
        check(Reach::Vpn, "http://pi", Some("http://pi"));
        check(Reach::Vpn, "10.8.0.1", Some("http://10.8.0.1:3000"));
        check(Reach::Vpn, "10.8.0.1:80/", Some("http://10.8.0.1:80"));
        check(Reach::Vpn, "fd00::1", Some("http://[fd00::1]:3000"));
        check(Reach::Vpn, "[fd00::1]", Some("http://[fd00::1]:3000"));
        check(Reach::Vpn, "pi.tail1.ts.net", Some("https://pi.tail1.ts.net"));
        check(Reach::Vpn, "https://10.8.0.1", Some("https://10.8.0.1"));
        check(Reach::Domain, "health.example.com:8443/in", Some("https://health.example.com:8443/in"));
        check(Reach::Domain, "203.0.113.7", None);
        check(Reach::Domain, "", None);
    }

    #[test]
    fn without_a_terminal_each_question_has_its_default() {
        let mut questions = Questions::new(false, false);
        assert_eq!(questions.reach(None).unwrap(), Reach::Home);
        assert_eq!(questions.person(None, || Ok("anna".to_owned())).unwrap(), "anna");
        assert_eq!(questions.public_url(Reach::Domain, None).unwrap(), None);
        assert!(!questions.boot(None).unwrap());
    }
}
