DROP INDEX transfers_unresolved;
DROP TABLE alarms;
DROP TABLE resolutions;
