//! How far a search may grow, and vectors that ask before they do.

use crate::Full;

/// The most states, and the most arrows between them: no number but that of none is left over.
pub(crate) const NUMBERS_MAX: u32 = u32::MAX - 1;

/// What a search holds, and the most that it may.
pub(crate) struct Room {
    held: u64,
    max: u64,
}

impl Room {
    pub(crate) fn new(held: u64, max: u64) -> Room {
        Room { held, max }
    }

    /// How many bytes more it may hold.
    pub(crate) fn spare(&self) -> u64 {
        self.max.saturating_sub(self.held)
    }

    /// Counts what will soon be held, if there is room for it.
    pub(crate) fn take(&mut self, bytes: u64) -> Result<(), Full> {
        self.held = self.held.saturating_add(bytes);
        match self.held <= self.max {
            true => Ok(()),
            false => Err(Full::Bytes),
        }
    }

    /// Makes room for so many more.
    pub(crate) fn grow<T>(&mut self, vec: &mut Vec<T>, more: usize) -> Result<(), Full> {
        let (len, capacity) = (vec.len(), vec.capacity());
        if let Some(capacity) = self.capacity(len, capacity, size_of::<T>(), more)? {
            vec.reserve_exact(capacity - len);
        }
        Ok(())
    }

    /// How many there should be room for of what has so many bytes each, if there is not room
    /// for so many more; that counts as held from now on. A quarter more than there are, and not
    /// twice as many: half of them would stay empty.
    ///
    /// For a moment the old ones stand beside the new ones. Where next time there would be no
    /// room for both, this makes room at once for all that there will be when the bound is
    /// reached, if all grow alike.
    pub(crate) fn capacity(
        &mut self,
        len: usize,
        capacity: usize,
        size: usize,
        more: usize,
    ) -> Result<Option<usize>, Full> {
        if capacity - len >= more {
            return Ok(None);
        }
        let size = size as u64;
        let least = (len + more.max(len / 4)) as u64;
        let most = self.spare() / size;
        if least > most {
            return Err(Full::Bytes);
        }
        let all = len as u128 * u128::from(self.max) / u128::from(self.held.max(1));
        let next_time = u128::from(self.held) * 5 / 4 + all * u128::from(size);
        let wanted = match next_time > u128::from(self.max) {
            true => (all as u64).clamp(least, most),
            false => least,
        };
        self.held += (wanted - capacity as u64) * size;
        Ok(Some(wanted as usize))
    }
}

#[cfg(test)]
mod tests {
    use oomscope_model::state::State;
    use oomscope_scenario::builtin::Builtin;

    use crate::{Explorer, Full, Progress, Swarm};

    fn rest(mut advance: impl FnMut(u32) -> Progress) -> Progress {
        loop {
            let progress = advance(1000);
            if progress.done || progress.full.is_some() {
                return progress;
            }
        }
    }

    #[test]
    fn a_search_stops_before_it_runs_out_of_numbers() {
        let scenario = Builtin::named("fault-storm-4").and_then(Builtin::scenario);
        let machine = scenario.expect("built in").machine;
        let start = State::start(&machine);
        for numbers in [1, 70, 5_000, 20_000] {
            let mut explorer = Explorer::new(&machine, &start);
            explorer.numbers_max = numbers;
            let progress = rest(|slice| explorer.advance(slice));
            assert_eq!(progress.full, Some(Full::Size), "{numbers}");
            assert!(progress.transitions <= numbers.into(), "{progress:?}");
            // It goes on where it was when there are more.
            explorer.numbers_max = u32::MAX;
            let mut whole = Explorer::new(&machine, &start);
            let (here, there) = (
                rest(|it| explorer.advance(it)),
                rest(|it| whole.advance(it)),
            );
            assert_eq!(
                (here.states, here.transitions),
                (there.states, there.transitions)
            );

            let mut swarm = Swarm::new(&machine, &start, 1, 1);
            swarm.numbers_max = numbers;
            let progress = rest(|slice| swarm.advance(slice));
            assert_eq!(progress.full, Some(Full::Size), "{numbers}");
            assert!(progress.states <= numbers, "{progress:?}");
        }
    }

    #[test]
    fn a_search_that_was_stopped_anywhere_goes_on_as_if_it_had_not_been() {
        let scenario = Builtin::named("fault-storm-4").and_then(Builtin::scenario);
        let machine = scenario.expect("built in").machine;
        let start = State::start(&machine);
        let mut whole = Explorer::new(&machine, &start);
        let whole = rest(|slice| whole.advance(slice));
        let mut explorer = Explorer::new(&machine, &start);
        let mut stops = 0;
        for bytes_max in (0..).map(|step| step * 4_000) {
            explorer.set_bytes_max(bytes_max);
            let progress = rest(|slice| explorer.advance(slice));
            if progress.done {
                break;
            }
            stops += 1;
        }
        assert!(stops > 20, "{stops}");
        let rest = explorer.progress();
        assert_eq!(
            (rest.states, rest.transitions),
            (whole.states, whole.transitions)
        );
    }
}
