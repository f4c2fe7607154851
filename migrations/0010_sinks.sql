-- How far every sink of evaluations was told of what happened. `until` is the end of a batch that
-- is on its way: after a crash the same batch is sent once more, under the same id.
create table work.sinks (
    sink_id       uuid primary key,
    position      bigint not null,        -- all up to here has arrived
    until         bigint,
    mark          bigint not null,        -- up to where wishes to replay or to resume were followed
    failures      integer not null default 0,
    failing_since timestamptz,
    error         text,                   -- the last one, in plain words
    due_at        timestamptz not null default now(),
    delivered     bigint not null default 0,
    delivered_at  timestamptz,
    leased_by     uuid,
    leased_until  timestamptz
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

-- Up to which position the voters of a space were reckoned last.
create table work.reckonings (
    space    text primary key,
    position bigint not null,
    at       timestamptz not null default now()
);
