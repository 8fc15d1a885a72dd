//! The right to make one call: see [`core::turns`](super::core). All funding accounts of one SDK in this process share these.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::core::{Bounds, Lane, Turns};

/// The calls of one SDK.
pub(super) struct Slots(Mutex<Turns<oneshot::Sender<Slot>>>);

/// One call in flight, until it is dropped.
pub(super) struct Slot {
    slots: Arc<Slots>,
    /// `None` once it was given back.
    lane: Option<Lane>,
}

impl Slots {
    pub fn new(bounds: Bounds) -> Self {
        Self(Mutex::new(Turns::new(bounds)))
    }

    fn lock(&self) -> MutexGuard<'_, Turns<oneshot::Sender<Slot>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the right to make a call in this lane.
    pub async fn slot(self: &Arc<Self>, lane: Lane) -> Slot {
        let (sender, told) = oneshot::channel();
        if self.lock().ask(&lane, sender).is_some() {
            return Slot { slots: Arc::clone(self), lane: Some(lane) };
        }
        match told.await {
            Ok(slot) => slot,
            // Cannot be: whoever is in the queue is told. A call too many is better than one that never goes.
            Err(_) => Slot { slots: Arc::clone(self), lane: None },
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let Some(lane) = self.lane.take() else { return };
        let mut next = self.slots.lock().end(&lane);
        while let Some((lane, waiter)) = next.pop() {
            let slot = Slot { slots: Arc::clone(&self.slots), lane: Some(lane) };
            // Who stopped waiting passes the turn on; their slot is not dropped as one, or this would go as deep as many stopped.
            if let Err(mut unwanted) = waiter.send(slot)
                && let Some(lane) = unwanted.lane.take()
            {
                next.extend(self.slots.lock().end(&lane));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::core::Step;
    use crate::ids::{BatchId, FundingAccountId};

    fn lane() -> Lane {
        Lane { account: FundingAccountId::from("a"), batch: BatchId::from("b"), fsp: None, step: Step::Begin }
    }

    #[tokio::test]
    async fn who_stops_waiting_takes_no_slot_with_them() {
        let slots = Arc::new(Slots::new(Bounds { sdk: 1, account: 1, fsp: 1 }));
        let held = slots.slot(lane()).await;
        let (impatient, patient) = (Arc::clone(&slots), Arc::clone(&slots));
        let impatient = tokio::spawn(async move { impatient.slot(lane()).await });
        tokio::task::yield_now().await;
        let patient = tokio::spawn(async move { drop(patient.slot(lane()).await) });
        tokio::task::yield_now().await;
        impatient.abort();
        assert!(impatient.await.is_err());
        drop(held);
        patient.await.unwrap();
        assert_eq!(slots.lock().in_flight(), 0);
    }
}
