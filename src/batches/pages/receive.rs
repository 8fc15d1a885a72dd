//! A form with a file, as it streams in: its fields first, then the file into a temporary one. The session and a privilege were asked
//! for before; the form's token is checked before a byte of the file is taken.

use std::time::Duration;

use actix_multipart::{Field, Multipart};
use actix_web::HttpRequest;
use futures_util::StreamExt;

use crate::batches::{Arrived, Arriving, Cut};
use crate::ids::OnceKey;
use crate::institutions::Limits;
use crate::web::{ErrorPage, FORM_TOKEN, Fields, ONCE_KEY, once_key, token_fits};

/// Bytes of one field that is no file.
const FIELD_BYTES_MAX: usize = 8 * 1024;
/// Fields of the form.
const FIELDS_MAX: usize = 32;
/// The name of the file's field.
const FILE: &str = "file";

/// A form that arrived whole, its token checked.
pub struct Received {
    pub fields: Fields,
    pub once: OnceKey,
    pub file: Sent,
}

/// What came in the file's field.
pub enum Sent {
    Nothing,
    TooLarge,
    /// With the name it has on the maker's computer.
    File(String, Arrived),
}

/// Reads the form. Nothing of it stays where this fails or is dropped.
pub async fn receive(request: &HttpRequest, mut parts: Multipart, limits: &Limits) -> Result<Received, ErrorPage> {
    let idle = Duration::from_millis(limits.upload_idle_ms);
    let mut typed = Vec::new();
    let mut file = Sent::Nothing;
    while let Some(part) = in_time(idle, parts.next()).await? {
        let mut part = part.map_err(|_| ErrorPage::BadForm)?;
        let name = part.name().unwrap_or_default().to_owned();
        if name == FILE {
            checked(request, &typed)?;
            file = take(&mut part, idle, limits.upload_bytes).await?;
        } else if typed.len() < FIELDS_MAX {
            typed.push((name, text(&mut part, idle).await?));
        } else {
            return Err(ErrorPage::FormTooLarge);
        }
    }
    let once = checked(request, &typed)?;
    Ok(Received { fields: Fields::new(typed), once, file })
}

/// The token must be the session's, and the once-key one of ours.
fn checked(request: &HttpRequest, typed: &[(String, String)]) -> Result<OnceKey, ErrorPage> {
    let fields = Fields::new(typed.to_vec());
    let once = once_key(fields.get(ONCE_KEY)).filter(|_| token_fits(request, fields.get(FORM_TOKEN)));
    once.ok_or_else(|| ErrorPage::StaleForm { typed: fields.typed() })
}

/// Waits as long as something comes; a sender that is silent for longer is cut.
async fn in_time<T>(idle: Duration, next: impl Future<Output = T>) -> Result<T, ErrorPage> {
    tokio::time::timeout(idle, next).await.map_err(|_| ErrorPage::BadForm)
}

async fn text(part: &mut Field, idle: Duration) -> Result<String, ErrorPage> {
    let mut bytes = Vec::new();
    while let Some(some) = in_time(idle, part.next()).await? {
        bytes.extend_from_slice(&some.map_err(|_| ErrorPage::BadForm)?);
        if bytes.len() > FIELD_BYTES_MAX {
            return Err(ErrorPage::FormTooLarge);
        }
    }
    // Nobody types a zero byte, and PostgreSQL takes no text with it.
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0')).ok_or(ErrorPage::BadForm)
}

async fn take(part: &mut Field, idle: Duration, limit: u64) -> Result<Sent, ErrorPage> {
    let name = part.content_disposition().and_then(|header| header.get_filename()).unwrap_or_default().to_owned();
    let mut arriving = Arriving::begin(limit).map_err(broken)?;
    while let Some(some) = in_time(idle, part.next()).await? {
        let some = some.map_err(|_| ErrorPage::BadForm)?;
        match arriving.take(&some).await {
            Ok(()) => {}
            Err(Cut::TooLarge(_)) => {
                drop(arriving);
                return let_pass(part, idle, limit).await;
            }
            Err(Cut::Io(error)) => return Err(broken(error)),
        }
    }
    let arrived = arriving.end().await.map_err(broken)?;
    // A browser sends an empty part without a name where no file was chosen.
    Ok(if name.is_empty() && arrived.bytes() == 0 { Sent::Nothing } else { Sent::File(name, arrived) })
}

/// Reads on for a while without keeping anything: a browser shows an answer only once it has sent its form.
async fn let_pass(part: &mut Field, idle: Duration, limit: u64) -> Result<Sent, ErrorPage> {
    let mut passed: u64 = 0;
    while let Some(some) = in_time(idle, part.next()).await? {
        let some = some.map_err(|_| ErrorPage::BadForm)?;
        passed = passed.saturating_add(u64::try_from(some.len()).unwrap_or(u64::MAX));
        if passed > limit {
            break;
        }
    }
    Ok(Sent::TooLarge)
}

fn broken(error: std::io::Error) -> ErrorPage {
    tracing::error!(%error, "an upload could not be kept");
    ErrorPage::Busy
}
