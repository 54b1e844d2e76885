//! Which workout a route's file belongs to, by the names of the files, and which files are missing. Archives and file systems
//! change names.
//!
//! The file with the exact name belongs to the reference. Otherwise one that differs only in what archives change belongs to it,
//! if it is the only such file and the only such reference. Nothing is guessed beyond that: such a file is kept without a workout,
//! and reported. The store knows its workout if another import has brought that.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::names::{clinical_key, exact_key, file_name, folded_key, guess_keys, name_key};
use crate::formats::output::Output;
use crate::model::error::Result;
use crate::model::identity::derive;
use crate::model::limits::{FILES_NAMED_MAX, ROUTE_FILES_MAX, ROUTE_GUESSES_MAX};
use crate::model::record::Uuid;
use crate::model::route::{FileName, RouteEvent, RouteFile};

/// The workout that a route belongs to, and its number among the workout's routes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    pub(super) workout: Uuid,
    pub(super) number: u32,
}

/// A part of a key.
type Part = [u8; 8];

/// As much of a key as distinguishes the files of an export.
type Short = [u8; 5];

/// References by the files that hold the routes: by the folded names, or by the exact ones where several references have the
/// same folded name. The exact name is a part of the reference.
#[derive(Debug, Default)]
pub(super) struct Routes {
    references: HashMap<[u8; 16], Reference, RandomState>,
    /// The files, unless they come one by one.
    files: Option<Files>,
    /// References by what is left of a name without the letters that are guessed: nothing if there are several.
    guesses: HashMap<Part, Option<[u8; 16]>, RandomState>,
    /// How many files were reported with their names.
    named: usize,
}

/// The names of the files of an export.
#[derive(Debug, Default)]
struct Files {
    /// The exact names of routes, the folded ones, what is left of guessed ones, and those of clinical records, sorted.
    names: Vec<Short>,
    has_guesses: bool,
    /// Whether there was room for all clinical records.
    has_clinical: bool,
}

/// A workout's reference to a file.
#[derive(Debug)]
struct Reference {
    workout: Uuid,
    number: u16,
    exact: Short,
    file: FileName,
    /// Whether another reference has the same folded name.
    is_ambiguous: bool,
    /// Whether its file was read, or cannot be known.
    is_done: bool,
    /// Whether it is reported that its file is missing.
    is_reported: bool,
}

/// Which references a file fits that has the exact name of none.
enum Fit {
    /// One, by its place in the table.
    Only([u8; 16]),
    /// Several, or other files fit it also.
    Several(Option<[u8; 16]>),
}

const MISSING: &str = "FileReference to a route file that is missing";
const MISSING_CLINICAL: &str = "ClinicalRecord whose file is missing";
const FITS_SEVERAL: &str = "route file with a name like another's, no workout";

impl Files {
    /// How many files have a name.
    fn count(&self, key: &[u8; 16]) -> usize {
        self.count_short(&short(key))
    }

    fn count_short(&self, key: &Short) -> usize {
        let first = self.names.partition_point(|name| name < key);
        self.names[first..].iter().take_while(|name| *name == key).take(2).count()
    }
}

impl Reference {
    fn route(&self) -> Route {
        Route { workout: self.workout, number: self.number.into() }
    }
}

impl Routes {
    /// Learns the names of all files, before references come. Guessed names have letters of an unknown character set.
    pub(super) fn expect<'n>(
        &mut self,
        routes: impl Iterator<Item = (&'n str, bool)>,
        mut clinical: impl Iterator<Item = &'n str>,
    ) {
        let (mut files, names_max) = (Files::default(), 2 * ROUTE_FILES_MAX + ROUTE_GUESSES_MAX);
        files.names.reserve_exact(names_max);
        let mut guesses = 0;
        for (name, is_guessed) in routes.take(ROUTE_FILES_MAX) {
            files.names.extend([short(&exact_key(name)), short(&folded_key(name))]);
            for guess in guess_keys(name).filter(|_| is_guessed) {
                if guesses < ROUTE_GUESSES_MAX {
                    guesses += 1;
                    files.names.push(short(&guess));
                }
            }
        }
        files.has_guesses = guesses > 0;
        let room = names_max - files.names.len();
        files.names.extend(clinical.by_ref().take(room).map(|name| short(&clinical_key(name))));
        files.has_clinical = clinical.next().is_none();
        files.names.sort_unstable();
        self.files = Some(files);
    }

    /// Remembers which workout refers to a file. The first to refer to it keeps it.
    pub(super) fn note(&mut self, path: &str, route: Route, output: &mut Output<'_>) {
        if self.references.len() >= ROUTE_FILES_MAX {
            return output.within("FileReference beyond the limit of files", 1);
        }
        let (folded, key) = (folded_key(path), exact_key(path));
        let (exact, file) = (short(&key), self.file(path));
        let Route { workout, number } = route;
        let number = u16::try_from(number).unwrap_or(u16::MAX);
        let reference = || {
            let (is_ambiguous, is_done, is_reported) = (false, false, false);
            Reference { workout, number, exact, file, is_ambiguous, is_done, is_reported }
        };
        let known = self.references.entry(folded).or_insert_with(reference);
        let place = if known.exact == exact {
            folded
        } else {
            known.is_ambiguous = true;
            key
        };
        let known = self.references.entry(place).or_insert_with(reference);
        if known.workout != workout {
            output.within("FileReference to a route of another workout, which keeps it", 1);
        }
        let Some(files) = &self.files else {
            return;
        };
        let mut is_guessed = false;
        for guess in guess_keys(path).filter(|_| files.has_guesses) {
            let is_there = files.count(&guess) > 0;
            is_guessed |= is_there;
            let has_room = is_there && self.guesses.len() < ROUTE_GUESSES_MAX;
            match self.guesses.get_mut(&part(&guess)) {
                Some(only) if *only != Some(place) => *only = None,
                None if has_room => drop(self.guesses.insert(part(&guess), Some(place))),
                _ => {}
            }
        }
        let is_there = files.count(&key) > 0 || files.count(&folded) > 0 || is_guessed;
        if !is_there && !known.is_reported {
            known.is_reported = true;
            self.report(MISSING, path, output);
        }
    }

