//! Where the routes of an import begin and end among its locations.

use super::record::Uuid;

/// A mark of an import between the locations of a route.
#[derive(Clone, Copy, Debug)]
pub struct RouteMark {
    /// The workout's uuid.
    pub workout: Uuid,
    /// Index of the route among the workout's routes.
    pub route: u32,
    /// Locations of the batch before this mark.
    pub locations: usize,
    /// The kind of mark.
    pub event: RouteEvent,
}

/// Kinds of marks.
#[derive(Clone, Copy, Debug)]
pub enum RouteEvent {
    /// A whole route begins, in a file if it has one.
    Begins(Option<RouteFile>),
    /// Another track of it begins, which may repeat an earlier one.
    Continues,
    /// It ends: what an earlier file had of it beyond this one is out of date.
    Ends,
    /// The workout refers to a file that is not there.
    Refers(FileName),
}

/// A part of a digest of a file's name without its folders.
pub type FileName = [u8; 6];

/// The file of a route.
#[derive(Clone, Copy, Debug)]
pub struct RouteFile {
    /// Its name.
    pub name: FileName,
    /// Whether a workout of the import refers to it. Otherwise the mark's uuid is derived from the name.
    pub has_workout: bool,
}
