-- Failures of a kind that seldom passes are counted apart: `tries` counts those that pass by themselves, so that an outage does not use up
-- what is left to the others. What was counted before stays with those that pass, of which a row may have more.
ALTER TABLE transfers ADD COLUMN tries_limited INTEGER NOT NULL DEFAULT 0;
