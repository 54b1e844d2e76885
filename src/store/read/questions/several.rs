//! Several questions of one kind in one answer, one behind the other.

use super::reader::{Question, Snapshot, Unanswered};
use super::value::{Progress, Sink};

/// A question for each of several types. Their answers are the series of one answer.
pub struct Several {
    series: Vec<Box<dyn Question>>,
    done: usize,
    is_checked: bool,
}

impl std::fmt::Debug for Several {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Several").field("series", &self.series.len()).field("done", &self.done).finish()
    }
}

impl Several {
    /// The questions.
    #[must_use]
    pub fn new(series: Vec<Box<dyn Question>>) -> Self {
        Self { series, done: 0, is_checked: false }
    }
}

impl Question for Several {
    fn page(&mut self, snapshot: &Snapshot<'_>, sink: &mut dyn Sink) -> Result<Progress, Unanswered> {
        if !self.is_checked {
            // Behind the first page it would be too late to refuse one.
            self.series.iter_mut().try_for_each(|question| question.check(snapshot))?;
            self.is_checked = true;
        }
        let Some(question) = self.series.get_mut(self.done) else { return Ok(Progress::End) };
        if question.page(snapshot, sink)? == Progress::End {
            self.done += 1;
        }
        Ok(if self.done < self.series.len() { Progress::More } else { Progress::End })
    }
}
