DROP INDEX batches_unresolved;
DROP INDEX transfers_by_settled;
DROP TABLE cut_off_mails;
DROP TABLE day_reports;
