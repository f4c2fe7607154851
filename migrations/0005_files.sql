-- The bytes of files, apart from what happened to them. They lie in a folder or a bucket.
create schema files;

-- Uploads that have not ended. `file_id` is what an ended one became; it stays for a while, so
-- that the end can be asked for twice.
create table files.uploads (
    id           uuid primary key,
    owner_id     uuid        not null,
    name         text        not null,
    size         bigint      not null check (size >= 0),
    media_type   text        not null,
    sha256       bytea,                   -- as promised by the caller
    received     bigint      not null default 0 check (received between 0 and size),
    file_id      uuid,
    duplicate_of uuid,
    made_at      timestamptz not null default now(),
    touched_at   timestamptz not null default now()
);
create index on files.uploads (owner_id);
create index on files.uploads (touched_at);

-- What has come, piece by piece; `key` names the piece in the store.
create table files.parts (
    upload_id uuid   not null references files.uploads on delete cascade,
    start     bigint not null,
    size      bigint not null,
    key       uuid   not null,
    primary key (upload_id, start)
);

-- Which files have which bytes. Bytes go with their last holding.
create table files.holdings (
    sha256  bytea       not null,
    file_id uuid        not null,
    made_at timestamptz not null default now(),
    primary key (sha256, file_id)
);
create index on files.holdings (file_id);
