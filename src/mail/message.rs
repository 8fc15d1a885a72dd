//! A letter as mail programs read it: the institution's letterhead, the words in its language, plain text and simple HTML.

use std::time::{Duration, SystemTime};

use askama::Template;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};

use super::{LetterKind, LetterText};
use crate::clock::Instant;
use crate::ids::MailId;
use crate::institutions::{Institution, Mode};
use crate::say;
use crate::words::{Language, Said};

/// Where each person chooses their mails.
pub(super) const CHOICES: &str = "/me/mails";
/// Characters of a subject, at most.
const SUBJECT_CHARS_MAX: usize = 150;

/// What every letter of an institution has in common.
pub(super) struct Letterhead {
    pub institution: String,
    pub mode: Mode,
    /// Without a slash at its end.
    pub public_url: String,
    pub language: Language,
    pub from: Mailbox,
}

/// The address is none, so nothing can be sent to it.
#[derive(Debug)]
pub(super) struct NotAnAddress;

/// RFC 3834: nobody's out-of-office reply answers it.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[derive(Template)]
#[template(path = "mail/letter.txt", escape = "none")]
struct Plain<'a>(&'a Words);

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'a>(&'a Words);

/// A letter's words, in the institution's language.
struct Words {
    language: String,
    institution: String,
    /// Whether money is real, where it is not simply so.
    banner: Option<String>,
    subject: String,
    paragraphs: Vec<String>,
    link: Option<Link>,
    foot: String,
    /// Where the foot's link leads, and what it is called.
    foot_link: Option<Link>,
}

struct Link {
    label: String,
    address: String,
}

/// Whatever somebody called themselves or a batch: one line, nothing that could begin another header or paragraph.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control() || c == '\u{2028}' || c == '\u{2029}')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

impl Letterhead {
    /// `None` where the institution sends no mail.
    pub(super) fn of(institution: &Institution) -> Option<Self> {
        let settings = &institution.settings;
        let mut from = settings.mail.as_ref()?.sender()?;
        from.name.get_or_insert_with(|| settings.name.clone());
        Some(Self {
            institution: settings.name.clone(),
            mode: settings.mode,
            public_url: settings.public_url.trim_end_matches('/').to_owned(),
            language: institution.house().language.clone(),
            from,
        })
    }

    fn say(&self, said: &Said) -> String {
        one_line(&said.in_language(&self.language))
    }

    fn link(&self, label: &Said, path: &str) -> Link {
        Link { label: self.say(label), address: format!("{}/{}", self.public_url, path.trim_start_matches('/')) }
    }

    fn foot(&self, kind: LetterKind) -> Said {
        let institution = &self.institution;
        match kind {
            LetterKind::Gathered => {
                say!("You get this mail because of your part in these batches at {institution}.", institution = institution)
            }
            LetterKind::Report => {
                say!("You get this mail because you hold Resolve Payment at {institution}.", institution = institution)
            }
            LetterKind::Administration => say!("You get this mail because you look after {institution}.", institution = institution),
            LetterKind::Invitation | LetterKind::PasswordReset | LetterKind::Account => say!(
                "Nobody at {institution} will ever ask you for your password or a code. If you did not expect this mail, tell your account manager.",
                institution = institution
            ),
            LetterKind::Test => say!("The operator of Outlay sent this to see whether mail works."),
        }
    }

    fn words(&self, kind: LetterKind, text: &LetterText) -> Words {
        let subject = self.say(&text.subject);
        let (subject, banner) = match self.mode {
            Mode::Training => (say!("[Training] {subject}", subject = subject), Some(say!("Training: no real money moves."))),
            Mode::Pilot => (say!("{subject}", subject = subject), Some(say!("Pilot: payments are real."))),
            Mode::Live => (say!("{subject}", subject = subject), None),
        };
        Words {
            language: self.language.code().to_owned(),
            institution: one_line(&self.institution),
            banner: banner.map(|banner| self.say(&banner)),
            subject: self.say(&subject).chars().take(SUBJECT_CHARS_MAX).collect(),
            paragraphs: text.paragraphs.iter().map(|paragraph| self.say(paragraph)).collect(),
            link: text.link.as_ref().map(|(label, path)| self.link(label, path)),
            foot: self.say(&self.foot(kind)),
            foot_link: matches!(kind, LetterKind::Gathered | LetterKind::Report)
                .then(|| self.link(&say!("Choose which mails you get"), CHOICES)),
        }
    }

