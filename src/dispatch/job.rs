//! One claimed transfer in the hands of a worker: carries out what the core decides until it says rest.

use std::sync::Arc;

use super::account::Account;
use super::claim::InHand;
use super::core::{self, Decision, Fault, Moment, Mood, Oddity, Order, Standing, Stop, Then};
use super::crash::crash_point;
use super::record::Recorded;
use super::recorder::Write;
use super::shared::Shared;
use super::store::{Claimable, Ended, Key, Landed, Learned, Reply};
use super::why::Why;
use crate::batches::State;
use crate::clock::Instant;
use crate::funding::AccountState;
use crate::ids::{AttemptId, FspId, TransferId};
use crate::money::Minor;
use crate::sdk::Prepare;

pub(super) struct Job {
    pub shared: Arc<Shared>,
    pub account: Arc<Account>,
    pub row: Claimable,
    pub fee_limit: Minor,
    pub mood: Mood,
    pub attempt: AttemptId,
    /// What the row must still be for the next write.
    pub key: Key,
    /// As the database has it.
    pub standing: Standing,
    /// The newest bytes recorded under the id in use.
    pub prepare: Option<Prepare>,
    /// What was agreed so far.
    pub landed: Landed,
    /// Whether the lookup is this attempt's own.
    pub looked_up: bool,
    /// The FSP that refused though the lookup named it, with its refusal: the account may have moved.
    pub doubted: Option<(FspId, Fault, Why)>,
    /// Replies that are not written yet.
    pub replies: Vec<Reply>,
    pub position: i32,
    pub questions: i32,
    /// Whether it is sent to see if the payee's FSP answers again.
    pub is_probe: bool,
    /// What the account heard is one oddity too many: this row's next write tells.
    pub oddity: Option<Oddity>,
}

impl Job {
    pub fn new(shared: Arc<Shared>, account: Arc<Account>, in_hand: InHand) -> (Self, Decision) {
        let InHand { claimed, attempt, standing, then } = in_hand;
        let mood = match (claimed.batch.state, claimed.account) {
            (State::Processing, AccountState::Open) => Mood::Paying,
            (State::Approved | State::Scheduled | State::Processing | State::Paused, _) => Mood::Held,
            _ => Mood::Ending,
        };
        let landed = Landed {
            payee_fsp: claimed.row.payee_fsp.clone(),
            resolved_name: claimed.row.resolved_name.clone(),
            looked_up_at: claimed.row.looked_up_at.map(Instant::micros),
            fee: None,
        };
        let job = Self {
            shared,
            account,
            fee_limit: claimed.batch.fee_limit,
            mood,
            key: Key::of(&standing, Some(&attempt)),
            attempt,
            standing: standing.clone(),
            // Bytes that cannot be read back were not written by us; then only questions are left.
            prepare: claimed.prepare.and_then(|bytes| Prepare::recorded(bytes).ok()),
            landed,
            looked_up: false,
            doubted: None,
            replies: Vec::new(),
            position: 0,
            questions: 0,
            is_probe: false,
            oddity: None,
            row: claimed.row,
        };
        (job, Decision { standing, then, stop: None })
    }

    /// Until the row rests.
    pub async fn work(mut self, mut decision: Decision) {
        loop {
            decision = match decision.then {
                Then::Rest => return self.settle(decision).await,
                Then::LookUp => self.look_up(decision.standing).await,
                Then::Quote => match self.agree(decision.standing).await {
                    Err(refused) => refused,
                    Ok(terms) => {
                        crash_point!("after-agree");
                        match self.record(terms).await {
                            Recorded::Yes => {
                                crash_point!("after-record");
                                self.send().await
                            }
                            Recorded::No => return self.give_back().await,
                            Recorded::Unusable(refused) => *refused,
                        }
                    }
                },
                Then::Ask => self.ask(decision.standing).await,
                Then::AskControl => self.ask_control(decision.standing).await,
                Then::Repeat => self.repeat(decision.standing).await,
                Then::AgreeAgain => {
                    if !self.go_on(decision.standing).await {
                        return;
                    }
                    let then = core::begin_paying(self.looked_up_at(), self.shared.now());
                    Decision { standing: self.standing.clone(), then, stop: None }
                }
            };
        }
    }

