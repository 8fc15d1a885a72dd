-- Whose payments wait because they, or the connection, do not answer; only breakers that are not closed have a row. The process that
-- dispatches the account decides by its memory, and writes here what changed, for pages and for whoever takes the account over.
CREATE TABLE breakers (
    funding_account_id TEXT NOT NULL REFERENCES funding_accounts (id),
    -- The payee's FSP; empty for the connection to the SDK.
    whom TEXT NOT NULL,
    ailment TEXT NOT NULL CHECK (ailment IN ('silent', 'faulty', 'out_of_money', 'unreachable')),
    since BIGINT NOT NULL,
    -- When one payment goes to see.
    retry_at BIGINT NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (funding_account_id, whom)
);

-- The batches with transfers that are asked about: found without looking at the transfers.
CREATE INDEX batches_asked_about ON batches (funding_account_id, id) WHERE in_doubt > 0 OR needs_attention > 0;

-- Why an account is stopped, in a word: the network's code alone does not say it where the account stopped for what it heard.
ALTER TABLE funding_accounts ADD COLUMN stopped_reason TEXT;
