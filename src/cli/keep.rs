//! `backup`, `check`, `restore` and `healthcheck`: keeping what is there, and the server well.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;

use super::arguments::DatabaseArgument;
use crate::model::limits::BACKUPS_KEPT_MAX;

#[derive(Debug, Args)]
pub(super) struct BackupArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    /// File to write, or a folder that is there, in which a backup of health.db is named health-YYYYMMDDTHHMMSSZ.db
    #[arg(value_name = "DEST")]
    target: PathBuf,
    /// In a folder: keep the newest N backups of this database's name, and remove those before them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(BACKUPS_KEPT_MAX)))]
    keep: Option<u32>,
    /// Print what was done as JSON
    #[arg(long, env = "HEALTHSINK_JSON", value_parser = clap::builder::FalseyValueParser::new())]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    /// Print what was found as JSON
    #[arg(long, env = "HEALTHSINK_JSON", value_parser = clap::builder::FalseyValueParser::new())]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct RestoreArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    /// What `backup` has written
    #[arg(value_name = "BACKUP")]
    backup: PathBuf,
    /// Also where the database is too damaged to tell whether a server has it open: make sure that none has
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Args)]
pub(super) struct HealthcheckArguments {
    /// Where the server listens, as it was told
    #[arg(long, env = "HEALTHSINK_LISTEN", default_value = "127.0.0.1:3000", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Where it tells its metrics; asked instead if it is given
    #[arg(long, env = "HEALTHSINK_METRICS_LISTEN", value_name = "ADDRESS")]
    metrics_listen: Option<SocketAddr>,
}

/// What `backup` needs to know.
#[derive(Clone, Debug)]
pub struct Backup {
    /// The database.
    pub db: PathBuf,
    /// A file, or a folder.
    pub target: PathBuf,
    /// Backups to keep in the folder.
    pub keep: Option<u32>,
    /// Whether what was done is printed as JSON.
    pub json: bool,
}

/// What `check` needs to know.
#[derive(Clone, Debug)]
pub struct Check {
    /// The database.
    pub db: PathBuf,
    /// Whether it is printed as JSON.
    pub json: bool,
}

/// What `restore` needs to know.
#[derive(Clone, Debug)]
pub struct Restore {
    /// The database.
    pub db: PathBuf,
    /// The backup.
    pub backup: PathBuf,
    /// Whether a database that is too damaged to be held is replaced, too.
    pub force: bool,
}

/// What `healthcheck` needs to know.
#[derive(Clone, Debug)]
pub struct Healthcheck {
    /// Address of the server.
    pub address: SocketAddr,
}

impl From<BackupArguments> for Backup {
    fn from(BackupArguments { database, target, keep, json }: BackupArguments) -> Self {
        Self { db: database.db, target, keep, json }
    }
}

impl From<CheckArguments> for Check {
    fn from(CheckArguments { database, json }: CheckArguments) -> Self {
        Self { db: database.db, json }
    }
}

impl From<RestoreArguments> for Restore {
    fn from(RestoreArguments { database, backup, force }: RestoreArguments) -> Self {
        Self { db: database.db, backup, force }
    }
}

impl From<HealthcheckArguments> for Healthcheck {
    fn from(HealthcheckArguments { listen, metrics_listen }: HealthcheckArguments) -> Self {
        let asked = metrics_listen.unwrap_or(listen);
        Self { address: reachable(asked) }
    }
}

/// Where this machine reaches what listens on an address: all addresses are the machine's own, too.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
    }
    address
}
