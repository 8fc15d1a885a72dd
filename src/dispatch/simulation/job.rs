//! One claimed row in the hands of a dispatcher, cut where it waits: for the network, for the database, for its turn.

use super::RULES;
use super::database::Write;
use super::mutants::Mutant;
use super::network::{Asked, Id, Message, Prepare, Said};
use super::story::Trouble;
use super::world::World;
use crate::clock::Instant;
use crate::dispatch::ROW_LEASE;
use crate::dispatch::breakers::sign_of_fsp;
use crate::dispatch::core::limits::{ASKS_PER_CLAIM_MAX, BREAKER_OPENS_AFTER};
use crate::dispatch::core::{
    Decision, Fault, Gate, Heard, Moment, Mood, Sign, Standing, Then, Word, give_back, on_control, on_repeat, on_sent, on_word, recorded,
    refuse, unreached, wait_for_its_end,
};
use crate::dispatch::replies::Call;
use crate::dispatch::store::Key;
use crate::dispatch::why::Why;
use crate::ids::AttemptId;
use crate::sdk::{Class, Code, Stage};

/// What it does next, or waits for.
#[derive(Debug, Clone)]
pub(super) enum Doing {
    Agree(Standing),
    Record(Standing),
    Send,
    Ask(Standing),
    Repeat(Standing),
    Control(Standing),
    Waits { call: u32, since: Instant, asked: Question },
    GoOn(Standing),
    Settle(Box<Decision>),
}

/// What an answer will be an answer to.
#[derive(Debug, Clone)]
pub(super) enum Question {
    Sent,
    Word { standing: Standing, sent_at: Instant, clock_is_steady: bool },
    Repeated(Standing),
    Control(Standing),
}

/// How an agreement goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Agreed {
    Yes,
    Refused(u16),
    Silent,
    /// The SDK was not there to be asked.
    Unreached,
    /// Refused by our own checks.
    Ours,
}

/// How a commit looks from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Commit {
    Known,
    /// Unknown, but looking helps.
    Looked,
    /// Unknown for good, and applied.
    There,
    /// Unknown for good, and not applied.
    NotThere,
    /// Unknown for good, and applied some time later.
    Late,
    /// Unknown, written again, and then the first one is applied as well.
    Twice,
}

#[derive(Debug, Clone)]
pub(super) struct Job {
    pub row: usize,
    pub attempt: AttemptId,
    pub key: Key,
    /// As the database has it.
    pub standing: Standing,
    pub mood: Mood,
    pub lease: i64,
    pub bytes: Option<Prepare>,
    pub doing: Doing,
    pub questions: i32,
    /// Its newest POST.
    pub posted: u32,
    /// Which bytes the network said were executed.
    pub executed: Option<u32>,
    /// Its task does not run until then.
    pub stalled_until: Option<Instant>,
}

impl Job {
    pub fn new(row: usize, attempt: AttemptId, key: Key, standing: Standing, mood: Mood, lease: i64, bytes: Option<Prepare>) -> Self {
        let doing = Doing::Agree(standing.clone());
        Self { row, attempt, key, standing, mood, lease, bytes, doing, questions: 0, posted: 0, executed: None, stalled_until: None }
    }

    pub fn carry_on(&mut self, decision: Decision) {
        self.doing = match decision.then {
            Then::Rest => Doing::Settle(Box::new(decision)),
            Then::LookUp | Then::Quote => Doing::Agree(decision.standing),
            Then::Ask => Doing::Ask(decision.standing),
            Then::AskControl => Doing::Control(decision.standing),
            Then::Repeat => Doing::Repeat(decision.standing),
            Then::AgreeAgain => Doing::GoOn(decision.standing),
        };
    }

    pub fn waits_for(&self, answered: u32) -> bool {
        matches!(self.doing, Doing::Waits { call, .. } if call == answered)
    }
}

impl World {
    fn at(&self, which: usize) -> Moment {
        Moment { now: self.dispatchers[which].clock.wall(self.now), jitter: 0 }
    }

