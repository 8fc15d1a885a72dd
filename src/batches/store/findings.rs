//! What the checks of a batch found, and what its makers said to it.

use diesel::prelude::*;

use crate::db::schema::acknowledgements;
use crate::db::{Result, WriteTx};
use crate::ids::BatchId;

pub(in crate::batches) fn forget_acknowledgements(tx: &mut WriteTx<'_>, batch: &BatchId) -> Result<()> {
    diesel::delete(acknowledgements::table.filter(acknowledgements::batch_id.eq(batch))).execute(&mut **tx)?;
    Ok(())
}