    /// The route in a file, and what the store may know the file by. A file that belongs to no reference has a workout made from
    /// its name.
    pub(super) fn find(&mut self, path: &str, output: &mut Output<'_>) -> (Route, RouteFile) {
        let name = self.file(path);
        match self.find_reference(path, output) {
            Some(route) => (route, RouteFile { name, has_workout: true }),
            None => (Route { workout: derive(&name), number: 0 }, RouteFile { name, has_workout: false }),
        }
    }

    /// What identifies a file in every import: its folder only if another file of this one has the same name.
    fn file(&self, path: &str) -> FileName {
        let is_only = self.files.as_ref().is_none_or(|files| files.count(&folded_key(path)) < 2);
        let key = if is_only { name_key(path) } else { exact_key(path) };
        key.first_chunk().copied().unwrap_or_default()
    }

    /// The route of the reference that a file belongs to.
    fn find_reference(&mut self, path: &str, output: &mut Output<'_>) -> Option<Route> {
        let (folded, exact) = (folded_key(path), exact_key(path));
        for key in [exact, folded] {
            if let Some(known) = self.references.get_mut(&key)
                && known.exact == short(&exact)
            {
                known.is_done = true;
                return Some(known.route());
            }
        }
        match self.fit(&folded).or_else(|| self.guess(path)) {
            Some(Fit::Only(key)) => {
                if let Some(known) = self.references.get_mut(&key) {
                    known.is_done = true;
                    return Some(known.route());
                }
            }
            Some(Fit::Several(key)) => {
                if let Some(known) = key.and_then(|key| self.references.get_mut(&key)) {
                    // Its file is not missing.
                    known.is_done = true;
                }
                self.report(FITS_SEVERAL, path, output);
                return None;
            }
            None => {}
        }
        output.within("route file that no workout refers to", 1);
        None
    }

    /// The reference that fits a file whose name archives have changed. Nothing if the reference has its file.
    fn fit(&self, folded: &[u8; 16]) -> Option<Fit> {
        let known = self.references.get(folded)?;
        let files = self.files.as_ref();
        let has_exact = files.is_some_and(|files| files.count_short(&known.exact) > 0);
        match files.map_or(1, |files| files.count(folded)) {
            _ if known.is_ambiguous => Some(Fit::Several(Some(*folded))),
            1 => (!known.is_done).then_some(Fit::Only(*folded)),
            _ => (!has_exact).then_some(Fit::Several(Some(*folded))),
        }
    }

    /// The reference that fits a file whose letters are guessed.
    fn guess(&self, path: &str) -> Option<Fit> {
        let files = self.files.as_ref().filter(|files| files.has_guesses && !path.is_ascii())?;
        guess_keys(path).find_map(|guess| self.fit_of_guess(&guess, files))
    }

    fn fit_of_guess(&self, guess: &[u8; 16], files: &Files) -> Option<Fit> {
        let Some(key) = self.guesses.get(&part(guess))? else {
            return Some(Fit::Several(None));
        };
        let known = self.references.get(key)?;
        match files.count(guess) {
            0 => None,
            _ if files.count_short(&known.exact) > 0 || files.count(key) > 0 => None,
            1 => (!known.is_done).then_some(Fit::Only(*key)),
            _ => Some(Fit::Several(Some(*key))),
        }
    }

    /// Reports the file of a clinical record if it is not there.
    pub(super) fn look_for_clinical(&mut self, path: &str, output: &mut Output<'_>) {
        let is_there = |files: &Files| !files.has_clinical || files.count_short(&short(&clinical_key(path))) > 0;
        match self.files.as_ref().map(is_there) {
            Some(true) => {}
            Some(false) => self.report(MISSING_CLINICAL, path, output),
            None => output.within(MISSING_CLINICAL, 1),
        }
    }

    /// Reports a file, the first ones with their names.
    fn report(&mut self, what: &str, path: &str, output: &mut Output<'_>) {
        self.named += 1;
        if self.named > FILES_NAMED_MAX {
            return output.within(what, 1);
        }
        output.within(&format!("{what}: {:.64}", file_name(path)), 1);
    }

    /// Reports the files that were not there. Another import may have brought them, or bring them later.
    pub(super) fn finish(&self, output: &mut Output<'_>) -> Result<()> {
        let missing = || self.references.values().filter(|known| !known.is_done);
        let count = missing().filter(|known| !known.is_reported).count() as u64;
        if count > 0 {
            output.within(MISSING, count);
        }
        missing().try_for_each(|known| {
            let Route { workout, number } = known.route();
            output.batch.mark_route(workout, number, RouteEvent::Refers(known.file));
            output.hand_over_if_full()
        })
    }
}

fn part(key: &[u8; 16]) -> Part {
    key.first_chunk().copied().unwrap_or_default()
}

fn short(key: &[u8]) -> Short {
    key.first_chunk().copied().unwrap_or_default()
}
