//! The background work of an institution's mail: gathers notices into letters and sends what is due, one beat after another.
//!
//! [`Postman::beat`] does what is due at the clock's time, which is how tests drive it; [`Postman::run`] goes on until told to stop.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::deliver::{self, Claim, Claimed, FIRST_WAIT};
use super::message::{Letterhead, NotAnAddress};
use super::server::{Line, NoMailServer, Server};
use super::{GATHER_FOR, Trouble, TroubleKind, gather, store};
use crate::clock::Instant;
use crate::db::{self, Db, Isolation, Turn};
use crate::institutions::Institution;

/// How often the outbox is looked at.
const POLL: Duration = Duration::from_secs(3);
/// Letters of one beat, at most.
const LETTERS_A_BEAT: usize = 50;
/// People whose notices are gathered in one beat, at most.
const PEOPLE_A_BEAT: i64 = 20;
/// Letters dropped at once where no mail server is set up.
const DROPPED_AT_ONCE: i64 = 500;
/// Beyond the longest a letter can take: after it, a claim is somebody else's.
const LEASE_MARGIN: Duration = Duration::from_secs(60);
/// How long a letter on its way may take to end when the process is told to stop.
const STOP_WAIT: Duration = Duration::from_secs(10);

/// One institution's postman in this process.
pub struct Postman {
    db: Db,
    /// `None`: no mail server is set up.
    office: Option<Office>,
    /// The server was in trouble: no other letter is tried before this.
    held_until: Option<Instant>,
}

struct Office {
    server: Server,
    head: Letterhead,
}

impl Postman {
    /// Reads the password and the certificates of the institution's mail settings.
    ///
    /// # Errors
    /// [`NoMailServer`], a sentence for the operator.
    pub fn open(institution: &Arc<Institution>) -> Result<Self, NoMailServer> {
        let office = match (&institution.settings.mail, Letterhead::of(institution)) {
            (Some(settings), Some(head)) => Some(Office { server: Server::open(&institution.settings.name, settings)?, head }),
            (Some(settings), None) => {
                // Its sender is no address; opening the server says so.
                Server::open(&institution.settings.name, settings)?;
                None
            }
            (None, _) => None,
        };
        Ok(Self { db: institution.db.clone(), office, held_until: None })
    }

    /// Works until `stop` says so. A letter on its way then may end, for a moment.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let (told, mut hurried) = (stop.clone(), stop.clone());
        while !*stop.borrow() {
            let beat = self.work(|| !*told.borrow());
            tokio::select! {
                worked = beat => if let Err(error) = worked { tracing::warn!(%error, "mail waits"); },
                () = long_after(&mut hurried) => {
                    tracing::warn!("stopped with a letter on its way; it may go out again");
                    return;
                }
            }
            tokio::select! { () = tokio::time::sleep(POLL) => {}, _ = stop.wait_for(|stop| *stop) => {} }
        }
    }

    /// Does what is due at the clock's time, bounded; returns how many letters it took from the outbox.
    ///
    /// # Errors
    /// The database's. A letter's trouble is written down at the letter.
    pub async fn beat(&mut self) -> db::Result<usize> {
        self.work(|| true).await
    }

    async fn work(&mut self, goes_on: impl Fn() -> bool) -> db::Result<usize> {
        let Some(office) = &self.office else { return self.send_nothing().await };
        self.gather(office).await?;
        let now = self.db.clock().now();
        if self.held_until.is_some_and(|until| now < until) || !self.db.read(move |conn| store::outbox::is_any_due(conn, now)).await? {
            return Ok(0);
        }
        let mut line = Line::to(&office.server);
        let lease = office.server.longest().saturating_add(LEASE_MARGIN);
        let (mut taken, mut held_until) = (0, None);
        while taken < LETTERS_A_BEAT && goes_on() {
            let claimed = match self.db.write_as(Turn::Worker, Isolation::ReadCommitted, move |tx| deliver::claim(tx, lease)).await? {
                Claim::Nothing => break,
                Claim::Done => {
                    taken += 1;
                    continue;
                }
                Claim::Letter(claimed) => claimed,
            };
            taken += 1;
            let outcome = self.send(office, &mut line, &claimed).await;
            let is_of_server = outcome.as_ref().is_err_and(Trouble::is_of_server);
            self.settle(claimed, outcome).await?;
            if is_of_server {
                held_until = Some(self.db.clock().now().after(FIRST_WAIT));
                break;
            }
        }
        line.close().await;
        self.held_until = held_until;
        Ok(taken)
    }

    async fn gather(&self, office: &Office) -> db::Result<()> {
        let since = self.db.clock().now().before(GATHER_FOR);
        for person in self.db.read(move |conn| store::notices::people_due(conn, since, PEOPLE_A_BEAT)).await? {
            let language = office.head.language.clone();
            self.db.write_as(Turn::Worker, Isolation::Serializable, move |tx| gather::gather(tx, &person, &language)).await?;
        }
        Ok(())
    }

    async fn send(&self, office: &Office, line: &mut Line<'_>, claimed: &Claimed) -> Result<(), Trouble> {
        let (kept, now) = (&claimed.kept, self.db.clock().now());
        let message = office
            .head
            .message(&kept.id, kept.kind, &kept.address, &claimed.text, now)
            .map_err(|NotAnAddress| Trouble::ended(TroubleKind::BadAddress))?;
        line.send(&message).await
    }

    async fn settle(&self, claimed: Box<Claimed>, outcome: Result<(), Trouble>) -> db::Result<()> {
        let (id, kind) = (claimed.kept.id.clone(), claimed.kept.kind);
        match &outcome {
            Ok(()) => tracing::info!(mail = %id, kind = kind.as_str(), "mail.send: sent"),
            Err(trouble) => tracing::warn!(mail = %id, kind = kind.as_str(), trouble = trouble.kind.as_str(), "mail.send: not sent"),
        }
        let settled = self
            .db
            .write_as(Turn::Worker, Isolation::ReadCommitted, move |tx| deliver::settle(tx, &claimed, outcome.as_ref().map(|()| ())))
            .await?;
        if !settled {
            tracing::warn!(mail = %id, "mail.send: another process took this letter over; it may have gone out twice");
        }
        Ok(())
    }

    /// No mail server: nothing piles up.
    async fn send_nothing(&self) -> db::Result<usize> {
        let waits = |conn: &mut db::Conn| Ok::<_, db::Error>(store::outbox::is_any_waiting(conn)? || store::notices::is_any(conn)?);
        if !self.db.read(waits).await? {
            return Ok(0);
        }
        let trouble = Trouble::ended(TroubleKind::NoServer).written();
        let drop_all = move |tx: &mut db::WriteTx<'_>| {
            store::notices::delete_all(tx)?;
            store::outbox::drop_waiting(tx, &trouble, DROPPED_AT_ONCE)
        };
        self.db.write_as(Turn::Worker, Isolation::Serializable, drop_all).await
    }
}

async fn long_after(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
    tokio::time::sleep(STOP_WAIT).await;
}