    pub fn at(&self) -> Moment {
        Moment { now: self.shared.now(), jitter: rand::random_range(0..=1_000) }
    }

    pub fn order(&self) -> Order {
        Order { to_fsp: self.row.to_fsp.clone(), amount: self.row.amount, currency: self.row.currency, fee_limit: self.fee_limit }
    }

    /// The id that a standing has in use.
    pub fn transfer_id(&self, standing: &Standing) -> TransferId {
        TransferId::derive(&self.shared.house, &self.row.home_transaction_id, standing.n)
    }

    fn looked_up_at(&self) -> Option<Instant> {
        self.landed.payee_fsp.as_ref().and(self.landed.looked_up_at).map(Instant::from_micros)
    }

    /// A write of this row, with the replies since the last one.
    pub fn write(&mut self, to: Standing) -> Write {
        Write {
            row: self.row.id.clone(),
            batch: self.row.batch_id.clone(),
            account: self.account.id.clone(),
            amount: self.row.amount,
            lease: self.account.lease(),
            key: self.key.clone(),
            attempt: Some(self.attempt.clone()),
            to,
            recording: None,
            learned: None,
            ended: None,
            replies: std::mem::take(&mut self.replies),
            stop: None,
        }
    }

    /// Writes the decision and lets go of the row.
    async fn settle(mut self, decision: Decision) {
        let Decision { standing, stop, .. } = decision;
        let stop = stop.or(self.oddity.map(Stop::Distrust));
        let (now, learned) = (self.shared.now(), self.learned(&standing));
        let ended = Ended {
            id: self.attempt.clone(),
            outcome: standing.state.as_str(),
            code: standing.fault.and_then(|fault| fault.code).map(|code| code.to_string()),
            at: now.micros(),
        };
        let write = Write { learned, ended: Some(ended), stop, ..self.write(standing) };
        self.submit(write).await;
        crash_point!("after-settle");
    }

    /// Recording was not allowed: the batch was paused, or the row is no longer ours. Where it is ours, it waits again.
    async fn give_back(mut self) {
        let now = self.shared.now();
        let Some(standing) = core::give_back(self.standing.clone(), self.at()) else { return };
        let ended = Ended { id: self.attempt.clone(), outcome: "given_back", code: None, at: now.micros() };
        let learned = self.learned(&standing);
        let write = Write { learned, ended: Some(ended), ..self.write(standing) };
        self.submit(write).await;
    }

    /// Moves the row without letting go of it.
    async fn go_on(&mut self, standing: Standing) -> bool {
        let write = self.write(standing.clone());
        if !self.submit(write).await {
            return false;
        }
        self.key = Key::of(&standing, Some(&self.attempt));
        self.standing = standing;
        true
    }

    /// `false` also where the database could not be written: the row's lease will end.
    pub async fn submit(&self, write: Write) -> bool {
        self.shared.recorder.write(write).await.unwrap_or(false)
    }

    /// What the row should know though nothing was recorded: a fresh lookup, or the id under which a copy of this database paid.
    fn learned(&self, to: &Standing) -> Option<Learned> {
        let unseen_id = to.settled_at.is_some() && to.state == super::TransferState::Succeeded && to.recorded.is_none();
        if !self.looked_up && !unseen_id {
            return None;
        }
        Some(Learned {
            row_key: self.row.id.clone(),
            transfer: unseen_id.then(|| self.transfer_id(to)),
            fsp: self.landed.payee_fsp.clone(),
            name: self.landed.resolved_name.clone(),
            looked_up: self.landed.looked_up_at,
        })
    }
}
