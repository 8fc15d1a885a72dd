//! Files to take away.

use std::fs::File;

use actix_web::http::header::{CACHE_CONTROL, Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue};
use actix_web::{HttpResponse, web};
use futures_util::stream;
use tokio::io::AsyncReadExt;

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
