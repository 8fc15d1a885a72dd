//! A portal with a mail server beside it, and the postman between them, driven beat by beat.

use std::sync::Arc;
use std::time::Duration;

use outlay::clock::{Instant, ManualClock};
use outlay::db::{self, Conn};
use outlay::mail::{self, Letter, LetterKind, LetterText, Postman};
use outlay::say;

use crate::support::cast::Person;
use crate::support::portal::Portal;
use crate::support::smtp::Smtp;

pub struct Office {
    pub portal: Portal,
    pub clock: Arc<ManualClock>,
    pub smtp: Smtp,
    pub postman: Postman,
}

pub fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

/// Where a person's mail goes.
pub fn address(person: &Person) -> String {
    format!("{}@upendo.example", person.user_name)
}

impl Office {
    pub async fn open(smtp: Smtp) -> Self {
        let settings = smtp.settings();
        Self::with(smtp, &settings).await
    }

    /// With other `[mail]` settings than the server would like.
    pub async fn with(smtp: Smtp, settings: &str) -> Self {
        let (portal, clock) = Portal::open_with_settings(settings).await;
        give_addresses(&portal).await;
        let postman = Postman::open(&portal.institution).unwrap_or_else(|error| panic!("{error}"));
        Self { portal, clock, smtp, postman }
    }

    /// Another process's postman.
    pub fn another_postman(&self) -> Postman {
        Postman::open(&self.portal.institution).unwrap()
    }

    pub async fn beat(&mut self) {
        self.postman.beat().await.unwrap();
    }

    /// Puts an invitation into the outbox, as a verb would.
    pub async fn write_to(&self, address: &str) {
        self.write(address, None).await;
    }

    pub async fn write(&self, address: &str, until: Option<Instant>) {
        let letter = invitation(address, until);
        self.portal.institution.db.write(move |tx| mail::send(tx, &letter)).await.unwrap();
    }

    pub async fn undelivered(&self) -> i64 {
        self.portal.institution.db.read(mail::undelivered_count).await.unwrap()
    }

    /// How many letters of this state the outbox has, and how many of them still say something.
    pub async fn letters_of(&self, state: &'static str) -> (i64, i64) {
        let count = move |conn: &mut Conn| {
            let mut question = db::Question::default();
            let state = question.text(state);
            let all = question.count(conn, &format!("FROM outbox WHERE state = {state}"), 999)?;
            let speaking = question.count(conn, &format!("FROM outbox WHERE state = {state} AND letter <> ''"), 999)?;
            Ok::<_, db::Error>((all, speaking))
        };
        self.portal.institution.db.read(count).await.unwrap()
    }

    /// Whom the letters were written to, in order of their addresses, each once for each letter.
    pub fn written_to(&self) -> Vec<String> {
        let mut to: Vec<_> = self.smtp.letters().into_iter().map(|letter| letter.to).collect();
        to.sort();
        to
    }
}

pub fn invitation(address: &str, until: Option<Instant>) -> Letter {
    let text = LetterText {
        subject: say!("Your account at Upendo"),
        paragraphs: vec![say!("Daw Aye Aye Mon invites you to Outlay.")],
        link: Some((say!("Choose a password"), "/invitation/abc123".to_owned())),
    };
    Letter { kind: LetterKind::Invitation, user: None, address: address.to_owned(), text, until }
}

/// Everybody has an address.
pub async fn give_addresses(portal: &Portal) {
    change(portal, "UPDATE users SET email = user_name || '@upendo.example'").await;
}

/// For what no verb of the house does.
pub async fn change(portal: &Portal, sql: &'static str) {
    portal.institution.db.write(move |tx| db::batch_execute(tx, sql)).await.unwrap();
}
