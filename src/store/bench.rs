//! Functions that benches measure.

use super::connection::Store;
use super::write::ledger::{PERSON_ME, UploadKey};
use crate::model::batch::Batch;
use crate::model::counts::Counts;
use crate::model::error::Result;

impl Store {
    /// Writes batches in one transaction, without an entry in the ledger.
    #[doc(hidden)]
    pub fn write_batches(&mut self, batches: &[Batch]) -> Result<Counts> {
        let mut counts = Counts::default();
        let (upload, mut ordinal) = (UploadKey { id: 0, person: PERSON_ME }, 0);
        self.begin()?;
        for batch in batches {
            counts += self.write(upload, 0, &mut ordinal, batch)?;
        }
        self.commit().map(|()| counts)
    }
}
