//! Files to take away.

use std::fs::File;
use std::future::poll_fn;

use actix_web::body::{BodySize, BodyStream, BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue,
};
use actix_web::{HttpMessage, HttpResponse, web};
use futures_util::stream;
use tokio::io::AsyncReadExt;

use super::visitor::Visitor;
use crate::db::{self, Db};
use crate::ids::UserId;
use crate::institutions::Institution;
use crate::people;

/// Bytes sent at once.
const BYTES_AT_ONCE: usize = 64 * 1024;

/// A file to keep, under its own name: in Burmese too for browsers that read RFC 5987, and without what they could not for the others.
pub fn attachment(name: &str) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    let plain: String = name.chars().map(|c| if c.is_ascii_graphic() && !"\"\\%".contains(c) || c == ' ' { c } else { '_' }).collect();
    let full = ExtendedValue { charset: Charset::Ext("UTF-8".to_owned()), language_tag: None, value: name.as_bytes().to_vec() };
    let parameters = vec![DispositionParam::Filename(plain), DispositionParam::FilenameExt(full)];
    let named = ContentDisposition { disposition: DispositionType::Attachment, parameters };
    response.content_type("text/csv; charset=utf-8").insert_header(named).insert_header((CACHE_CONTROL, "no-store"));
    response
}

/// The file, a little at a time, however large.
pub fn sent(name: &str, file: File) -> HttpResponse {
    let pieces = stream::unfold(Some(tokio::fs::File::from_std(file)), |file| async {
        let mut file = file?;
        let mut bytes = vec![0; BYTES_AT_ONCE];
        match file.read(&mut bytes).await {
            Ok(0) => None,
            Ok(read) => {
                bytes.truncate(read);
                Some((Ok(web::Bytes::from(bytes)), Some(file)))
            }
            Err(error) => Some((Err(error), None)),
        }
    });
    attachment(name).streaming(pieces)
}

/// Why a file was not sent to its end.
#[derive(Debug, thiserror::Error)]
enum Cut {
    #[error("the person is not active any more")]
    Deactivated,
    #[error("the file could not be read on: {0}")]
    Broken(Box<dyn std::error::Error>),
    #[error(transparent)]
    Db(#[from] db::Error),
}

/// A file that is sent piece by piece breaks off when the person who takes it away is deactivated meanwhile. Their browser says that it
/// failed, as it would if the line had broken.
pub(super) fn while_active(response: ServiceResponse<BoxBody>, institution: &Institution) -> ServiceResponse<BoxBody> {
    let is_file = response.headers().contains_key(CONTENT_DISPOSITION) && matches!(response.response().body().size(), BodySize::Stream);
    let user = response.request().extensions().get::<Visitor>().map(|visitor| visitor.actor.id.clone());
    let (true, Some(user)) = (is_file, user) else { return response };
    let db = institution.db.clone();
    response.map_body(|_, body| {
        let pieces = stream::try_unfold(body, move |body| next_piece(db.clone(), user.clone(), body));
        BoxBody::new(BodyStream::new(Box::pin(pieces)))
    })
}

async fn next_piece(db: Db, user: UserId, mut body: BoxBody) -> Result<Option<(web::Bytes, BoxBody)>, Cut> {
    let Some(piece) = poll_fn(|context| body.as_pin_mut().poll_next(context)).await else { return Ok(None) };
    let piece = piece.map_err(Cut::Broken)?;
    if db.read(move |conn| people::actor(conn, &user)).await?.is_none() {
        return Err(Cut::Deactivated);
    }
    Ok(Some((piece, body)))
}
