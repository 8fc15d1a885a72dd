-- One live row for each home transaction id, told by the row that took its place instead of by its state: a state changes with every step
-- of a payment, and SQLite writes the entries of a partial index anew whenever a column of its WHERE is set. Measured on payments to an SDK
-- that answers at once: a fifth of the writer's time.
ALTER TABLE transfers ADD COLUMN superseded_by TEXT CHECK ((superseded_by IS NULL) = (state <> 'superseded'));
DROP INDEX transfers_one_live_row;
CREATE UNIQUE INDEX transfers_one_live_row ON transfers (home_transaction_id) WHERE superseded_by IS NULL;
