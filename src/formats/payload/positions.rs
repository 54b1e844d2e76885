//! Where the skeleton's bytes stand in the body.

/// From this place of the skeleton on, the body is at that place.
#[derive(Clone, Copy, Debug)]
struct Shift {
    skeleton: u64,
    body: u64,
}

/// The two places, and how to get from one to the other for what struson was given last.
#[derive(Debug)]
pub(crate) struct Positions {
    pub(crate) skeleton: u64,
    pub(crate) body: u64,
    shifts: Vec<Shift>,
}

impl Positions {
    pub(crate) fn new() -> Self {
        Self { skeleton: 0, body: 0, shifts: vec![Shift { skeleton: 0, body: 0 }] }
    }

    /// Notes that the skeleton goes on from here after bytes that only one of the two has.
    pub(crate) fn note_shift(&mut self) {
        self.shifts.push(Shift { skeleton: self.skeleton, body: self.body });
    }

    /// Forgets all but the last part of the map. For a time when struson has parsed all that it was given: it can only ask
    /// for what follows.
    pub(crate) fn forget_passed(&mut self) {
        let passed = self.shifts.len() - 1;
        self.shifts.drain(..passed);
    }

    /// Returns the body's offset of a place in the skeleton.
    pub(crate) fn in_body(&self, skeleton: u64) -> u64 {
        let index = self.shifts.partition_point(|shift| shift.skeleton <= skeleton).saturating_sub(1);
        self.shifts.get(index).map_or(skeleton, |shift| shift.body + skeleton.saturating_sub(shift.skeleton))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_mapped() {
        let mut positions = Positions::new();
        for (skeleton, body) in [(10, 100), (12, 150)] {
            (positions.skeleton, positions.body) = (skeleton, body);
            positions.note_shift();
        }
        assert_eq!([0, 9, 10, 11, 12, 20].map(|at| positions.in_body(at)), [0, 9, 100, 101, 150, 158]);
        positions.forget_passed();
        assert_eq!([12, 20].map(|at| positions.in_body(at)), [150, 158]);
    }
}
