//! The decoder's promises. Any split of a body into reads gives the same rows. The lifter is only an accelerator. A
//! truncated body is never read as complete.

use std::fmt;
use std::io::BufRead;

use healthsink::formats::payload::Options;
use healthsink::model::error::ErrorKind;
use healthsink_testdata::{KeyOrder, Order, Payload, Shape};
use healthsink_testkit::pieces::pieces_of;
use healthsink_testkit::transcript::Transcript;
use proptest::prelude::*;
use proptest::sample::Index;

use super::contract::{names, payload};

fn read(body: impl BufRead, lift: bool) -> Transcript {
    Transcript::of(body, Options { lift, ..Options::default() })
}

/// Panics unless the lifter changes only the spelling of rejected elements.
fn assert_same_without_the_lifter(lifted: Transcript, unlifted: Transcript) {
    lifted.without_spelling().assert_same(&unlifted.without_spelling());
}

#[test]
fn every_payload_may_be_split_anywhere() {
    for name in names() {
        let body = payload(&name);
        for lift in [true, false] {
            println!("{name}, lift {lift}");
            let whole = read(&body[..], lift);
            assert!(whole.outcome.is_ok(), "{:?}", whole.outcome);
            whole.assert_same(&read(pieces_of(&body, &vec![1; body.len()]), lift));
            for at in 1..body.len() {
                whole.assert_same(&read(pieces_of(&body, &[at]), lift));
            }
        }
    }
}

/// Longer than a group of elements, in pieces that end anywhere in an element when the group is full.
#[test]
fn a_long_payload_may_come_in_pieces_of_any_length() {
    let shape = Shape::HeartRate;
    let (body, written) = Payload { target_bytes: 300_000, shape, ..Payload::default() }.to_vec();
    let whole = read(&body[..], true);
    assert_eq!(whole.samples.len() as u64, written.samples);
    for length in [1, 7, 64, 100, 999, 1000, 1024, 4096, 10_000, 65_535, 65_536, 65_537, 100_000] {
        let lengths = vec![length; body.len() / length];
        whole.assert_same(&read(pieces_of(&body, &lengths), true));
    }
}

#[test]
fn every_payload_is_the_same_without_the_lifter() {
    for name in names() {
        let body = payload(&name);
        println!("{name}");
        assert_same_without_the_lifter(read(&body[..], true), read(&body[..], false));
    }
}

#[test]
fn a_reject_has_its_position_in_the_body() {
    for name in names() {
        let body = payload(&name);
        for reject in read(&body[..], true).rejects {
            let at = usize::try_from(reject.offset).unwrap();
            let there = &body[at..];
            // Without the lifter, an element is kept without blanks, and a date's text without its quotes.
            let is_in_place = there.starts_with(reject.raw.as_bytes());
            let is_known = there[0] == reject.raw.as_bytes()[0] || there[1..].starts_with(reject.raw.as_bytes());
            assert!(is_in_place || is_known, "{name}: {reject:?}");
            assert!(is_in_place || reject.index.is_none(), "{name}: an element is kept as it is written: {reject:?}");
        }
    }
}

#[test]
fn a_truncated_payload_is_never_complete_and_its_rows_are_true() {
    for name in names() {
        let body = payload(&name).trim_ascii_end().to_vec();
        for lift in [true, false] {
            let whole = read(&body[..], lift);
            for at in 0..body.len() {
                let cut = read(&body[..at], lift);
                let failure = cut.outcome.as_ref().err();
                let failure = failure.unwrap_or_else(|| panic!("{name} cut at {at} is accepted as whole"));
                assert_eq!(failure.kind, ErrorKind::Syntax, "{name} cut at {at}");
                // A number, a word or an escape that is cut is wrong from its beginning.
                let offset = usize::try_from(failure.position.offset.unwrap()).unwrap();
                assert!((at.saturating_sub(12)..=at).contains(&offset), "{name} cut at {at}: {failure:?}");
                assert!(cut.is_beginning_of(&whole), "{name} cut at {at}, lift {lift}: {cut:#?}");
            }
        }
    }
}

