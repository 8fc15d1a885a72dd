//! The SDK: passes calls on to the hub and waits for callbacks. It keeps nothing over a restart, and callbacks come by the transfer's id,
//! so that one callback answers everybody who waits for that id, whatever they asked (CONTRACT: GET and POST share a channel).

use std::time::Duration;

use super::network::{Asked, Id, Message, Network, Said};
use crate::clock::Instant;

/// How long it waits for the hub.
pub(super) const SDK_WAIT: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Waiting {
    pub call: u32,
    pub id: Id,
    pub since: Instant,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Sdk {
    pub waiting: Vec<Waiting>,
}

impl Sdk {
    pub fn take(&mut self, call: u32, asked: Asked, network: &mut Network, now: Instant) {
        self.waiting.push(Waiting { call, id: asked.id(), since: now });
        network.send(
            match asked {
                Asked::Post(prepare) => Message::Prepare(prepare),
                Asked::Get(id) => Message::Question(id),
            },
            now,
        );
    }

    pub fn called_back(&mut self, id: Id, said: Said, network: &mut Network, now: Instant) {
        self.waiting.retain(|waiting| {
            if waiting.id == id {
                network.send(Message::Reply { call: waiting.call, said }, now);
            }
            waiting.id != id
        });
    }

    /// Answers "Timeout" to a call that waited long enough.
    pub fn give_up(&mut self, index: usize, network: &mut Network, now: Instant) {
        let waiting = self.waiting.remove(index);
        network.send(Message::Reply { call: waiting.call, said: Said::Silent }, now);
    }

    /// Everybody who waits is cut off, and whom it waited for is forgotten.
    pub fn restart(&mut self, network: &mut Network, now: Instant) {
        for waiting in self.waiting.drain(..) {
            network.send(Message::Reply { call: waiting.call, said: Said::Broken }, now);
        }
    }

    pub fn is_due(&self, index: usize, now: Instant) -> bool {
        self.waiting.get(index).is_some_and(|waiting| now.since(waiting.since) >= SDK_WAIT)
    }
}