    fn job(&mut self, which: usize, index: usize) -> &mut Job {
        &mut self.dispatchers[which].jobs[index]
    }

    /// The job's next step; a job that waits for an answer does nothing.
    pub fn work(&mut self, which: usize, index: usize, agreed: Agreed, commit: Commit) {
        let at = self.at(which);
        match self.job(which, index).doing.clone() {
            Doing::Waits { .. } => {}
            Doing::Agree(standing) => self.agree(which, index, standing, agreed),
            Doing::Record(standing) => self.record(which, index, standing, commit),
            Doing::Send => {
                if self.mutant != Some(Mutant::SendBeforeRecord) {
                    self.post(which, index);
                }
                let (since, call) = (self.now, self.job(which, index).posted);
                self.job(which, index).doing = Doing::Waits { call, since, asked: Question::Sent };
            }
            Doing::Ask(standing) => self.ask(which, index, standing),
            Doing::Repeat(standing) => {
                let id = self.id_of(which, index, &standing);
                if self.job(which, index).bytes.is_none_or(|bytes| bytes.id != id) {
                    let next = on_repeat(standing, &Word::Unclear, at);
                    return self.job(which, index).carry_on(next);
                }
                self.post(which, index);
                let (since, call) = (self.now, self.job(which, index).posted);
                self.job(which, index).doing = Doing::Waits { call, since, asked: Question::Repeated(standing) };
            }
            Doing::Control(standing) => {
                let call = self.call(which, Asked::Get(Id::CONTROL));
                let since = self.now;
                self.job(which, index).doing = Doing::Waits { call, since, asked: Question::Control(standing) };
            }
            Doing::GoOn(standing) => {
                if self.submit(which, index, standing.clone(), None, None, true, commit) {
                    self.job(which, index).doing = Doing::Agree(standing);
                } else {
                    self.dispatchers[which].jobs.remove(index);
                }
            }
            Doing::Settle(decision) => {
                let Decision { standing, stop, .. } = *decision;
                let job = self.dispatchers[which].jobs[index].clone();
                self.story.tell(self.now, || {
                    format!("{}: writes row {} as {} (n {})", job.attempt, job.row, standing.state.as_str(), standing.n)
                });
                self.submit(which, index, standing, None, stop, false, commit);
                self.dispatchers[which].jobs.remove(index);
            }
        }
    }

    fn agree(&mut self, which: usize, index: usize, standing: Standing, agreed: Agreed) {
        let at = self.at(which);
        let attempt = self.job(which, index).attempt.clone();
        self.story.tell(self.now, || format!("{attempt}: lookup and quote: {agreed:?}"));
        if let Gate::Wait(until) = self.dispatchers[which].breaker.pass(at.now) {
            self.story.count(Trouble::SetAside);
            return self.job(which, index).carry_on(wait_for_its_end(standing, until, at));
        }
        // There are few payments here: one silence stands for as many as it takes.
        for _ in 0..BREAKER_OPENS_AFTER {
            self.dispatchers[which].breaker.hear(sign_of(agreed), at.now);
        }
        let standing = Mutant::counted(self.mutant, standing);
        let refused = match agreed {
            Agreed::Unreached => {
                self.story.count(Trouble::Unreached);
                return self.job(which, index).carry_on(unreached(standing, at));
            }
            Agreed::Yes => return self.job(which, index).doing = Doing::Record(standing),
            Agreed::Refused(code) => {
                let Some(code) = Code::new(code) else { return };
                refuse(standing, Fault::of(code, Stage::Agree), Why::Network { code: code.to_string() }, at)
            }
            Agreed::Silent => refuse(standing, Fault::silent(), Why::NoAnswer, at),
            Agreed::Ours => refuse(standing, Fault::ours(), Why::NoFsp, at),
        };
        let chain = self.derived(which, index, 0).chain;
        self.note_refused(chain, refused.standing.fault.map_or(Class::Permanent, |fault| fault.class));
        self.story.count(if agreed == Agreed::Silent { Trouble::AgreeSilent } else { Trouble::AgreeRefused });
        self.job(which, index).carry_on(refused);
    }

