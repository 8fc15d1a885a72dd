//! One mail, sent now, to see whether the settings work.

use std::sync::Arc;

use super::message::{Letterhead, NotAnAddress};
use super::server::{Line, NoMailServer, Server};
use super::{LetterKind, LetterText, Trouble};
use crate::ids::MailId;
use crate::institutions::Institution;
use crate::say;

/// Why a test mail did not go out.
#[derive(Debug, thiserror::Error)]
pub enum TestFailed {
    #[error("the registry file of this institution has no [mail]: it sends none")]
    NotSetUp,
    #[error(transparent)]
    Settings(#[from] NoMailServer),
    #[error("{0} is no mail address")]
    NotAnAddress(String),
    #[error("{}{}", .0.said().english(), .0.server.as_ref().map(|words| format!(" It said: {words}")).unwrap_or_default())]
    Trouble(Trouble),
}

/// Connects to the mail server and hands it one letter; the outbox is not touched.
///
/// # Errors
/// [`TestFailed`], a sentence for the operator.
pub async fn test_mail(institution: &Arc<Institution>, address: &str) -> Result<(), TestFailed> {
    let settings = institution.settings.mail.as_ref().ok_or(TestFailed::NotSetUp)?;
    let server = Server::open(&institution.settings.name, settings)?;
    let head = Letterhead::of(institution).ok_or(TestFailed::NotSetUp)?;
    let text = LetterText { subject: say!("A test mail of Outlay"), paragraphs: vec![say!("Mail works.")], link: None };
    let now = institution.clock().now();
    let message = head
        .message(&MailId::new(now), LetterKind::Test, address, &text, now)
        .map_err(|NotAnAddress| TestFailed::NotAnAddress(address.to_owned()))?;
    let mut line = Line::to(&server);
    line.send(&message).await.map_err(TestFailed::Trouble)?;
    line.close().await;
    Ok(())
}
