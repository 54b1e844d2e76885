//! The ids of a batch's texts, and which of its metadata is shared.

use super::dictionary::{Dictionary, NewTexts, Texts};
use super::sample_row::SampleRow;
use super::samples::Samples;
use super::used_texts::UsedTexts;
use crate::model::batch::Batch;
use crate::model::record::Sample;
use crate::model::text::TextId;
use crate::store::write::shared::{content_id, is_shared};

/// The ids of a batch's texts.
#[derive(Debug, Default)]
pub(super) struct BatchIds {
    ids: Vec<Option<i64>>,
    /// For each text a bit for each table in which it is entered.
    entered: Vec<u8>,
    /// Texts that may have to be entered before the rows.
    pub(super) new: NewTexts,
    /// Texts that the person's rows have.
    pub(super) used: UsedTexts,
}

impl BatchIds {
    pub(super) fn begin_batch(&mut self, texts: usize) {
        self.ids.clear();
        self.ids.resize(texts, None);
        self.entered.clear();
        self.entered.resize(texts, 0);
    }

    fn id(&mut self, dictionary: &Dictionary, batch: &Batch, table: Texts, text: TextId) -> i64 {
        let place = text.index();
        let id = *self.ids[place].get_or_insert_with(|| content_id(batch.texts.get(text)));
        let bit = 1 << table as u8;
        if self.entered[place] & bit == 0 {
            self.entered[place] |= bit;
            self.used.note(table, id);
            if !dictionary.has(table, id) {
                self.new.add(table, id, batch.texts.get(text));
            }
        }
        id
    }

    pub(super) fn add(
        &mut self,
        samples: &mut Samples,
        dictionary: &Dictionary,
        person: i64,
        batch: &Batch,
        sample: &Sample,
    ) {
        let type_id = self.id(dictionary, batch, Texts::Types, sample.kind);
        let unit_id = sample.unit.map(|unit| self.id(dictionary, batch, Texts::Units, unit));
        let source_id = sample.source.map(|source| self.id(dictionary, batch, Texts::Sources, source));
        let text = sample.metadata.map(|text| (text, batch.texts.get(text)));
        let (metadata_id, metadata) = match text {
            Some((text, letters)) if self.is_entered(text) || is_shared(letters) => {
                (Some(self.id(dictionary, batch, Texts::Metadata, text)), None)
            }
            Some((_, letters)) => (None, Some(letters)),
            None => (None, None),
        };
        let &Sample { start_ms, ref uuid, end_ms, value, other, .. } = sample;
        let other = other.map(|other| batch.texts.get(other));
        samples.add(&SampleRow {
            person,
            type_id,
            start_ms,
            uuid,
            end_ms,
            value,
            unit_id,
            source_id,
            metadata_id,
            metadata,
            other,
        });
    }

    /// Whether a text was met as metadata that is shared.
    fn is_entered(&self, text: TextId) -> bool {
        self.entered[text.index()] & (1 << Texts::Metadata as u8) != 0
    }
}
