//! Reads for a scrape, wherever rows are kept.

use super::latest::Latest;
use super::questions::QuestionReader;
use crate::model::error::{Error, Result};
use crate::model::follower::Follower;
use crate::model::limits::QUESTION_TIME_MAX;
use crate::store::database::{Database, Sizes};
use crate::store::kept::Kept;

/// Reads for scrapes, beside the writer.
#[derive(Debug)]
pub struct ScrapeReader {
    kept: Kept,
    /// Keeps its connection to PostgreSQL.
    reader: QuestionReader,
}

impl ScrapeReader {
    /// A reader that has nothing open yet.
    #[must_use]
    pub fn new(kept: Kept) -> Self {
        Self { reader: QuestionReader::new(kept.clone()), kept }
    }

    /// The sizes of the file; 0 in PostgreSQL.
    #[must_use]
    pub fn sizes(&self) -> Sizes {
        self.kept.file().map(Database::sizes).unwrap_or_default()
    }

    /// Reads when one person, or everyone, has sent last, and what followers wrote last.
    pub fn read(&self, person: Option<&str>, now_ms: i64) -> (Result<Latest>, Vec<Follower>) {
        match &self.kept {
            Kept::File(database) => (database.latest(person, now_ms), database.followers()),
            Kept::Postgres(address) => {
                let read = self.reader.read((now_ms, QUESTION_TIME_MAX), |snapshot| Ok(snapshot.followers()?));
                let read =
                    read.map_err(Error::from).and_then(|followers| Ok((address.latest(person, now_ms)?, followers)));
                match read {
                    Ok((latest, followers)) => (Ok(latest), followers),
                    Err(error) => (Err(error), Vec::new()),
                }
            }
        }
    }
}