    fn record(&mut self, which: usize, index: usize, standing: Standing, commit: Commit) {
        let now = self.at(which).now;
        let expires_at = now.after(RULES.expiry);
        let id = Mutant::id(self.mutant, self.derived(which, index, standing.n), self.last_bytes + 1);
        self.last_bytes += 1;
        let (number, place) = (self.last_bytes, self.dispatchers[which].place);
        let (row, attempt) = (self.job(which, index).row, self.job(which, index).attempt.clone());
        let payee = self.places[place].database.rows[row].payee;
        let copy = self.places[place].database.copy;
        let bytes = Prepare { id, number, payee, expires_at, copy, row };
        let to = recorded(standing, attempt.clone(), expires_at, now.after(ROW_LEASE));
        if self.mutant == Some(Mutant::SendBeforeRecord) {
            self.job(which, index).bytes = Some(bytes);
            self.post(which, index);
        }
        let moved = self.submit(which, index, to.clone(), Some(bytes), None, true, commit);
        self.story.tell(self.now, || format!("{attempt}: records bytes {number} under {id}: {moved} ({commit:?})"));
        if moved {
            self.dispatchers[which].has_recorded = true;
            let job = self.job(which, index);
            job.bytes = Some(bytes);
            job.doing = Doing::Send;
            return;
        }
        let at = self.at(which);
        match give_back(self.job(which, index).standing.clone(), at) {
            Some(standing) => self.job(which, index).carry_on(Decision { standing, then: Then::Rest, stop: None }),
            None => drop(self.dispatchers[which].jobs.remove(index)),
        }
    }

    fn ask(&mut self, which: usize, index: usize, standing: Standing) {
        let job = self.job(which, index);
        job.questions += 1;
        if job.questions > ASKS_PER_CLAIM_MAX {
            let (mood, at) = (job.mood, self.at(which));
            let unclear = Heard { word: Word::Unclear, sent_at: at.now, clock_is_steady: false };
            let next = on_word(standing, &unclear, mood, at, &RULES);
            return self.job(which, index).carry_on(next);
        }
        let id = self.id_of(which, index, &standing);
        let (sent_at, clock_is_steady) = self.steady_now(which);
        let call = self.call(which, Asked::Get(id));
        let since = self.now;
        self.job(which, index).doing = Doing::Waits { call, since, asked: Question::Word { standing, sent_at, clock_is_steady } };
    }

    fn post(&mut self, which: usize, index: usize) {
        if let Some(bytes) = self.job(which, index).bytes {
            let call = self.call(which, Asked::Post(bytes));
            self.job(which, index).posted = call;
        }
    }

    fn call(&mut self, which: usize, asked: Asked) -> u32 {
        self.last_call += 1;
        let (call, name) = (self.last_call, self.dispatchers[which].name);
        self.story.tell(self.now, || match asked {
            Asked::Post(bytes) => format!("dispatcher {name}: call {call}: POST bytes {} of {}", bytes.number, bytes.id),
            Asked::Get(id) => format!("dispatcher {name}: call {call}: GET {id}"),
        });
        self.network.send(Message::Request { call, asked }, self.now);
        call
    }

    fn derived(&mut self, which: usize, index: usize, n: i32) -> Id {
        let (row, place) = (self.job(which, index).row, self.dispatchers[which].place);
        Id { chain: self.places[place].database.rows[row].chain, n, salt: 0 }
    }

    /// The id that a standing has in use.
    fn id_of(&mut self, which: usize, index: usize, standing: &Standing) -> Id {
        let derived = self.derived(which, index, standing.n);
        let recorded = standing.recorded.as_ref().and(self.job(which, index).bytes);
        if self.mutant == Some(Mutant::RandomIds) { recorded.map_or(derived, |bytes| bytes.id) } else { derived }
    }

