//! The delays between attempts, as an iterator that never ends and never sleeps.

use std::time::Duration;

use crate::options::BackoffOptions;

/// Delays of a full-jitter exponential backoff: the n-th lies between zero and `min(max, initial × factor^n)`.
#[derive(Clone, Debug)]
pub struct Backoff {
    options: BackoffOptions,
    ceiling: Duration,
    jitter: fastrand::Rng,
}

impl Backoff {
    /// The delays of these options, from the first one.
    pub fn new(options: BackoffOptions) -> Self {
        Self {
            ceiling: options.initial.min(options.max),
            jitter: options.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed),
            options,
        }
    }

    /// Starts over with the first delay; the jitter goes on, so that it does not repeat.
    pub fn reset(&mut self) {
        self.ceiling = self.options.initial.min(self.options.max);
    }
}

impl Iterator for Backoff {
    type Item = Duration;

    /// The next delay; never `None`.
    fn next(&mut self) -> Option<Duration> {
        let ceiling = self.ceiling;
        // Saturates: what no `Duration` can hold is above every maximum.
        self.ceiling = Duration::try_from_secs_f64(ceiling.as_secs_f64() * self.options.factor)
            .map_or(self.options.max, |grown| grown.min(self.options.max));
        Some(if self.options.jitter { ceiling.mul_f64(self.jitter.f64()) } else { ceiling })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(options: BackoffOptions, count: usize) -> Vec<u128> {
        Backoff::new(options).take(count).map(|delay| delay.as_millis()).collect()
    }

    #[test]
    fn delays_grow_by_the_factor_up_to_the_maximum() {
        let options = BackoffOptions::new().jitter(false).initial(Duration::from_millis(100));
        let options = options.factor(2.0).unwrap().max(Duration::from_millis(700));
        assert_eq!(delays(options, 5), [100, 200, 400, 700, 700]);
    }

    #[test]
    fn the_defaults_are_a_quarter_of_a_second_and_half_as_much_again() {
        assert_eq!(delays(BackoffOptions::new().jitter(false), 4), [250, 375, 562, 843]);
        assert_eq!(delays(BackoffOptions::new().jitter(false), 60)[59], 30_000);
    }

    #[test]
    fn jitter_fills_the_whole_range_below_the_ceiling() {
        let options = BackoffOptions::new().seed(7).factor(1.0).unwrap().initial(Duration::from_millis(1000));
        let delays = delays(options, 1000);
        assert!(delays.iter().all(|&delay| delay <= 1000));
        assert!(delays.iter().any(|&delay| delay < 50) && delays.iter().any(|&delay| delay > 950));
        let mean = delays.iter().sum::<u128>() / 1000;
        assert!((450..=550).contains(&mean), "{mean}");
    }

    #[test]
    fn the_same_seed_gives_the_same_delays_and_another_one_others() {
        let of = |seed| delays(BackoffOptions::new().seed(seed), 8);
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }

    #[test]
    fn a_reset_starts_over_with_the_first_delay() {
        let mut backoff = Backoff::new(BackoffOptions::new().jitter(false));
        let first = backoff.next();
        backoff.by_ref().take(5).for_each(drop);
        backoff.reset();
        assert_eq!(backoff.next(), first);
    }

    #[test]
    fn the_largest_factor_saturates_at_the_maximum() {
        let options = BackoffOptions::new().jitter(false).max(Duration::MAX).factor(f64::MAX).unwrap();
        let mut backoff = Backoff::new(options);
        assert_eq!(backoff.nth(3), Some(Duration::MAX));
    }

    #[test]
    fn an_initial_delay_above_the_maximum_is_the_maximum() {
        let options = BackoffOptions::new().jitter(false).initial(Duration::from_secs(60));
        assert_eq!(delays(options, 1), [30_000]);
    }
}
