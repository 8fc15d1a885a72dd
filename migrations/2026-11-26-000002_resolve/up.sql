-- Payments that people close because the network does not tell, what the network says of them afterwards, and the alarm where that differs.

-- One person says how a payment ended, another confirms it. A confirmed one is asked about from then on.
CREATE TABLE resolutions (
    id TEXT NOT NULL PRIMARY KEY,
    row_id TEXT NOT NULL REFERENCES transfers (id),
    batch_id TEXT NOT NULL REFERENCES batches (id),
    -- The id that it is about, and its place in the chain.
    transfer_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('paid', 'not_paid')),
    note TEXT NOT NULL,
    evidence TEXT NOT NULL,
    proposed_by TEXT NOT NULL REFERENCES users (id),
    proposed_at BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('proposed', 'confirmed', 'refused', 'withdrawn', 'overtaken')),
    decided_by TEXT REFERENCES users (id),
    decided_at BIGINT,
    decided_because TEXT,
    -- When the network is asked again; nothing where nobody asks (any more).
    next_at BIGINT,
    -- Until when the network may still execute what was recorded under the id, and until when it remembers ids.
    executable_until BIGINT,
    remembered_until BIGINT,
    unshown_since BIGINT,
    unshown_count INTEGER NOT NULL,
    -- The last word heard, and when.
    heard TEXT,
    heard_at BIGINT
);
CREATE UNIQUE INDEX resolutions_one_open ON resolutions (row_id) WHERE state = 'proposed';
CREATE INDEX resolutions_by_row ON resolutions (row_id, proposed_at);
CREATE INDEX resolutions_waiting ON resolutions (proposed_at, id) WHERE state = 'proposed';
CREATE INDEX resolutions_to_ask_about ON resolutions (next_at) WHERE next_at IS NOT NULL;

-- What the network says is not what Outlay, or people, said before.
CREATE TABLE alarms (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('possible_double_payment', 'not_paid_after_all')),
    row_id TEXT NOT NULL REFERENCES transfers (id),
    batch_id TEXT NOT NULL REFERENCES batches (id),
    branch_id TEXT NOT NULL REFERENCES branches (id),
    -- The id that the network spoke of.
    transfer_id TEXT NOT NULL,
    raised_at BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'acknowledged')),
    acknowledged_by TEXT REFERENCES users (id),
    acknowledged_at BIGINT,
    note TEXT
);
CREATE UNIQUE INDEX alarms_once ON alarms (row_id, transfer_id, kind);
CREATE INDEX alarms_by_batch ON alarms (batch_id);
CREATE INDEX alarms_open ON alarms (raised_at, id) WHERE state = 'open';

-- The operations page: by age, of one state.
CREATE INDEX transfers_unresolved ON transfers (state, doubt_since, id) WHERE state = 'in_doubt' OR state = 'needs_attention';