    /// A reply reaches the job that waits for it.
    pub fn hear(&mut self, which: usize, index: usize, said: Said) {
        let job = self.dispatchers[which].jobs[index].clone();
        let Doing::Waits { asked, since, .. } = job.doing else { return };
        if self.now.since(since) >= std::time::Duration::from_secs(60) {
            self.story.count(Trouble::ReplyLate);
        }
        let at = self.at(which);
        let is_post = matches!(asked, Question::Sent | Question::Repeated(_));
        let word = Mutant::read(self.mutant, said, word_of(said, is_post, job.bytes), is_post);
        if let Said::Committed(number) = said {
            self.job(which, index).executed = Some(number);
        }
        let (before, next) = match asked {
            Question::Sent => (job.standing.clone(), on_sent(job.standing.clone(), &word, at)),
            Question::Word { standing, sent_at, clock_is_steady } => {
                let sent_at = Mutant::judged_from(self.mutant, sent_at, at.now);
                let heard = Heard { word: word.clone(), sent_at, clock_is_steady };
                (standing.clone(), on_word(Mutant::counted(self.mutant, standing), &heard, job.mood, at, &RULES))
            }
            Question::Repeated(standing) => (standing.clone(), on_repeat(standing, &word, at)),
            Question::Control(standing) => {
                let next = on_control(standing, word == Word::Unknown, at);
                return self.job(which, index).carry_on(next);
            }
        };
        let next = Mutant::after_reply(self.mutant, &word, &before, next, at.now);
        let chain = self.derived(which, index, 0).chain;
        self.note_ended(chain, &before, &next);
        self.story.tell(self.now, || {
            format!("{}: reads {said:?}: {:?}, {} (n {})", job.attempt, next.then, next.standing.state.as_str(), next.standing.n)
        });
        self.job(which, index).carry_on(next);
    }

    /// One write of a job, through the recorder. `keeps`: the job goes on with the row.
    #[expect(clippy::too_many_arguments, reason = "a write has these parts")]
    fn submit(
        &mut self,
        which: usize,
        index: usize,
        to: Standing,
        recording: Option<Prepare>,
        stop: Option<crate::dispatch::core::Stop>,
        keeps: bool,
        commit: Commit,
    ) -> bool {
        let at = self.at(which).now;
        let dispatcher = &self.dispatchers[which];
        let job = &dispatcher.jobs[index];
        let write = Write {
            row: job.row,
            key: job.key.clone(),
            to: to.clone(),
            attempt: Some(job.attempt.clone()),
            recording,
            holder: dispatcher.name,
            lease: job.lease,
            known_epoch: dispatcher.known.unwrap_or(0),
            at,
            stop,
            executed: job.executed,
        };
        let place = dispatcher.place;
        let moved = self.commit(place, write, commit);
        if moved && keeps {
            let job = self.job(which, index);
            job.key = Key::of(&to, Some(&job.attempt));
            job.standing = to;
        }
        moved
    }
}

fn sign_of(agreed: Agreed) -> Sign {
    match agreed {
        // The transfer that follows is left out here.
        Agreed::Yes => Sign::Well,
        Agreed::Refused(code) => sign_of_fsp(Call::Quotes, Code::new(code), None),
        Agreed::Silent => sign_of_fsp(Call::Quotes, None, Some(crate::sdk::Why::Silent)),
        Agreed::Unreached | Agreed::Ours => Sign::Nothing,
    }
}

/// The product's reading of a reply.
fn word_of(said: Said, is_post: bool, bytes: Option<Prepare>) -> Word {
    match said {
        Said::Committed(number) => Word::Committed { proven: bytes.is_some_and(|bytes| bytes.number == number) },
        Said::Aborted => Word::Aborted { fault: None },
        Said::InProgress => Word::InProgress,
        Said::Error(3208) if !is_post => Word::Unknown,
        Said::Error(3106) => Word::Modified,
        Said::Error(code) => Code::new(code).map_or(Word::Unclear, |code| Word::Refused(Fault::of(code, Stage::Transfer))),
        Said::Silent => Word::Silent,
        Said::Broken => Word::Unclear,
    }
}
