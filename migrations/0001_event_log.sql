-- The event log: one record of everything that happened, in one order.
create schema log;

-- Where the log ends. Its only row is written by append(), under the lock of all appenders.
create table log.head (
    position   bigint not null,  -- of the last event
    made_until bigint not null   -- partitions exist for positions below this
) with (fillfactor = 10);

create table log.streams (
    stream_id   uuid primary key,
    category    text not null,
    root_id     uuid not null,
    owner_id    uuid,
    version     integer not null,
    state       text not null check (state in ('open', 'closed', 'erased')),
    created_pos bigint not null,
    updated_pos bigint not null
) with (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05);

create table log.events (
    position    bigint not null,
    stream_id   uuid not null,
    version     integer not null,
    type        text not null,
    data        json not null,   -- plain, without type tags; "_" holds encrypted fields
    event_id    uuid not null default gen_random_uuid(),
    metadata    jsonb not null,
    root_id     uuid not null,
    owner_id    uuid,
    recorded_at timestamptz not null,
    primary key (position)
) partition by range (position);
create index on log.events (stream_id, version);
create index on log.events (root_id, position);
create index on log.events (owner_id, position);
create index on log.events using brin (recorded_at);

-- What was carried out already, so that a repetition changes nothing. Pruned after a week.
create table log.commands (
    command_id     uuid primary key,
    first_position bigint not null,
    position       bigint not null,
    at             timestamptz not null
);
create index on log.commands using brin (at);

-- The keys of people, sealed with the master key. Without its key, what is personal is gone;
-- the empty row says so for ever.
create table log.subject_keys (
    subject_id uuid primary key,
    key        bytea,
    made_at    timestamptz not null default now(),
    erased_at  timestamptz
);

-- Makes a partition for the next ten million events. It is attached when it is ready, so nobody
-- who reads has to wait.
create function log.make_partition() returns void language plpgsql as $$
declare
    start bigint;
    name  text;
begin
    select made_until into start from log.head;
    name := 'events_' || to_char(start / 10000000, 'FM000000');
    execute format('create table log.%I (like log.events including defaults including constraints)', name);
    execute format('alter table log.events attach partition log.%I for values from (%s) to (%s)',
                   name, start, start + 10000000);
    update log.head set made_until = start + 10000000;
end $$;

insert into log.head values (0, 0);
select log.make_partition();

-- Appends groups of events, each group whole or not at all, and tells what became of each.
-- A batch never holds two groups that touch one stream or carry one command.
-- All who append queue for one lock until they have committed, so positions are dense and
-- become visible in their order: a reader who saw n has seen all before n.
create function log.append(
    group_command uuid[],
    stream_group int[], stream_key uuid[], stream_category text[], stream_root uuid[],
    stream_owner uuid[], stream_before int[], stream_after int[], stream_state text[],
    guard_group int[], guard_key uuid[], guard_root uuid[],
    event_stream int[], event_version int[], event_type text[], event_data json[],
    event_metadata jsonb[]
) returns table (number int, outcome text, at_position bigint) language plpgsql as $$
declare
    known int[];
    stale int[];
    fine  boolean;
    count int;
    base  bigint;
    made  bigint;
    now_  timestamptz;
begin
    perform pg_advisory_xact_lock(7105210311);
    now_ := clock_timestamp();

    known := array(
        select g.n::int from unnest(group_command) with ordinality as g (id, n)
        where exists (select from log.commands c where c.command_id = g.id));
    stale := array(
        select s.n from unnest(stream_group, stream_key, stream_before) as s (n, id, before)
        left join log.streams x on x.stream_id = s.id
        where (coalesce(x.version, 0) <> s.before or x.state = 'erased') and s.n <> all (known)
        union
        select g.n from unnest(guard_group, guard_key, guard_root) as g (n, id, root)
        left join log.streams x on x.stream_id = g.id
        where (x.state is distinct from 'open' or x.root_id <> g.root) and g.n <> all (known));

    fine := known = '{}' and stale = '{}';
    count := cardinality(event_stream);
    if not fine then
        select count(*) into count from unnest(event_stream) as e (s)
        where stream_group[e.s] <> all (known) and stream_group[e.s] <> all (stale);
    end if;
    if count > 0 then
        update log.head h set position = h.position + count
        returning h.position - count, h.made_until into base, made;

        insert into log.events
            (position, stream_id, version, type, data, metadata, root_id, owner_id, recorded_at)
        select base + row_number() over (order by e.k), stream_key[e.s], e.version, e.type,
               e.data, e.metadata, stream_root[e.s], stream_owner[e.s], now_
        from unnest(event_stream, event_version, event_type, event_data, event_metadata)
            with ordinality as e (s, version, type, data, metadata, k)
        where fine or (stream_group[e.s] <> all (known) and stream_group[e.s] <> all (stale));

        return query
            with placed as materialized (
                select e.s, stream_group[e.s] as g, base + row_number() over (order by e.k) as p
                from unnest(event_stream) with ordinality as e (s, k)
                where fine
                    or (stream_group[e.s] <> all (known) and stream_group[e.s] <> all (stale))
            ), written as (
                insert into log.streams
                select stream_key[p.s], stream_category[p.s], stream_root[p.s],
                       stream_owner[p.s], stream_after[p.s], stream_state[p.s],
                       min(p.p), max(p.p)
                from placed p group by p.s
                on conflict (stream_id) do update set version = excluded.version,
                    state = excluded.state, updated_pos = excluded.updated_pos
            ), done as materialized (
                select p.g, min(p.p) as first, max(p.p) as last from placed p group by p.g
            ), noted as (
                insert into log.commands select group_command[d.g], d.first, d.last, now_ from done d
            )
            select d.g, 'ok', d.last from done d;

        perform pg_notify('quire_log', (base + count)::text);
        if base + count > made - 1000000 then
            perform log.make_partition();
        end if;
    end if;

    if not fine then
        return query select n, 'stale', null::bigint from unnest(stale) as n;
        return query
            select n, 'duplicate', c.position from unnest(known) as n
            join log.commands c on c.command_id = group_command[n];
    end if;
end $$;
