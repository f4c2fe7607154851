-- How far those who follow the log have come. Read models themselves need no migration: they
-- live in schemas of their own and are told again from the log.

-- A lane moves all its read models and policies together. Its owner holds an advisory lock;
-- the epoch counts owners, so that one who was thought dead moves nothing any more.
create table log.lanes (
    name     text primary key,
    position bigint not null default 0,
    epoch    bigint not null default 0
) with (fillfactor = 10);

create table log.read_models (
    schema      text primary key,  -- where the tables are; a policy has none and goes by its name
    name        text not null,
    version     integer not null,
    lane        text not null references log.lanes,
    state       text not null check (state in ('filling', 'live', 'old')),
    position    bigint not null default 0,  -- while filling; afterwards that of the lane counts
    made_at     timestamptz not null default now(),
    switched_at timestamptz
);
create unique index on log.read_models (name) where state = 'live';

-- Events that could not be handled, and the later ones of the same root that wait behind them.
create table log.parked (
    schema   text not null references log.read_models on delete cascade,
    root_id  uuid not null,
    position bigint not null,
    error    text,  -- of those that wait there is none
    at       timestamptz not null default now(),
    primary key (schema, position)
);
create index on log.parked (schema, root_id);

-- Moves a lane, for its present owner only, and tells who waits for it.
create function log.advance_lane(lane text, owner_epoch bigint, reached bigint) returns void
language plpgsql as $$
begin
    update log.lanes set position = reached where name = lane and epoch = owner_epoch;
    if not found then
        raise exception 'lane % has another owner', lane using errcode = 'QR001';
    end if;
    perform pg_notify('quire_' || lane, reached::text);
end $$;

-- Moves a filling read model, unless somebody else did.
create function log.advance_filling(filling text, seen bigint, reached bigint) returns void
language plpgsql as $$
begin
    update log.read_models set position = reached
    where schema = filling and state = 'filling' and position = seen;
    if not found then
        raise exception 'read model % is filled by another', filling using errcode = 'QR001';
    end if;
end $$;