    /// The letter as it goes out. Its Message-ID is made of the outbox id alone: a letter that is sent twice is the same letter.
    pub(super) fn message(
        &self,
        id: &MailId,
        kind: LetterKind,
        to: &str,
        text: &LetterText,
        now: Instant,
    ) -> Result<Message, NotAnAddress> {
        let to: Address = to.trim().parse().map_err(|_| NotAnAddress)?;
        let words = self.words(kind, text);
        // The templates are checked at compile time; all they do is write into a string.
        let (plain, html) = (Plain(&words).render().unwrap_or_default(), Html(&words).render().unwrap_or_default());
        let date = SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(now.micros()).unwrap_or(0));
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(words.subject)
            .date(date)
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .header(AutoSubmitted)
            .multipart(MultiPart::alternative_plain_html(plain, html))
            .map_err(|_| NotAnAddress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letterhead(mode: Mode) -> Letterhead {
        Letterhead {
            institution: "Upendo\r\nBcc: everybody@thief.example".to_owned(),
            mode,
            public_url: "https://pay.upendo.example".to_owned(),
            language: Language::english(),
            from: "Outlay <outlay@upendo.example>".parse().unwrap(),
        }
    }

    fn text() -> LetterText {
        let name = "Ma Thiri\r\nBcc: thief@thief.example\r\n\r\n<script>";
        LetterText {
            subject: say!("{name} waits", name = name),
            paragraphs: vec![say!("{name} waits", name = name)],
            link: Some((say!("Open"), "/tasks/1?a=1&b=2".to_owned())),
        }
    }

    fn formatted(to: &str) -> Option<String> {
        let id = MailId::from("0193d7a0-0000-7000-8000-000000000001");
        let now = Instant::from_micros(1_763_684_738_000_000);
        let message = letterhead(Mode::Training).message(&id, LetterKind::Account, to, &text(), now).ok()?;
        Some(String::from_utf8(message.formatted()).unwrap())
    }

    #[test]
    fn no_name_can_begin_a_header_of_its_own() {
        let mail = formatted("thiri@upendo.example").unwrap();
        let (head, _) = mail.split_once("\r\n\r\n").unwrap();
        let names: Vec<_> =
            head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])).filter_map(|line| line.split(':').next()).collect();
        assert_eq!(names, ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"], "{head}");
        assert!(head.contains("Subject: [Training] Ma Thiri Bcc: thief@thief.example <script> waits"), "{head}");
        assert!(head.contains("Message-ID: <0193d7a0-0000-7000-8000-000000000001@upendo.example>"), "{head}");
        assert!(head.contains("Date: Fri, 21 Nov 2025 00:25:38 +0000"), "{head}");
    }

    #[test]
    fn what_is_no_address_gets_no_mail() {
        for to in
            ["", "thiri", "thiri@upendo.example\r\nBcc: thief@thief.example", "a@b.example, c@d.example", "Thiri <thiri@upendo.example>"]
        {
            assert_eq!(formatted(to), None, "{to}");
        }
    }

    #[test]
    fn both_parts_say_the_same_and_names_are_escaped() {
        let words = letterhead(Mode::Training).words(LetterKind::Gathered, &text());
        let (plain, html) = (Plain(&words).render().unwrap(), Html(&words).render().unwrap());
        for said in ["Training: no real money moves.", "Ma Thiri Bcc: thief@thief.example", "https://pay.upendo.example/me/mails"] {
            assert!(plain.contains(said) && html.contains(said), "{said}:\n{plain}\n{html}");
        }
        assert!(plain.contains("https://pay.upendo.example/tasks/1?a=1&b=2"), "{plain}");
        assert!(html.contains("https://pay.upendo.example/tasks/1?a=1&#38;b=2") && !html.contains("<script>"), "{html}");
        assert!(!html.contains("<img") && !html.contains("src="), "nothing is fetched when a mail is read");
        assert!(
            Plain(&letterhead(Mode::Live).words(LetterKind::Account, &text()))
                .render()
                .unwrap()
                .starts_with("Upendo Bcc: everybody@thief.example\n\n")
        );
    }
}
