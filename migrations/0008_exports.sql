-- How far what takes long has come, for whoever watches. It is no fact and may be lost.
create unlogged table work.progress (
    key   uuid primary key,
    done  bigint      not null,
    count bigint      not null,
    at    timestamptz not null default now()
);
