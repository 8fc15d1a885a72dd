//! An event as a sentence: who did what to whom.

use super::{ActorKind, Entry, Names, What};
use crate::confirmations::{self, Change};
use crate::say;
use crate::words::{Language, Said};

/// What an event is about that names a person who is not here: what was typed may be a password, so it is not kept.
const UNKNOWN: &str = "unknown";

impl Entry {
    /// `Daw Aye Aye Mon added Daw Hla Hla (hla)`. An event this version has no word for is told by its name in the log.
    pub fn sentence(&self, names: &Names, language: &Language) -> Said {
        let said = self.what().and_then(|what| of_people(what).or_else(|| of_the_house(what)).or_else(|| of_batches(what)));
        let said = said.unwrap_or_else(|| say!("{name}: {what}", what = &self.action));
        said.with("name", self.who(language)).with("subject", self.subject(names, language))
    }

    /// Who did it: people by name, the operator as such.
    pub fn who(&self, language: &Language) -> String {
        match self.by() {
            ActorKind::Operator => say!("{name} (operator)", name = &self.actor_name).in_language(language),
            ActorKind::User | ActorKind::System => self.actor_name.clone(),
        }
    }

    /// What it was done to, as people call it.
    pub fn subject(&self, names: &Names, language: &Language) -> String {
        match self.subject_kind.as_str() {
            "institution" => say!("the institution").in_language(language),
            "confirmation" => self.confirmation(names, language),
            "user" if self.subject_id == UNKNOWN => say!("someone unknown").in_language(language),
            _ => names.get(&self.subject_id).to_owned(),
        }
    }

    /// What was to be confirmed, and for whom.
    fn confirmation(&self, names: &Names, language: &Language) -> String {
        let changes = self.changes();
        let change = changes.get("change").and_then(|change| serde_json::from_value::<Change>(change.clone()).ok());
        let Some(change) = change else { return self.subject_id.clone() };
        let words = confirmations::words(&change).in_language(language);
        match changes.get("user").and_then(serde_json::Value::as_str) {
            Some(user) => say!("{what} for {person}", what = words, person = names.get(user)).in_language(language),
            None => words,
        }
    }
}

/// What people do with their own accounts.
fn of_people(what: What) -> Option<Said> {
    Some(match what {
        What::SignedIn => say!("{name} signed in"),
        What::SignInRefused => say!("A sign-in as {subject} was refused"),
        What::SignInLocked => say!("Signing in as {subject} was locked after wrong passwords"),
        What::SignedOut => say!("{name} signed out"),
        What::PasswordChanged => say!("{name} changed their password"),
        What::PasswordForgotten => say!("A password reset was asked for in the name of {subject}"),
        What::PasswordReset => say!("{subject} set a new password with a reset"),
        What::InvitationAccepted => say!("{subject} accepted the invitation and set a password"),
        What::SessionEnded => say!("{name} ended sessions of {subject}"),
        What::SignInUnlocked => say!("{name} unlocked signing in as {subject}"),
        What::SecondFactorEnrolled => say!("{name} set up a second factor"),
        What::SecondFactorRefused => say!("A wrong code was typed for {subject}"),
        What::SecondFactorLocked => say!("Codes of {subject} were locked after wrong ones"),
        What::SecondFactorTurnedOff => say!("{name} turned the second factor off"),
        What::RecoveryCodeUsed => say!("{name} used a recovery code"),
        What::RecoveryCodesRenewed => say!("{name} made new recovery codes"),
        What::QrCodeAsked => say!("{name} asked for a new QR code"),
        What::QrCodeWithdrawn => say!("{name} withdrew the request for a new QR code"),
        What::QrCodeAllowed => say!("{name} allowed a new QR code for {subject}"),
        What::QrCodeRefused => say!("{name} refused a new QR code for {subject}"),
        What::SecondFactorReset => say!("{name} reset the second factor of {subject}"),
        What::MailChoiceChanged => say!("{name} changed which mails they get"),
        _ => return None,
    })
}

