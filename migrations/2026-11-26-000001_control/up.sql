-- When a batch is to be paid, where it is not as soon as it is approved. A part of its seal.
ALTER TABLE batches ADD COLUMN pay_at BIGINT;
CREATE INDEX batches_by_pay_at ON batches (pay_at) WHERE state = 'scheduled';

-- Approvals of a batch after the first one, whose checker had lost the right meanwhile. The newest one counts.
CREATE TABLE approvals_again (
    batch_id TEXT NOT NULL REFERENCES batches (id),
    at BIGINT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    seal TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (batch_id, at)
);
CREATE INDEX approvals_again_by_user ON approvals_again (user_id, at);
