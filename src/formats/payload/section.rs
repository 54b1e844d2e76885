//! The section of the body that the walk is in, by the names that lead to it.

/// A path such as `workoutRoutes/UUID/0`, as rejects and errors show it.
#[derive(Debug, Default)]
pub(crate) struct Section {
    path: String,
    /// Where each name begins in the path.
    names: Vec<usize>,
}

impl Section {
    /// Goes one level down.
    pub(crate) fn enter(&mut self, name: &str) {
        if !self.names.is_empty() {
            self.path.push('/');
        }
        self.names.push(self.path.len());
        self.path.push_str(name);
    }

    /// Goes one level up.
    pub(crate) fn leave(&mut self) {
        let begin = self.names.pop().unwrap_or_default();
        self.path.truncate(if self.names.is_empty() { 0 } else { begin - 1 });
    }

    /// Goes to another name on the same level.
    pub(crate) fn replace(&mut self, name: &str) {
        self.leave();
        self.enter(name);
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Returns the last name of the path.
    pub(crate) fn key(&self) -> &str {
        &self.path[self.names.last().copied().unwrap_or_default()..]
    }

    /// Returns the path, unless it is the body itself.
    pub(crate) fn named(&self) -> Option<&str> {
        (!self.path.is_empty()).then_some(self.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_a_section() {
        let mut section = Section::default();
        assert_eq!((section.path(), section.key(), section.named()), ("", "", None));
        section.enter("data");
        section.replace("HKQuantityTypeIdentifierHeartRate");
        assert_eq!(section.named(), Some("HKQuantityTypeIdentifierHeartRate"));
        section.replace("characteristics");
        section.enter("a/b");
        assert_eq!((section.path(), section.key()), ("characteristics/a/b", "a/b"));
        section.leave();
        assert_eq!(section.path(), "characteristics");
        section.replace("");
        section.enter("x");
        assert_eq!((section.path(), section.key()), ("/x", "x"));
        section.leave();
        section.leave();
        assert_eq!(section.named(), None);
    }
}
