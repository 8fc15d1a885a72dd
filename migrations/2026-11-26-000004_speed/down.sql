ALTER TABLE funding_accounts DROP COLUMN stopped_reason;
DROP INDEX batches_asked_about;
DROP TABLE breakers;
