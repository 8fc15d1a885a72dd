//! `admin test-mail`.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::{Ended, operator};
use crate::audit::{self, Event, Subject, What};
use crate::institutions::Institution;
use crate::mail;

#[derive(Debug, Args)]
pub struct TestMail {
    /// Where the mail goes
    pub address: String,
}

/// Nothing is tried twice: who tests wants to see the first answer.
pub(super) async fn test_mail(institution: &Arc<Institution>, args: TestMail) -> Ended {
    mail::test_mail(institution, &args.address).await?;
    let subject = Subject::new("institution", &institution.id);
    institution.db.write(move |tx| audit::record(tx, &Event::new(operator(), What::MailTested, subject.clone()))).await?;
    println!("The mail server took a mail for {}. Look whether it arrives.", args.address);
    Ok(ExitCode::SUCCESS)
}
