-- People who are invited, changed and deactivated; their second factors and sessions; what waits for a second account manager;
-- mail; settings that an institution changes itself.

ALTER TABLE institution ADD COLUMN suspended_at BIGINT;
ALTER TABLE institution ADD COLUMN suspended_because TEXT;

-- What an institution changes on its pages; a name without a row has its default.
CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);

ALTER TABLE branches ADD COLUMN deactivated_at BIGINT;
CREATE INDEX batches_by_branch ON batches (branch_id, state);

-- An empty password_hash: they have not set one yet, and nothing opens the account.
ALTER TABLE users ADD COLUMN first_name TEXT;
ALTER TABLE users ADD COLUMN middle_name TEXT;
ALTER TABLE users ADD COLUMN last_name TEXT;
ALTER TABLE users ADD COLUMN name_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN must_set_password BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE users ADD COLUMN last_sign_in_at BIGINT;
UPDATE users SET name_folded = lower(full_name);
CREATE INDEX users_by_name ON users (name_folded, id);
CREATE INDEX users_by_branch ON users (branch_id, name_folded);
CREATE INDEX users_by_phone ON users (phone) WHERE phone IS NOT NULL;

-- When a person was active, and whether as an account manager: what «who could do that, then» is answered from.
CREATE TABLE user_periods (
    user_id TEXT NOT NULL REFERENCES users (id),
    from_at BIGINT NOT NULL,
    until_at BIGINT,
    is_active BOOLEAN NOT NULL,
    is_account_manager BOOLEAN NOT NULL,
    PRIMARY KEY (user_id, from_at)
);
CREATE UNIQUE INDEX user_periods_now ON user_periods (user_id) WHERE until_at IS NULL;
INSERT INTO user_periods (user_id, from_at, until_at, is_active, is_account_manager)
    SELECT id, created_at, NULL, is_active, is_account_manager FROM users;

CREATE INDEX users_by_email ON users (lower(email)) WHERE email IS NOT NULL;

-- Invitations and resets: mailed links and printed codes, each good once. Only a digest is kept. Nobody's: asked for under a name
-- that nobody has, so that the answer costs the same.
CREATE TABLE password_links (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT REFERENCES users (id),
    kind TEXT NOT NULL CHECK (kind IN ('invitation', 'reset')),
    way TEXT NOT NULL CHECK (way IN ('mail', 'slip')),
    digest TEXT NOT NULL UNIQUE,
    made_by TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    used_at BIGINT,
    ended_at BIGINT
);
CREATE INDEX password_links_by_user ON password_links (user_id, made_at);
CREATE INDEX password_links_by_end ON password_links (until_at);

-- Nobody stays signed in over this step.
DROP TABLE sessions;
CREATE TABLE sessions (
    key_digest TEXT NOT NULL PRIMARY KEY,
    -- What lists and forms call it: the key's digest never leaves the database.
    id TEXT NOT NULL UNIQUE,
    stage TEXT NOT NULL CHECK (stage IN ('none', 'code', 'password', 'enrol', 'full')),
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

-- The secret of a person's authenticator app, encrypted; version counts their secrets, and is part of what the cipher binds.
-- Dead: it was reset, and the next one needs the code of enrolment_codes. Off: its owner turned it off. Neither has a secret left.
CREATE TABLE second_factors (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
    version INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'dead', 'off')),
    key_id TEXT NOT NULL,
    secret BYTEA NOT NULL,
    first_at BIGINT NOT NULL,
    confirmed_at BIGINT NOT NULL,
    -- The newest 30-second step whose code was taken: no code is taken twice.
    last_step BIGINT NOT NULL,
    wrong_codes INTEGER NOT NULL,
    locked_until BIGINT
);
CREATE INDEX second_factors_by_time ON second_factors (confirmed_at);

-- After a reset: what an account manager tells the person, and without which nobody sets up their next second factor.
CREATE TABLE enrolment_codes (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
    hash TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL
);

CREATE TABLE recovery_codes (
    user_id TEXT NOT NULL REFERENCES users (id),
    digest TEXT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (user_id, digest)
);

-- A person who lost their phone asks for a new QR code.
CREATE TABLE second_factor_requests (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    reason TEXT NOT NULL,
    browser TEXT NOT NULL,
    address TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'allowed', 'refused', 'withdrawn')),
    -- Who allowed it and waits for the other account manager.
    proposed_by TEXT,
    decided_by TEXT,
    decided_at BIGINT,
    decided_because TEXT
);
CREATE INDEX second_factor_requests_by_user ON second_factor_requests (user_id, asked_at);
CREATE INDEX second_factor_requests_by_state ON second_factor_requests (state, asked_at);
CREATE UNIQUE INDEX second_factor_requests_open ON second_factor_requests (user_id) WHERE state = 'waiting';

-- Given by (the column that was there) and confirmed by, for the actions that need two account managers.
ALTER TABLE grants ADD COLUMN confirmed_by TEXT;
ALTER TABLE grants ADD COLUMN confirmed_at BIGINT;
CREATE INDEX grants_by_branch ON grants (branch_id, action);
CREATE INDEX grants_by_giver ON grants (given_by);

-- What one account manager asked for and another has to confirm before it is so.
CREATE TABLE confirmations (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('grants', 'email', 'second_factor', 'reactivation', 'password_code', 'setting', 'account_manager')),
    user_id TEXT REFERENCES users (id),
    change TEXT NOT NULL,
    asked_by TEXT NOT NULL REFERENCES users (id),
    asked_at BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'confirmed', 'refused', 'withdrawn', 'spent')),
    decided_by TEXT,
    decided_at BIGINT,
    decided_because TEXT
);
CREATE INDEX confirmations_by_state ON confirmations (state, asked_at);
CREATE INDEX confirmations_by_user ON confirmations (user_id, state);

-- Sets of actions that an institution saved under a name, beside the standard roles.
CREATE TABLE roles (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    actions TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at BIGINT NOT NULL
);

-- Mail on its way, written in the verb's transaction; what it said is forgotten once it is delivered.
CREATE TABLE outbox (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    user_id TEXT REFERENCES users (id),
    address TEXT NOT NULL,
    letter TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'undelivered', 'dropped')),
    tries INTEGER NOT NULL,
    next_at BIGINT,
    until_at BIGINT,
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    trouble TEXT
);
CREATE INDEX outbox_due ON outbox (next_at) WHERE state = 'waiting';
CREATE INDEX outbox_by_state ON outbox (state, created_at);

-- What a person is to be told, gathered into one mail at a time.
CREATE TABLE notices (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL,
    batch_id TEXT REFERENCES batches (id),
    details TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX notices_by_user ON notices (user_id, at);

-- When a person was last sent gathered notices.
CREATE TABLE gatherings (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
    last_at BIGINT NOT NULL
);

-- A kind of notice that a person turned off, or on again; without a row it is on.
CREATE TABLE mail_choices (
    user_id TEXT NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL,
    wanted BOOLEAN NOT NULL,
    PRIMARY KEY (user_id, kind)
);

CREATE INDEX audit_events_by_time ON audit_events (at, id);
CREATE INDEX audit_events_by_actor ON audit_events (actor_id, id);
CREATE INDEX audit_events_by_subject ON audit_events (subject_id, id);

-- What happened to a batch lately: the first page asks.
CREATE INDEX batches_by_state_at ON batches (state_at);
