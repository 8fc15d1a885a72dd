//! The files of a batch and their pieces.

use diesel::prelude::*;

use crate::batches::file::Summary;
use crate::clock::Instant;
use crate::db::schema::{batch_file_pieces, batch_files};
use crate::db::{Conn, Result, WriteTx};
use crate::ids::{BatchId, FileId, UserId};

/// A file of a batch, without its bytes.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = batch_files)]
pub struct BatchFile {
    pub id: FileId,
    pub name: String,
    pub size_bytes: i64,
    pub content_digest: String,
    pub uploaded_by: UserId,
    pub uploaded_at: Instant,
}

pub(in crate::batches) fn insert_file(
    tx: &mut WriteTx<'_>,
    id: &FileId,
    batch: &BatchId,
    name: &str,
    read: &Summary,
    uploaded_by: &UserId,
) -> Result<()> {
    // Always later than the file before, even on a clock that was set back: which one is the newest must not depend on it.
    let before = files(tx, batch)?.first().map(|file| Instant::from_micros(file.uploaded_at.micros() + 1));
    let at = before.map_or(tx.now(), |before| before.max(tx.now()));
    diesel::insert_into(batch_files::table)
        .values((
            batch_files::id.eq(id),
            batch_files::batch_id.eq(batch),
            batch_files::name.eq(name),
            batch_files::size_bytes.eq(i64::try_from(read.bytes).unwrap_or(i64::MAX)),
            batch_files::content_digest.eq(&read.content_digest),
            batch_files::uploaded_by.eq(uploaded_by),
            batch_files::uploaded_at.eq(at),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// The batch's files, the one its rows come from first.
///
/// # Errors
/// The database's.
pub fn files(conn: &mut Conn, batch: &BatchId) -> Result<Vec<BatchFile>> {
    Ok(batch_files::table
        .filter(batch_files::batch_id.eq(batch))
        .order((batch_files::uploaded_at.desc(), batch_files::id.desc()))
        .select(BatchFile::as_select())
        .load(conn)?)
}

/// One piece of a file; `None` after the last.
pub(in crate::batches) fn piece(conn: &mut Conn, file: &FileId, position: i32) -> Result<Option<Vec<u8>>> {
    Ok(batch_file_pieces::table.find((file, position)).select(batch_file_pieces::bytes).first(conn).optional()?)
}
