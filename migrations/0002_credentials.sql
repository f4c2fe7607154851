-- Proofs of who somebody is, and keys of others. None of it ever enters the log.
create schema credentials;

-- argon2id hashes. A row without a user in the log is harmless: nobody can find it.
create table credentials.passwords (
    user_id    uuid primary key,
    hash       text not null,
    changed_at timestamptz not null default now()
);

-- sha256 of random tokens of 256 bits. A session counts only while its stream in the log is open.
create table credentials.sessions (
    digest       bytea primary key,
    session_id   uuid not null unique,
    user_id      uuid not null,
    created_at   timestamptz not null default now(),
    expires_at   timestamptz not null,
    last_seen_at timestamptz not null default now()
);
create index on credentials.sessions (user_id);

create table credentials.api_keys (
    digest       bytea primary key,
    key_id       uuid not null unique,
    user_id      uuid not null,
    created_at   timestamptz not null default now(),
    last_used_at timestamptz
);
create index on credentials.api_keys (user_id);

-- Keys and headers of model servers, sealed with the master key.
create table credentials.connections (
    connection_id uuid primary key,
    sealed        bytea not null
);

-- Failed proofs, per account and per address; worth little, so not worth a journal.
create unlogged table credentials.attempts (
    what     bytea primary key,
    failures integer not null,
    since    timestamptz not null default now()
);

-- What was asked under an Idempotency-Key, so that the key is not used for something else.
create table credentials.requests (
    command_id uuid primary key,
    digest     bytea not null,
    at         timestamptz not null default now()
);
create index on credentials.requests using brin (at);
