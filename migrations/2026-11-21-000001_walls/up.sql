-- One institution's database. The same text runs on SQLite and PostgreSQL (ARCHITECTURE.md, "Two engines").
-- Instants are microseconds since 1970 UTC; money is minor units of the row's currency; ids, enums and JSON are text.

CREATE TABLE institution (
    id TEXT NOT NULL PRIMARY KEY,
    only_row INTEGER NOT NULL UNIQUE CHECK (only_row = 1),
    mode TEXT NOT NULL CHECK (mode IN ('training', 'pilot', 'live')),
    dispatch_epoch BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE branches (
    id TEXT NOT NULL PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    region TEXT NOT NULL,
    township TEXT NOT NULL,
    name TEXT NOT NULL,
    is_active BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    user_name TEXT NOT NULL UNIQUE,
    full_name TEXT NOT NULL,
    phone TEXT,
    email TEXT,
    job_title TEXT,
    branch_id TEXT NOT NULL REFERENCES branches (id),
    is_account_manager BOOLEAN NOT NULL,
    is_active BOOLEAN NOT NULL,
    password_hash TEXT NOT NULL,
    password_set_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE sign_in_failures (
    user_name TEXT NOT NULL,
    address TEXT NOT NULL,
    failures INTEGER NOT NULL,
    last_at BIGINT NOT NULL,
    locked_until BIGINT,
    PRIMARY KEY (user_name, address)
);

CREATE TABLE sessions (
    key_digest TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    user_id TEXT REFERENCES users (id),
    browser TEXT NOT NULL,
    address TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_seen ON sessions (seen_at);

CREATE TABLE once_keys (
    once_key TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    location TEXT NOT NULL,
    flash TEXT,
    at BIGINT NOT NULL
);
CREATE INDEX once_keys_by_age ON once_keys (at);

CREATE TABLE grants (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    branch_id TEXT NOT NULL REFERENCES branches (id),
    action TEXT NOT NULL,
    given_by TEXT NOT NULL,
    from_at BIGINT NOT NULL,
    until_at BIGINT,
    ended_at BIGINT,
    ended_by TEXT
);
CREATE UNIQUE INDEX grants_in_force ON grants (user_id, branch_id, action) WHERE ended_at IS NULL;

CREATE TABLE fsps (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    is_active BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE funding_accounts (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    sdk TEXT NOT NULL,
    fsp_id TEXT NOT NULL REFERENCES fsps (id),
    currency TEXT NOT NULL,
    payer_id_type TEXT NOT NULL,
    payer_id_value TEXT NOT NULL,
    fee_limit BIGINT NOT NULL CHECK (fee_limit >= 0),
    state TEXT NOT NULL CHECK (state IN ('open', 'stopped')),
    stopped_code TEXT,
    stopped_at BIGINT,
    created_at BIGINT NOT NULL
);

-- Who does a piece of background work right now: one row a funding account, one for the audit sealer.
CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    until_at BIGINT NOT NULL
);

-- How often this institution has seen a file's content: part of every home transaction id.
CREATE TABLE content_sightings (
    content_digest TEXT NOT NULL PRIMARY KEY,
    seen BIGINT NOT NULL CHECK (seen > 0)
);

CREATE TABLE batches (
    id TEXT NOT NULL PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    client_reference TEXT,
    branch_id TEXT NOT NULL REFERENCES branches (id),
    payment_type TEXT NOT NULL CHECK (payment_type IN ('payroll', 'loan_disbursement', 'loan_repayment')),
    channel TEXT NOT NULL CHECK (channel IN ('mojaloop')),
    funding_account_id TEXT NOT NULL REFERENCES funding_accounts (id),
    to_fsp TEXT REFERENCES fsps (id),
    currency TEXT NOT NULL,
    profile TEXT NOT NULL CHECK (profile IN ('outlay', 'payment_hub')),
    content_digest TEXT NOT NULL,
    content_seen BIGINT NOT NULL,
    corrects_batch_id TEXT REFERENCES batches (id),
    state TEXT NOT NULL CHECK (state IN ('checking', 'needs_correction', 'draft', 'pending_approval', 'approved', 'scheduled',
        'processing', 'paused', 'processed', 'cancelling', 'cancelled', 'rejected', 'deleted')),
    state_at BIGINT NOT NULL,
    pause_reason TEXT,
    pause_code TEXT,
    resume_at BIGINT,
    pauses INTEGER NOT NULL,
    seal TEXT,
    fee_limit BIGINT NOT NULL,
    errors BIGINT NOT NULL,
    warnings BIGINT NOT NULL,
    notes BIGINT NOT NULL,
    total BIGINT NOT NULL,
    waiting BIGINT NOT NULL CHECK (waiting >= 0),
    paying BIGINT NOT NULL CHECK (paying >= 0),
    succeeded BIGINT NOT NULL CHECK (succeeded >= 0),
    failed BIGINT NOT NULL CHECK (failed >= 0),
    in_doubt BIGINT NOT NULL CHECK (in_doubt >= 0),
    needs_attention BIGINT NOT NULL CHECK (needs_attention >= 0),
    cancelled BIGINT NOT NULL CHECK (cancelled >= 0),
    excluded BIGINT NOT NULL CHECK (excluded >= 0),
    sum_total BIGINT NOT NULL,
    sum_waiting BIGINT NOT NULL,
    sum_paying BIGINT NOT NULL,
    sum_succeeded BIGINT NOT NULL,
    sum_failed BIGINT NOT NULL,
    sum_in_doubt BIGINT NOT NULL,
    sum_needs_attention BIGINT NOT NULL,
    sum_cancelled BIGINT NOT NULL,
    sum_excluded BIGINT NOT NULL,
    created_by TEXT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    submitted_by TEXT REFERENCES users (id),
    submitted_at BIGINT,
    started_at BIGINT,
    processed_at BIGINT,
    CHECK (total = waiting + paying + succeeded + failed + in_doubt + needs_attention + cancelled + excluded)
);
CREATE UNIQUE INDEX batches_client_reference ON batches (client_reference) WHERE client_reference IS NOT NULL AND state <> 'deleted';
CREATE INDEX batches_by_created ON batches (created_at, id);
CREATE INDEX batches_by_state ON batches (state, submitted_at);
CREATE INDEX batches_by_maker ON batches (created_by, created_at);
CREATE INDEX batches_by_content ON batches (content_digest);
CREATE INDEX batches_by_corrected ON batches (corrects_batch_id) WHERE corrects_batch_id IS NOT NULL;

-- Everyone who uploaded, edited, acknowledged or submitted any part of a batch: none of them decides on it.
CREATE TABLE batch_makers (
    batch_id TEXT NOT NULL REFERENCES batches (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    PRIMARY KEY (batch_id, user_id)
);
CREATE INDEX batch_makers_by_user ON batch_makers (user_id, batch_id);

-- The file as it came, kept in pieces so that neither writing nor reading it needs its size in memory.
CREATE TABLE batch_files (
    id TEXT NOT NULL PRIMARY KEY,
    batch_id TEXT NOT NULL REFERENCES batches (id),
    name TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    content_digest TEXT NOT NULL,
    uploaded_by TEXT NOT NULL REFERENCES users (id),
    uploaded_at BIGINT NOT NULL
);
CREATE INDEX batch_files_by_batch ON batch_files (batch_id, uploaded_at);

CREATE TABLE batch_file_pieces (
    file_id TEXT NOT NULL REFERENCES batch_files (id),
    position INTEGER NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (file_id, position)
);

CREATE TABLE findings (
    batch_id TEXT NOT NULL REFERENCES batches (id),
    position BIGINT NOT NULL,
    line BIGINT NOT NULL,
    column_name TEXT,
    severity TEXT NOT NULL CHECK (severity IN ('error', 'warning', 'note')),
    kind TEXT NOT NULL,
    value TEXT,
    details TEXT NOT NULL,
    PRIMARY KEY (batch_id, position)
);
CREATE INDEX findings_by_kind ON findings (batch_id, severity, kind, position);

CREATE TABLE acknowledgements (
    batch_id TEXT NOT NULL REFERENCES batches (id),
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    at BIGINT NOT NULL,
    PRIMARY KEY (batch_id, kind)
);

CREATE TABLE decisions (
    batch_id TEXT NOT NULL PRIMARY KEY REFERENCES batches (id),
    decision TEXT NOT NULL CHECK (decision IN ('approved', 'rejected')),
    reason TEXT,
    user_id TEXT NOT NULL REFERENCES users (id),
    at BIGINT NOT NULL,
    seal TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    excluded_lines TEXT NOT NULL,
    sum BIGINT NOT NULL,
    currency TEXT NOT NULL
);
CREATE INDEX decisions_by_user ON decisions (user_id, at);

CREATE TABLE transfers (
    id TEXT NOT NULL PRIMARY KEY,
    home_transaction_id TEXT NOT NULL,
    batch_id TEXT NOT NULL REFERENCES batches (id),
    line BIGINT NOT NULL,
    branch_id TEXT NOT NULL REFERENCES branches (id),
    reference TEXT NOT NULL,
    payee_name TEXT NOT NULL,
    payee_name_folded TEXT NOT NULL,
    id_type TEXT NOT NULL,
    id_value TEXT NOT NULL,
    sub_id TEXT,
    to_fsp TEXT,
    amount BIGINT NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    note TEXT NOT NULL,
    extra TEXT NOT NULL,
    row_digest TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'excluded', 'ready', 'agreeing', 'sending', 'in_doubt', 'needs_attention',
        'succeeded', 'failed', 'superseded', 'cancelled')),
    n INTEGER NOT NULL,
    attempt_id TEXT,
    tries INTEGER NOT NULL,
    asks INTEGER NOT NULL,
    -- When somebody must look at the row again: claim it (ready), end its lease (agreeing, sending), ask (in doubt).
    next_at BIGINT,
    -- A final refusal that waits for certainty.
    refused BOOLEAN NOT NULL DEFAULT FALSE,
    payee_fsp TEXT,
    resolved_name TEXT,
    looked_up_at BIGINT,
    fee BIGINT,
    transfer_id TEXT,
    -- The attempt that recorded the newest bytes under the id in use, and until when the network may execute them, or any before.
    recorded_by TEXT,
    recorded_expires_at BIGINT,
    recorded_until BIGINT,
    doubt_since BIGINT,
    unshown_since BIGINT,
    unshown_count INTEGER NOT NULL,
    code TEXT,
    reason TEXT,
    settled_at BIGINT
);
CREATE UNIQUE INDEX transfers_line ON transfers (batch_id, line);
CREATE UNIQUE INDEX transfers_one_live_row ON transfers (home_transaction_id) WHERE state <> 'superseded';
CREATE INDEX transfers_by_state ON transfers (batch_id, state, next_at, line);
CREATE INDEX transfers_by_payee ON transfers (id_value, id);
CREATE INDEX transfers_by_name ON transfers (payee_name_folded, id);
CREATE INDEX transfers_by_transfer_id ON transfers (transfer_id);
CREATE INDEX transfers_to_ask_about ON transfers (next_at) WHERE state = 'in_doubt' OR state = 'needs_attention';
CREATE INDEX transfers_by_amount ON transfers (amount, id);
CREATE INDEX transfers_by_reference ON transfers (reference, id) WHERE reference <> '';

-- One claim of a transfer: its calls, replies and times.
CREATE TABLE attempts (
    id TEXT NOT NULL PRIMARY KEY,
    row_id TEXT NOT NULL REFERENCES transfers (id),
    purpose TEXT NOT NULL CHECK (purpose IN ('pay', 'reconcile')),
    n INTEGER NOT NULL,
    transfer_id TEXT NOT NULL,
    worker TEXT NOT NULL,
    claimed_at BIGINT NOT NULL,
    prepare TEXT,
    prepare_expires_at BIGINT,
    recorded_at BIGINT,
    ended_at BIGINT,
    outcome TEXT,
    code TEXT
);
CREATE INDEX attempts_by_row ON attempts (row_id, claimed_at);

-- Every reply of the network as it came, late ones too.
CREATE TABLE replies (
    attempt_id TEXT NOT NULL REFERENCES attempts (id),
    position INTEGER NOT NULL,
    call TEXT NOT NULL CHECK (call IN ('parties', 'quotes', 'simple_transfers', 'get_transfer')),
    transfer_id TEXT,
    sent_at BIGINT NOT NULL,
    took_us BIGINT NOT NULL,
    http_status INTEGER,
    verdict TEXT NOT NULL,
    code TEXT,
    body TEXT NOT NULL,
    PRIMARY KEY (attempt_id, position)
);

CREATE TABLE audit_events (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL CHECK (actor_kind IN ('user', 'operator', 'system')),
    actor_id TEXT,
    actor_name TEXT NOT NULL,
    action TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    branch_id TEXT,
    batch_id TEXT,
    reason TEXT,
    changes TEXT NOT NULL
);
CREATE INDEX audit_events_by_batch ON audit_events (batch_id, id);
CREATE INDEX audit_events_by_branch ON audit_events (branch_id, id);
CREATE INDEX audit_events_of_batches ON audit_events (at, id) WHERE batch_id IS NOT NULL;

-- The keyed chain over the events, appended by one sealer within a second.
CREATE TABLE audit_seals (
    sequence BIGINT NOT NULL PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE REFERENCES audit_events (id),
    digest TEXT NOT NULL
);

-- Events the sealer has yet to append, so that it never searches the log for them.
CREATE TABLE audit_unsealed (
    event_id TEXT NOT NULL PRIMARY KEY REFERENCES audit_events (id)
);
