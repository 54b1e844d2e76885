//! Ids of a batch's texts: of types, units, sources and shared metadata.

use rusqlite::Connection;

use super::changes::Changes;
use super::claimed::Claimed;
use super::dictionary::{Dictionary, SharedMetadata};
use super::merge::Merge;
use crate::model::text::{TextId, Texts};

/// What the writer remembers between rows and batches.
#[derive(Debug)]
pub(in crate::store) struct Ids {
    pub(in crate::store) types: BatchIds,
    pub(in crate::store) units: BatchIds,
    pub(in crate::store) sources: BatchIds,
    metadata: SharedMetadata,
    /// The id of each shared text of the batch. A miss is not remembered, since a text is shared at its second occurrence.
    batch_metadata: Vec<Option<i64>>,
    /// Whether the previous rows were already stored: a re-send mostly continues as it began.
    pub(in crate::store) expects_known: bool,
    /// What is remembered of rows that several exporters may bring.
    pub(in crate::store) merge: Merge,
    /// Which rows the uploads under way have claimed.
    pub(in crate::store) claimed: Claimed,
    /// What the open transaction has changed.
    pub(in crate::store) changes: Changes,
}

/// A dictionary, and the ids of the batch's texts in it.
#[derive(Debug)]
pub(in crate::store) struct BatchIds {
    dictionary: Dictionary,
    batch: Vec<Option<i64>>,
}

impl BatchIds {
    fn new(dictionary: Dictionary) -> Self {
        Self { dictionary, batch: Vec::new() }
    }

    fn begin_batch(&mut self, texts: &Texts) {
        self.batch.clear();
        self.batch.resize(texts.len(), None);
    }

    pub(in crate::store) fn id(
        &mut self,
        connection: &Connection,
        texts: &Texts,
        text: TextId,
    ) -> rusqlite::Result<i64> {
        if let Some(id) = self.batch[text.index()] {
            return Ok(id);
        }
        let id = self.dictionary.id(connection, texts.get(text))?;
        self.batch[text.index()] = Some(id);
        Ok(id)
    }

    pub(in crate::store) fn optional(
        &mut self,
        connection: &Connection,
        texts: &Texts,
        text: Option<TextId>,
    ) -> rusqlite::Result<Option<i64>> {
        text.map(|text| self.id(connection, texts, text)).transpose()
    }
}

impl Default for Ids {
    fn default() -> Self {
        Self {
            types: BatchIds::new(Dictionary::types()),
            units: BatchIds::new(Dictionary::units()),
            sources: BatchIds::new(Dictionary::sources()),
            metadata: SharedMetadata::default(),
            batch_metadata: Vec::new(),
            expects_known: false,
            merge: Merge::default(),
            claimed: Claimed::default(),
            changes: Changes::default(),
        }
    }
}

impl Ids {
    pub(in crate::store) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        Ok(Self { metadata: SharedMetadata::load(connection)?, ..Self::default() })
    }

    /// Begins a transaction. Another process may have deleted texts, and their ids may be those of others now.
    pub(in crate::store) fn begin(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        if self.merge.begin(connection)? {
            for ids in [&mut self.types, &mut self.units, &mut self.sources] {
                ids.dictionary.forget();
            }
            self.metadata = SharedMetadata::load(connection)?;
        }
        Ok(())
    }

    /// Forgets ids of texts that are in another database than the next ones.
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn forget_texts(&mut self) {
        for ids in [&mut self.types, &mut self.units, &mut self.sources] {
            ids.dictionary.forget();
        }
        self.metadata.forget();
    }

    /// Makes ids of texts, so that several programs need not agree on them. `shared` says also whether metadata is shared.
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn of_texts(id_of: fn(&str) -> i64, shared: fn(&str) -> Option<i64>) -> Self {
        Self {
            types: BatchIds::new(Dictionary::types().with_ids(id_of)),
            units: BatchIds::new(Dictionary::units().with_ids(id_of)),
            sources: BatchIds::new(Dictionary::sources().with_ids(id_of)),
            metadata: SharedMetadata::with_ids(shared),
            ..Self::default()
        }
    }

    /// Forgets what the documents before have claimed.
    pub(super) fn begin_document(&mut self, upload: i64) {
        self.merge.begin_document(upload);
        self.claimed.end(upload);
    }

    pub(super) fn begin_batch(&mut self, texts: &Texts) {
        for ids in [&mut self.types, &mut self.units, &mut self.sources] {
            ids.begin_batch(texts);
        }
        self.batch_metadata.clear();
        self.batch_metadata.resize(texts.len(), None);
    }

    /// The id of a metadata text if it is shared.
    pub(in crate::store) fn metadata_id(
        &mut self,
        connection: &Connection,
        texts: &Texts,
        text: TextId,
    ) -> rusqlite::Result<Option<i64>> {
        let known = &mut self.batch_metadata[text.index()];
        if known.is_none() {
            *known = self.metadata.id(connection, texts.get(text))?;
        }
        Ok(*known)
    }
}
