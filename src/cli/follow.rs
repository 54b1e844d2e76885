//! `healthsink follow`: sends what has changed to another place, as a process by itself.

use std::path::PathBuf;
use std::rc::Rc;

use clap::Args;
use clap::builder::FalseyValueParser;

use super::arguments::{DatabaseArgument, Outcome};
use super::interrupt::watch;
use super::store::StoreArgument;
use crate::follow::{
    Access, BaseUrl, End, Follow, Influx, InfluxSettings, Stop, Target, Waiter, Webhook, WebhookSettings, follow,
    note_refusal, secret,
};
use crate::model::error::{Error, Result};
use crate::model::follower::is_follower_name;
use crate::model::limits::FOLLOWER_NAME_BYTES_MAX;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct FollowArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    #[command(flatten)]
    store: StoreArgument,
    /// URL of an InfluxDB, such as http://127.0.0.1:8086
    #[arg(long, env = "HEALTHSINK_INFLUX_URL", hide_env_values = true, value_name = "URL", help_heading = INFLUX)]
    influx_url: Option<String>,
    /// Organization of InfluxDB 2
    #[arg(long, env = "HEALTHSINK_INFLUX_ORG", value_name = "NAME", help_heading = INFLUX)]
    influx_org: Option<String>,
    /// Bucket of InfluxDB 2, only for this; make it with infinite retention and shard groups of 52 weeks
    #[arg(long, env = "HEALTHSINK_INFLUX_BUCKET", value_name = "NAME", help_heading = INFLUX)]
    influx_bucket: Option<String>,
    /// File whose first line is a token that may read and write the bucket
    #[arg(long, env = "HEALTHSINK_INFLUX_TOKEN_FILE", value_name = "FILE", help_heading = INFLUX)]
    influx_token_file: Option<PathBuf>,
    /// Database of InfluxDB 1, instead of organization, bucket and token
    #[arg(long, env = "HEALTHSINK_INFLUX_DATABASE", value_name = "NAME", help_heading = INFLUX)]
    influx_database: Option<String>,
    /// User of InfluxDB 1
    #[arg(long, env = "HEALTHSINK_INFLUX_USER", value_name = "NAME", help_heading = INFLUX)]
    influx_user: Option<String>,
    /// File whose first line is this user's password
    #[arg(long, env = "HEALTHSINK_INFLUX_PASSWORD_FILE", value_name = "FILE", help_heading = INFLUX)]
    influx_password_file: Option<PathBuf>,
    /// Send no texts, only numbers and tags: VictoriaMetrics makes series of zeros of texts
    #[arg(long, env = "HEALTHSINK_INFLUX_NUMBERS_ONLY", value_parser = FalseyValueParser::new(), help_heading = INFLUX)]
    influx_numbers_only: bool,
    /// URL that gets a signed message when something has changed: whose, which types and days, no values
    #[arg(long, env = "HEALTHSINK_WEBHOOK", hide_env_values = true, value_name = "URL", help_heading = WEBHOOK)]
    webhook: Option<String>,
    /// File whose first line is this URL, so that a secret in it is not in the list of processes
    #[arg(long, env = "HEALTHSINK_WEBHOOK_FILE", value_name = "FILE", conflicts_with = "webhook", help_heading = WEBHOOK)]
    webhook_file: Option<PathBuf>,
    /// File whose first line is the secret that messages are signed with, as Standard Webhooks have it: whsec_ and base64
    #[arg(long, env = "HEALTHSINK_WEBHOOK_SECRET_FILE", value_name = "FILE", help_heading = WEBHOOK)]
    webhook_secret_file: Option<PathBuf>,
    /// PEM file of certificate authorities to trust besides the system's
    #[arg(long, env = "HEALTHSINK_CA_FILE", value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Name of this follower, by which its cursor is kept; needed for a second one of a kind [default: influx or webhook]
    #[arg(long, env = "HEALTHSINK_NAME", value_name = "NAME", value_parser = parse_follower)]
    name: Option<String>,
    /// End once the target has everything; with exit code 1 if it cannot be reached
    #[arg(long, env = "HEALTHSINK_ONCE", value_parser = FalseyValueParser::new())]
    once: bool,
    /// Remove what the target has, and send everything again
    #[arg(long, env = "HEALTHSINK_RESYNC", value_parser = FalseyValueParser::new())]
    resync: bool,
}

const INFLUX: &str = "InfluxDB";

const WEBHOOK: &str = "Webhooks";

const EXAMPLES: &str = "Examples:
  healthsink follow --influx-url http://127.0.0.1:8086 --influx-org home \\
      --influx-bucket health --influx-token-file influx.token
  healthsink follow --influx-url http://127.0.0.1:8086 \\
      --influx-database health --once
  healthsink follow --webhook-file webhook.url --webhook-secret-file whsec

