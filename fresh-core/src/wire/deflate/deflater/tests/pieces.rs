//! Messages that go out in pieces.

use super::*;
use crate::wire::piece::Place;

fn place(at: usize, count: usize) -> Place {
    Place::new(at == 0, at + 1 == count)
}

/// Compresses a message in these pieces, and gives what a server reads; nothing where it goes out as it is.
fn travel(deflater: &mut Deflater, inflate: &mut Decompress, pieces: &[&[u8]]) -> Option<Vec<u8>> {
    let compress = |(at, piece): (usize, &&[u8])| deflater.deflate_piece(place(at, pieces.len()), piece);
    let compressed: Option<Vec<_>> = pieces.iter().enumerate().map(compress).collect();
    Some(inflated(inflate, &compressed?.concat()))
}

#[test]
fn a_message_in_pieces_is_read_as_one_whatever_its_pieces_hold() {
    let mut rng = fastrand::Rng::with_seed(41);
    for takeover in [true, false] {
        let (mut deflater, mut inflate) = (deflater(takeover, 15, &everything()), Decompress::new(false));
        for _ in 0..30 {
            let mut pieces = vec![text(&mut rng, 500)];
            for _ in 0..rng.usize(1..6) {
                let len = rng.usize(..150_000);
                // Some do not shrink, and some have nothing.
                pieces.push(match rng.u8(..3) {
                    0 => (0..len).map(|_| rng.u8(..)).collect(),
                    1 => text(&mut rng, len),
                    _ => Vec::new(),
                });
            }
            let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            if !takeover {
                inflate.reset(false);
            }
            let read = travel(&mut deflater, &mut inflate, &pieces).unwrap();
            assert!(read == pieces.concat(), "takeover {takeover}");
            // Whole messages go on where it ended.
            let whole = text(&mut rng, 1000);
            if !takeover {
                inflate.reset(false);
            }
            assert!(inflated(&mut inflate, &deflater.deflate(&whole).unwrap()) == whole);
        }
    }
}

#[test]
fn each_piece_can_be_read_before_the_next_one_comes() {
    let mut deflater = deflater(true, 15, &everything());
    let mut inflate = Decompress::new(false);
    let pieces = [&[b'a'; 1000][..], &[b'b'; 1000], b"c"];
    for (at, piece) in pieces.into_iter().enumerate() {
        let compressed = deflater.deflate_piece(place(at, 4), piece).unwrap();
        let mut read = Vec::with_capacity(2000);
        inflate.decompress_vec(&compressed, &mut read, FlushDecompress::Sync).unwrap();
        assert_eq!(read, piece);
    }
    assert_eq!(deflater.deflate_piece(Place::Last, b"").unwrap(), [0], "RFC 7692 §7.2.3.6");
}

#[test]
fn the_first_piece_decides_whether_a_message_is_compressed() {
    let mut deflater = deflater(true, 15, &DeflateOptions::new().threshold(100));
    for first in [&[b'a'; 99][..], &(0..=255).collect::<Vec<u8>>()] {
        assert_eq!(deflater.deflate_piece(Place::First, first), None);
        assert_eq!(deflater.deflate_piece(Place::Middle, &[b'a'; 1000]), None);
        assert_eq!(deflater.deflate_piece(Place::Last, &[b'a'; 1000]), None);
    }
    assert!(deflater.deflate_piece(Place::First, &[b'a'; 100]).is_some());
    assert!(deflater.deflate_piece(Place::Last, b"a").is_some());
}

#[test]
fn pieces_share_the_window_and_messages_only_where_it_was_agreed() {
    let message = text(&mut fastrand::Rng::with_seed(43), 1000);
    let (mut shared, mut alone) = (deflater(true, 15, &everything()), deflater(false, 15, &everything()));
    for deflater in [&mut shared, &mut alone] {
        let first = deflater.deflate_piece(Place::First, &message).unwrap();
        deflater.shrink();
        let last = deflater.deflate_piece(Place::Last, &message).unwrap();
        assert!(last.len() * 2 < first.len(), "{} and {}", first.len(), last.len());
    }
    assert!(shared.deflate(&message).unwrap().len() * 2 < alone.deflate(&message).unwrap().len());
}

#[test]
fn a_piece_that_does_not_shrink_grows_by_little() {
    let mut rng = fastrand::Rng::with_seed(44);
    let mut deflater = deflater(true, 15, &everything());
    deflater.deflate_piece(Place::First, &[b'a'; 1000]).unwrap();
    let noise: Vec<u8> = (0..200_000).map(|_| rng.u8(..)).collect();
    let stored = deflater.deflate_piece(Place::Middle, &noise).unwrap();
    assert!(stored.len() <= noise.len() + 4 * 5 + 5, "{}", stored.len());
}

#[test]
fn the_tally_counts_pieces() {
    let mut deflater = deflater(true, 15, &everything());
    let first = deflater.deflate_piece(Place::First, &[b'a'; 1000]).unwrap();
    let last = deflater.deflate_piece(Place::Last, &[b'a'; 500]).unwrap();
    assert_eq!(deflater.take_tally(), Tally { plain: 1500, compressed: (first.len() + last.len()) as u64 });
}
