//! The same bodies as the targets in `fuzz/`, with their seeds, and with what becomes of these by chance.

use std::{fs, path::Path};

/// How many inputs are made from the seeds of a target.
const MADE: u64 = 3000;
/// The same for lives, which take longer.
const LIVES: u64 = 100;

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 5, "only {} seeds in {}", files.len(), folder.display());
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// Runs the body with each seed as it is, and with this many damaged, cut and joined.
#[track_caller]
fn holds(target: &str, made_inputs: u64, body: fn(&[u8])) {
    let seeds = seeds(target);
    seeds.iter().for_each(|seed| body(seed));
    for round in 0..made_inputs {
        let mut rng = fastrand::Rng::with_seed(round);
        let input = made(&seeds, &mut rng);
        // A panic is told with what led to it: a new seed.
        let told = Told(&input);
        body(&input);
        drop(told);
    }
}

/// Prints the input where the body panics on it.
struct Told<'a>(&'a [u8]);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the input was {:02x?}", self.0);
        }
    }
}

fn made(seeds: &[Vec<u8>], rng: &mut fastrand::Rng) -> Vec<u8> {
    let mut input = rng.choice(seeds).unwrap().clone();
    for _ in 0..rng.usize(1..8) {
        let at = rng.usize(..=input.len());
        let end = rng.usize(at..=input.len());
        match rng.u8(..8) {
            0..=2 if at < input.len() => input[at] ^= 1 << rng.u8(..8),
            3 if at < input.len() => input[at] = rng.u8(..),
            4 => input.truncate(at),
            5 => drop(input.splice(at..at, (0..rng.usize(..20)).map(|_| rng.u8(..)))),
            6 => drop(input.splice(at.., rng.choice(seeds).unwrap().iter().skip(at).copied())),
            _ => drop(input.splice(at..at, input[at..end].to_vec())),
        }
    }
    input
}

#[test]
fn whatever_the_server_sends_is_told_the_same_however_it_is_cut() {
    holds("inbound", MADE, super::inbound);
}

#[test]
#[cfg(feature = "deflate")]
fn whatever_is_inflated_becomes_the_same_in_any_frames_and_keeps_to_its_limit() {
    holds("inflater", MADE, super::inflater);
}

#[test]
fn whatever_answer_is_accepted_is_valid_and_loses_nothing() {
    holds("handshake", MADE, super::handshake);
}

#[test]
fn whatever_happens_there_is_one_end_and_nothing_after_it() {
    holds("machine", MADE, super::machine);
}

#[test]
fn whatever_happens_in_a_life_nothing_starves_the_deadlines_hold_and_every_end_is_reported() {
    holds("driver", LIVES, super::driver);
    for seed in 0..LIVES {
        let mut rng = fastrand::Rng::with_seed(seed);
        let input: Vec<u8> = (0..rng.usize(12..200)).map(|_| rng.u8(..)).collect();
        let told = Told(&input);
        super::driver(&input);
        drop(told);
    }
}
