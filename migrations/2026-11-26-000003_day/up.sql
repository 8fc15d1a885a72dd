-- What each day came to, once for each local date and never changed. Each begins where the one before it ended, so that no payment is
-- in two of them or in none.
CREATE TABLE day_reports (
    day TEXT NOT NULL PRIMARY KEY,
    from_at BIGINT NOT NULL UNIQUE,
    until_at BIGINT NOT NULL UNIQUE,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    content TEXT NOT NULL,
    CHECK (from_at < until_at AND until_at <= made_at)
);

-- Who was told on which local date that payments are unresolved shortly before the settlement cut-off: each person at most once.
CREATE TABLE cut_off_mails (
    day TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    at BIGINT NOT NULL,
    PRIMARY KEY (day, user_id)
);

-- What was settled on a day.
CREATE INDEX transfers_by_settled ON transfers (settled_at) WHERE settled_at IS NOT NULL;

-- The few batches with payments nobody knows the end of: asked on every page shortly before the cut-off.
CREATE INDEX batches_unresolved ON batches (branch_id) WHERE in_doubt > 0 OR needs_attention > 0;
