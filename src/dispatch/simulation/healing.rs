//! The troubles end: everything late arrives, clocks are right, somebody dispatches every copy. Then every transfer must come to its end.

use std::time::Duration;

use super::chance::Chance;
use super::dispatcher::Life;
use super::invariants::is_final;
use super::job::{Agreed, Commit};
use super::people::Verb;
use super::world::{Happening, World};
use crate::batches::State;
use crate::dispatch::TransferState::NeedsAttention;

/// Looks at everything, with waits of up to an hour between them: weeks.
const ROUNDS: usize = 400;
const WAIT_MAX: Duration = Duration::from_secs(3_600);

impl World {
    pub fn heal(&mut self, chance: &mut Chance) {
        self.story.tell(self.now, || "all troubles end".to_owned());
        self.hub.has_liquidity = true;
        for which in 0..self.dispatchers.len() {
            self.dispatchers[which].clock.set_right();
            if self.dispatchers[which].life == Life::Stalled {
                self.happen(Happening::Wake { which });
            }
        }
        // Those who wake late write what they had in hand; then one dispatcher for each copy goes on.
        self.calm(chance);
        self.staff();
        for which in 0..self.dispatchers.len() {
            let one = &self.dispatchers[which];
            if one.life == Life::Awake
                && self.dispatchers[..which].iter().any(|other| other.place == one.place && other.life == Life::Awake)
            {
                self.crash(which);
            }
        }
        for round in 0..ROUNDS {
            self.staff();
            self.calm(chance);
            if self.broken.is_some() || self.has_ended() {
                break;
            }
            let is_held = (0..self.places.len()).any(|place| !self.places[place].is_retired && self.is_held(place));
            let wait = if is_held { WAIT_MAX } else { self.until_due().min(WAIT_MAX) };
            // Somebody always comes back a little later than planned.
            self.happen(Happening::Pass(wait.saturating_add(Duration::from_secs(u64::from(round % 7 == 6) * 600))));
        }
        // What still comes changes nothing.
        self.calm(chance);
        self.happen(Happening::Pass(Duration::from_secs(86_400)));
        self.verb(Verb::LookAtClosed);
        if self.broken.is_none() {
            self.check_end();
        }
    }

    fn has_ended(&self) -> bool {
        let rows = self.places.iter().filter(|place| !place.is_retired).flat_map(|place| &place.database.rows);
        let mut states = rows.map(|row| row.standing.state);
        states.all(|state| is_final(state) || state == NeedsAttention)
    }

    /// Every copy that is in use is released, resumed, and dispatched by somebody.
    fn staff(&mut self) {
        for place in 0..self.places.len() {
            if self.places[place].is_retired {
                continue;
            }
            while !self.places[place].database.late.is_empty() {
                self.happen(Happening::LateCommit { place });
            }
            if self.is_held(place) {
                self.verb(Verb::Release { place, honestly: true });
            }
            for batch in 0..self.places[place].database.batches.len() {
                if self.places[place].database.batches[batch].state == State::Paused {
                    self.verb(Verb::Resume { place, batch });
                }
            }
            if !self.dispatchers.iter().any(|one| one.place == place && one.life == Life::Awake) {
                self.start(place, 0);
            }
        }
    }

    /// Until nothing more happens without time.
    fn calm(&mut self, chance: &mut Chance) {
        for _ in 0..2_000 {
            let Some(happening) = self.next_of_calm(chance) else { return };
            self.happen(happening);
            self.check();
            if self.broken.is_some() {
                return;
            }
        }
    }

    fn next_of_calm(&mut self, chance: &mut Chance) -> Option<Happening> {
        if !self.network.on_the_way.is_empty() {
            return Some(Happening::Arrive { message: 0, twice: false });
        }
        if !self.hub.queue.is_empty() {
            return Some(Happening::Handle { queued: 0, quickly: true });
        }
        if let Some(id) = self.hub.unfinished().first() {
            return Some(Happening::End { id: *id, refusal: chance.happens(150).then_some(5104) });
        }
        if let Some(waiting) = (0..self.sdk.waiting.len()).find(|waiting| self.sdk.is_due(*waiting, self.now)) {
            return Some(Happening::SdkTimeout { waiting });
        }
        for which in 0..self.dispatchers.len() {
            self.dispatchers[which].jobs.iter_mut().for_each(|job| job.stalled_until = None);
            if let Some(job) = (0..self.dispatchers[which].jobs.len()).find(|job| self.can_work(which, *job)) {
                let agreed = if chance.happens(100) { Agreed::Refused(3204) } else { Agreed::Yes };
                return Some(Happening::Work { which, job, agreed, commit: Commit::Known });
            }
            if let Some(job) = (0..self.dispatchers[which].jobs.len()).find(|job| self.can_time_out(which, *job)) {
                return Some(Happening::ClientTimeout { which, job });
            }
        }
        // One beat of everybody, once in a calm.
        let which = (0..self.dispatchers.len()).find(|which| !self.has_looked(*which))?;
        self.dispatchers[which].looked_at = Some(self.now);
        Some(Happening::Beat { which })
    }

    fn has_looked(&self, which: usize) -> bool {
        let one = &self.dispatchers[which];
        one.life != Life::Awake || one.looked_at == Some(self.now)
    }
}
