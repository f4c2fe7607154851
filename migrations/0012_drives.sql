-- What opens the drives of people, sealed with the master key; gone with the key of the person.
create table credentials.drives (
    user_id    uuid        not null,
    kind       text        not null,
    sealed     bytea       not null,
    expires_at timestamptz not null,       -- of the access token
    primary key (user_id, kind)
);

-- Who was sent away to say yes: the state under its digest, good once and for a few minutes, for
-- the same person in the same session.
create table credentials.drive_questions (
    digest     bytea       primary key,
    user_id    uuid        not null,
    session    text        not null,
    kind       text        not null,
    sealed     bytea       not null,       -- the verifier of RFC 7636
    expires_at timestamptz not null
);
create index on credentials.drive_questions (expires_at);

-- How much of a file of a drive has come; worth little, so not worth a journal.
create unlogged table files.fetches (
    id       uuid   primary key,
    received bigint not null,
    total    bigint,
    waiting  text
);