/// What account managers and the operator do.
fn of_the_house(what: What) -> Option<Said> {
    Some(match what {
        What::UserAdded => say!("{name} added {subject}"),
        What::UserEdited => say!("{name} changed {subject}"),
        What::UsersImported => say!("{name} imported users"),
        What::UserInvited => say!("{name} invited {subject}"),
        What::ResetCodeMade => say!("{name} made a way for {subject} to set a new password"),
        What::UserDeactivated => say!("{name} deactivated {subject}"),
        What::UserReactivated => say!("{name} activated {subject} again"),
        What::AccountManagerRecovered => say!("{name} made {subject} an account manager"),
        What::BranchAdded => say!("{name} added the branch {subject}"),
        What::BranchEdited => say!("{name} changed the branch {subject}"),
        What::BranchDeactivated => say!("{name} deactivated the branch {subject}"),
        What::BranchReactivated => say!("{name} activated the branch {subject} again"),
        What::GrantGiven => say!("{name} granted privileges to {subject}"),
        What::GrantEnded => say!("{name} ended privileges of {subject}"),
        What::RoleSaved => say!("{name} saved the role {subject}"),
        What::RoleDeleted => say!("{name} deleted the role {subject}"),
        What::ConfirmationAsked => say!("{name} asked for a confirmation: {subject}"),
        What::Confirmed => say!("{name} confirmed: {subject}"),
        What::ConfirmationRefused => say!("{name} did not confirm: {subject}"),
        What::ConfirmationWithdrawn => say!("{name} withdrew the request: {subject}"),
        What::GrantsDownloaded => say!("{name} downloaded who can do what"),
        What::InstitutionAdded => say!("{name} set the institution up"),
        What::InstitutionSuspended => say!("{name} suspended the institution"),
        What::InstitutionResumed => say!("{name} resumed the institution"),
        What::HostRenamed => say!("{name} changed the address of the portal"),
        What::SettingChanged => say!("{name} changed a setting: {subject}"),
        What::AuditDownloaded => say!("{name} downloaded the audit log"),
        What::MailUndelivered => say!("A mail could not be delivered"),
        What::MailSentAgain => say!("{name} sent a mail again"),
        What::MailDropped => say!("{name} dropped a mail that could not be delivered"),
        What::MailTested => say!("{name} sent a test mail"),
        What::SdkChecked => say!("{name} checked a payment connection"),
        What::FspAdded => say!("{name} added the provider {subject}"),
        What::FundingAccountAdded => say!("{name} added the funding account {subject}"),
        What::FundingAccountStopped => say!("The funding account {subject} was stopped"),
        What::FundingAccountReopened => say!("{name} opened the funding account {subject} again"),
        What::DayReported => say!("{name} made the report of the day {subject}"),
        What::ReportDownloaded => say!("{name} took the report of the day {subject} away"),
        What::CutOffTold => say!("{name} told people of unresolved payments before the settlement cut-off of {subject}"),
        What::DispatchHeld => say!("Payments are held: another copy of the database was seen"),
        What::DispatchReleased => say!("{name} released the payments"),
        _ => return None,
    })
}

/// What happens to batches.
fn of_batches(what: What) -> Option<Said> {
    Some(match what {
        What::BatchUploaded => say!("{name} uploaded {subject}"),
        What::BatchCorrected => say!("{name} uploaded a corrected file for {subject}"),
        What::WarningsAcknowledged => say!("{name} acknowledged warnings of {subject}"),
        What::BatchSubmitted => say!("{name} submitted {subject} for approval"),
        What::BatchWithdrawn => say!("{name} withdrew {subject}"),
        What::BatchDeleted => say!("{name} deleted {subject}"),
        What::BatchHandedOver => say!("{name} handed {subject} over"),
        What::BatchPayOnChanged => say!("{name} changed when {subject} is to be paid"),
        What::BatchApproved => say!("{name} approved {subject}"),
        What::BatchRejected => say!("{name} rejected {subject}"),
        What::BatchApprovedAgain => say!("{name} approved {subject} again"),
        What::BatchScheduled => say!("{subject} waits for its day"),
        What::BatchStarted => say!("Payment of {subject} started"),
        What::BatchPaused => say!("{name} paused {subject}"),
        What::BatchResumed => say!("{name} let {subject} go on"),
        What::BatchCancelling => say!("{name} cancelled what was left of {subject}"),
        What::BatchCancelled => say!("{subject} is cancelled"),
        What::BatchProcessed => say!("{subject} is processed"),
        What::BatchRetried => say!("{name} tried failed payments of {subject} again"),
        What::NetworkAskedAgain => say!("{name} had the network asked about a payment of {subject}"),
        What::OutcomeProposed => say!("{name} proposed how a payment of {subject} ended"),
        What::OutcomeConfirmed => say!("{name} confirmed how a payment of {subject} ended"),
        What::OutcomeRefused => say!("{name} did not confirm how a payment of {subject} ended"),
        What::OutcomeWithdrawn => say!("{name} withdrew how a payment of {subject} ended"),
        What::AlarmRaised => say!("The network told another end of a payment of {subject}"),
        What::AlarmAcknowledged => say!("{name} acknowledged an alarm about {subject}"),
        What::SealMismatch => say!("{subject} was stopped: it is not what was approved"),
        What::FileDownloaded => say!("{name} downloaded the original file of {subject}"),
        What::ResultsDownloaded => say!("{name} downloaded the results of {subject}"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_a_sentence() {
        for what in What::ALL {
            let said = of_people(*what).or_else(|| of_the_house(*what)).or_else(|| of_batches(*what));
            assert!(said.is_some(), "{}: {}", what.as_str(), what.label());
        }
    }
}