The follower reads beside the server and never delays an upload. A target that
is down is tried again for as long as it takes; then it gets what it has missed.
A cursor beside the database (health.db-follow-NAME, or a row in PostgreSQL)
remembers what it has. Samples, workouts, doses, and the figures of days and
nights become points; docs/followers.md lists their names.

Exit codes: 0 after SIGTERM, or --once; 1 if the database cannot be read, or
--once fails; 2 if something has to be changed before it can go on, such as a
wrong token.";

impl FollowArguments {
    pub(super) fn run(self) -> Result<Outcome> {
        // Before the name: of two targets, which follower is meant is unknown.
        self.check_targets()?;
        let stop = Stop::new();
        let asked = stop.clone();
        watch(move |_| asked.set());
        let waiter = Rc::new(Waiter::new(stop)?);
        let config = Follow {
            kept: self.store.kept(&self.database)?,
            name: self.name.clone().unwrap_or_else(|| if self.is_webhook() { "webhook" } else { "influx" }.to_owned()),
            is_once: self.once,
            is_resync: self.resync,
        };
        let mut target = self.target(&waiter).inspect_err(|error| note_refusal(&config, error))?;
        match follow(&config, target.as_mut(), &waiter)? {
            End::Done | End::Stopped => Ok(Outcome::Done),
        }
    }

    fn is_webhook(&self) -> bool {
        self.webhook.is_some() || self.webhook_file.is_some()
    }

    /// Fails unless one target is named.
    fn check_targets(&self) -> Result<()> {
        match (self.influx_url.is_some(), self.is_webhook()) {
            (true, true) => Err(Error::usage(
                "two targets are named, --influx-url and --webhook, perhaps by variables; name only one: each follower has its own",
            )),
            (false, false) => Err(Error::usage("name a target: --influx-url or --webhook")),
            _ => Ok(()),
        }
    }

    fn target(self, waiter: &Rc<Waiter>) -> Result<Box<dyn Target>> {
        let Some(url) = &self.influx_url else {
            let url = self.webhook_url()?;
            let (secret_file, ca_file) = (self.webhook_secret_file, self.ca_file);
            return Ok(Box::new(Webhook::new(WebhookSettings { url, secret_file, ca_file }, Rc::clone(waiter))?));
        };
        let (url, access) = (parse_url("--influx-url", url)?, self.access()?);
        let (ca_file, is_numbers_only) = (self.ca_file, self.influx_numbers_only);
        let settings = InfluxSettings { url, access, ca_file, is_numbers_only };
        Ok(Box::new(Influx::new(settings, Rc::clone(waiter))?))
    }

    fn webhook_url(&self) -> Result<BaseUrl> {
        match (&self.webhook, &self.webhook_file) {
            (None, Some(file)) => parse_url("--webhook-file", &secret("--webhook-file", file)?),
            (url, _) => parse_url("--webhook", url.as_deref().unwrap_or_default()),
        }
    }

    fn access(&self) -> Result<Access> {
        let v2 = (&self.influx_org, &self.influx_bucket, &self.influx_token_file);
        match (&self.influx_database, v2) {
            (None, (Some(org), Some(bucket), Some(token_file))) => {
                Ok(Access::Bucket { org: org.clone(), bucket: bucket.clone(), token_file: token_file.clone() })
            }
            (Some(database), (None, None, None)) => {
                let user = match (&self.influx_user, &self.influx_password_file) {
                    (Some(user), Some(file)) => Some((user.clone(), file.clone())),
                    (None, None) => None,
                    _ => return Err(Error::usage("--influx-user and --influx-password-file belong together")),
                };
                Ok(Access::Database { database: database.clone(), user })
            }
            _ => Err(Error::usage(
                "give --influx-org, --influx-bucket and --influx-token-file for InfluxDB 2, or --influx-database for InfluxDB 1",
            )),
        }
    }
}

/// Reads a URL. The parser of arguments would print a wrong one, with the password in it.
fn parse_url(flag: &str, text: &str) -> Result<BaseUrl> {
    text.parse().map_err(|error: Error| Error::usage(format!("{flag}: {error}")))
}

/// A name that is part of a file's.
fn parse_follower(text: &str) -> Result<String, String> {
    if is_follower_name(text) {
        return Ok(text.to_owned());
    }
    Err(format!("write 1 to {FOLLOWER_NAME_BYTES_MAX} small letters, digits and underscores"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_followers_are_names_of_files() {
        assert_eq!(parse_follower("influx_2").as_deref(), Ok("influx_2"));
        for wrong in ["", "a.b", "a/b", "A", "a-b", &"a".repeat(FOLLOWER_NAME_BYTES_MAX + 1)] {
            assert!(parse_follower(wrong).is_err(), "{wrong}");
        }
    }
}
