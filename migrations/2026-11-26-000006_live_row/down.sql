DROP INDEX transfers_one_live_row;
CREATE UNIQUE INDEX transfers_one_live_row ON transfers (home_transaction_id) WHERE state <> 'superseded';
ALTER TABLE transfers DROP COLUMN superseded_by;
