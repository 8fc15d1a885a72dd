//! One story told step by step, for the mutant that chance seldom meets: an answer read long after it was asked for.

use std::time::Duration;

use super::dispatcher::Life;
use super::invariants::Invariant;
use super::job::{Agreed, Commit};
use super::mutants::Mutant;
use super::network::Message;
use super::people::Verb;
use super::world::{Happening, World};
use crate::clock::Instant;

fn work(world: &mut World) {
    world.happen(Happening::Work { which: 0, job: 0, agreed: Agreed::Yes, commit: Commit::Known });
}

fn arrives(world: &mut World, is_it: fn(&Message) -> bool) {
    let message = world.network.on_the_way.iter().position(|(message, _)| is_it(message));
    world.happen(Happening::Arrive { message: message.unwrap_or(0), twice: false });
}

/// Bytes are recorded and sent, and dawdle. The batch is cancelled. A question is answered "unknown", truly; then the dispatcher stalls, the
/// bytes are executed in time, and ten minutes later it reads the answer.
fn story(mutant: Option<Mutant>) -> World {
    // The hub's clock is behind ours.
    let mut world = World::new(Instant::from_micros(1_000_000_000_000), -100, 1, 1);
    world.mutant = mutant;
    world.start(0, 100);
    world.happen(Happening::Beat { which: 0 });
    (0..3).for_each(|_| work(&mut world));
    arrives(&mut world, |message| matches!(message, Message::Request { .. }));
    world.happen(Happening::People(Verb::Cancel { place: 0, batch: 0 }));
    world.happen(Happening::Pass(Duration::from_secs(31)));
    world.happen(Happening::SdkTimeout { waiting: 0 });
    arrives(&mut world, |message| matches!(message, Message::Reply { .. }));
    work(&mut world);
    world.happen(Happening::Pass(Duration::from_secs(2)));
    world.happen(Happening::Beat { which: 0 });
    work(&mut world);
    arrives(&mut world, |message| matches!(message, Message::Request { .. }));
    arrives(&mut world, |message| matches!(message, Message::Question(_)));
    arrives(&mut world, |message| matches!(message, Message::Callback { .. }));
    world.happen(Happening::Stall { which: 0 });
    arrives(&mut world, |message| matches!(message, Message::Prepare(_)));
    world.happen(Happening::Handle { queued: 0, quickly: true });
    let id = world.hub.unfinished()[0];
    world.happen(Happening::End { id, refusal: None });
    world.happen(Happening::Pass(Duration::from_secs(700)));
    world.happen(Happening::Wake { which: 0 });
    assert!(world.dispatchers[0].life == Life::Awake && world.hub.paid(0).count() == 1);
    arrives(&mut world, |message| matches!(message, Message::Reply { .. }));
    work(&mut world);
    world.check();
    world
}

#[test]
fn unknown_counts_from_when_it_was_asked_not_from_when_it_is_read() {
    let right = story(None);
    assert!(right.broken.is_none(), "{:?}", right.broken);
    let wrong = story(Some(Mutant::MarginJudgedAtReading)).broken.map(|broken| broken.invariant);
    assert_eq!(wrong, Some(Invariant::FailedDidNotMove));
}
