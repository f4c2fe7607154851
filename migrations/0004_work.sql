-- Work that follows from what happened. It is asked for in the transaction of a follower's
-- checkpoint, so nothing is lost between the log and the workers; the queue in Redis only wakes.
create schema work;

-- Answers that have not ended. A row goes when its answer has an end in the log.
create table work.answers (
    answer_id    uuid primary key,
    chat_id      uuid not null,
    owner_id     uuid not null,
    state        text not null default 'queued' check (state in ('queued', 'running')),
    worker       uuid,                    -- who writes it
    heartbeat_at timestamptz,             -- when that one was last known to live
    attempts     integer not null default 0,
    stopping     boolean not null default false,
    position     bigint not null          -- of the event that asked for it
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
create index on work.answers (owner_id, position);

-- Everything else that is to be done once, soon.
create table work.jobs (
    job       text not null,
    key       uuid not null,
    arguments jsonb not null,
    attempts  integer not null default 0,
    due_at    timestamptz not null default now(),
    primary key (job, key)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
create index on work.jobs (due_at);