/// A body that a failed property prints as text.
#[derive(Clone)]
struct Body(Vec<u8>);

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.0))
    }
}

/// A generated payload; some are larger than a batch, or than a group of elements.
fn generated(bytes_max: u64) -> impl Strategy<Value = Body> {
    let shapes = [Shape::Mixed, Shape::HeartRate, Shape::Workouts, Shape::Routes, Shape::Medications];
    (
        0..1_000_u64,
        200..bytes_max,
        prop::sample::select(shapes.to_vec()),
        any::<bool>(),
        prop::sample::select(vec![Order::Ascending, Order::Shuffled]),
        prop::sample::select(vec![KeyOrder::AsDocumented, KeyOrder::Reversed, KeyOrder::Shuffled]),
    )
        .prop_map(|(seed, target_bytes, shape, pretty, order, key_order)| {
            Body(Payload { seed, target_bytes, shape, pretty, order, key_order, ..Payload::default() }.to_vec().0)
        })
}

fn lengths() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![1_usize..4, 1_usize..70, 900_usize..1100, 1_usize..100_000], 1..60)
}

/// A change to a body.
#[derive(Clone, Debug)]
enum Mutation {
    Replace(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    /// Repeats a piece elsewhere.
    Copy(Index, usize, Index),
    Cut(Index),
}

impl Mutation {
    fn any() -> impl Strategy<Value = Self> {
        let byte = prop_oneof![
            4 => prop::sample::select(br#"{}[],:"\ 0-1e.tnu"#.to_vec()),
            1 => any::<u8>(),
        ];
        prop_oneof![
            4 => (any::<Index>(), byte.clone()).prop_map(|(at, byte)| Self::Replace(at, byte)),
            4 => (any::<Index>(), byte).prop_map(|(at, byte)| Self::Insert(at, byte)),
            4 => any::<Index>().prop_map(Self::Remove),
            2 => (any::<Index>(), 1_usize..200, any::<Index>()).prop_map(|(from, len, to)| Self::Copy(from, len, to)),
            1 => any::<Index>().prop_map(Self::Cut),
        ]
    }

    fn apply(&self, body: &mut Vec<u8>) {
        if body.is_empty() {
            return;
        }
        match self {
            Self::Replace(at, byte) => *at.get_mut(body) = *byte,
            Self::Insert(at, byte) => body.insert(at.index(body.len()), *byte),
            Self::Remove(at) => drop(body.remove(at.index(body.len()))),
            Self::Copy(from, len, to) => {
                let from = from.index(body.len());
                let piece = body[from..body.len().min(from + len)].to_vec();
                let to = to.index(body.len());
                body.splice(to..to, piece);
            }
            Self::Cut(at) => body.truncate(at.index(body.len())),
        }
    }
}

/// A payload with up to three changes: mostly not JSON any more, sometimes JSON with another meaning.
fn mutated() -> impl Strategy<Value = Body> {
    let written = prop::sample::select(names()).prop_map(|name| Body(payload(&name)));
    (prop_oneof![written, generated(5_000)], prop::collection::vec(Mutation::any(), 1..4)).prop_map(
        |(mut body, mutations)| {
            mutations.iter().for_each(|mutation| mutation.apply(&mut body.0));
            body
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn generated_payloads_are_the_same_in_any_pieces_with_and_without_the_lifter(
        Body(body) in generated(400_000),
        lengths in lengths(),
    ) {
        let lifted = read(&body[..], true);
        prop_assert!(lifted.outcome.is_ok() && lifted.rejects.is_empty());
        lifted.assert_same(&read(pieces_of(&body, &lengths), true));
        lifted.assert_same(&read(pieces_of(&body, &lengths), false));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn broken_payloads_are_the_same_in_any_pieces_with_and_without_the_lifter(Body(body) in mutated(), lengths in lengths()) {
        let lifted = read(&body[..], true);
        lifted.assert_same(&read(pieces_of(&body, &lengths), true));
        let unlifted = read(&body[..], false);
        unlifted.assert_same(&read(pieces_of(&body, &lengths), false));
        assert_same_without_the_lifter(lifted, unlifted);
    }
}
