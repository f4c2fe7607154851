"""The tables of votes, and the functions that keep every verdict right, one act at a time.

A vote is judged against those before it in the log. An act or a fact that comes later takes the
old vote out and judges anew, in order, just those whose prompt or whose voter's day it touches.
"""

TABLES = """
create table facts (
    position bigint primary key,
    space    text   not null,
    battle   text   not null,
    fact     jsonb  not null
);
create index on facts (space, position);
create table bouts (
    space      text collate "C" not null,
    battle     text collate "C" not null,
    model_a    text collate "C",
    model_b    text collate "C",
    blind      boolean,
    status_a   text,
    status_b   text,
    leaked_a   boolean not null default false,
    leaked_b   boolean not null default false,
    prompt     text collate "C" not null default '',
    category   text not null default '',
    language   text not null default '',
    style_a    jsonb not null default '{}',
    style_b    jsonb not null default '{}',
    primary key (space, battle)
);
create table actions (
    position     bigint primary key,
    space        text collate "C" not null,
    source       text collate "C" not null,
    seq          bigint not null,
    voter        text collate "C" not null,
    battle       text collate "C" not null,
    action       text not null,
    winner       text,
    after_reveal boolean not null,
    at           timestamptz not null
);
create index on actions (space, position);
create index on actions (space, at);
create index on actions (source, seq) where source <> '';
create table votes (
    own      bytea  not null primary key,   -- key of space, voter, battle
    bout     bytea  not null,               -- key of space, battle
    group_of_prompt bytea not null,         -- key of space, prompt
    group_of_day    bytea not null,         -- key of space, voter, day
    group_of_pair   bytea not null,         -- key of space, voter, prompt, low, high
    space    text collate "C" not null,
    voter    text collate "C" not null,
    battle   text collate "C" not null,
    place    bigint not null unique,
    source   text collate "C" not null,
    seq      bigint not null,
    winner   text not null,
    at       timestamptz not null,
    day      date not null,
    low      text collate "C",
    high     text collate "C",
    swapped  boolean not null default false,
    prompt   text collate "C" not null default '',
    category text not null default '',
    language text not null default '',
    fixed    text,   -- why it never counts, whatever others do
    reason   text    -- why it does not count; null when it does
);
create index on votes (space, place);
create index on votes (space, battle);
create index on votes (bout);
create index on votes (group_of_prompt, place) where fixed is null;
create index on votes (group_of_day, place) where fixed is null;
create index on votes (group_of_prompt, place) where reason is null;
create index on votes (group_of_day, place) where reason is null;
create index on votes (group_of_pair, place) where reason is null;
create table tallies (
    space   text collate "C" not null,
    scope   text collate "C" not null,
    model_a text collate "C" not null,
    model_b text collate "C" not null,
    outcome text collate "C" not null,
    n       bigint not null,
    primary key (space, scope, model_a, model_b, outcome)
);
create table verdicts (
    space  text collate "C" not null,
    scope  text collate "C" not null,
    reason text collate "C" not null,   -- what counts is in the tallies
    n      bigint not null,
    primary key (space, scope, reason)
);
create table turnout (
    space text collate "C" not null,
    scope text collate "C" not null,
    voter text collate "C" not null,
    n     bigint not null,
    primary key (space, scope, voter)
);
create table moved (   -- the last position that mattered to a space
    space    text collate "C" primary key,
    position bigint not null
);
create table policies (
    position            bigint primary key,
    version             int not null,
    prompt_votes_max    int not null,
    voter_day_votes_max int not null
);
insert into policies values (0, 1, 20, 50);
"""

# Plans are made while tables are empty, when every index that fits at all seems as good as another.
# So each search has a key of its own and fits one index alone; a place is compared together with
# the key, since else any index with a place in it would fit.
JUDGING = """
create function key_of(variadic parts text[]) returns bytea language plpgsql immutable as $$
begin
    return substr(sha256(convert_to(parts::text, 'UTF8')), 1, 16);
end $$;

create function fixed_reason(b bouts) returns text language sql immutable as $$
    select case
        when b.model_a is null or b.model_b is null then 'unknown_battle'
        when b.model_a = b.model_b then 'self_pair'
        when not b.blind then 'not_blind'
        when b.status_a is distinct from 'complete' or b.status_b is distinct from 'complete'
            then 'incomplete'
        when b.leaked_a or b.leaked_b then 'identity_leak' end
$$;

create function judged(v votes) returns text language plpgsql stable as $$
declare p policies;
begin
    if v.fixed is not null then return v.fixed; end if;
    perform from votes o where o.group_of_pair = v.group_of_pair and o.reason is null
        and (o.group_of_pair, o.place) < (v.group_of_pair, v.place) limit 1;
    if found then return 'duplicate_prompt'; end if;
    select * into p from policies order by position desc limit 1;
    if p.prompt_votes_max > 0 and (select count(*) from (
            select from votes o where o.group_of_prompt = v.group_of_prompt and o.reason is null
            and (o.group_of_prompt, o.place) < (v.group_of_prompt, v.place)
            limit p.prompt_votes_max) o) >= p.prompt_votes_max then
        return 'prompt_cap';
    end if;
    if p.voter_day_votes_max > 0 and (select count(*) from (
            select from votes o where o.group_of_day = v.group_of_day and o.reason is null
            and (o.group_of_day, o.place) < (v.group_of_day, v.place)
            limit p.voter_day_votes_max) o) >= p.voter_day_votes_max then
        return 'voter_daily_cap';
    end if;
    return null;
end $$;

create function count_in(v votes, by int) returns void language plpgsql as $$
declare s text;
begin
    foreach s in array array['all', 'category:' || v.category, 'language:' || v.language] loop
        if v.reason is not null then
            insert into verdicts as t values (v.space, s, v.reason, by)
                on conflict (space, scope, reason) do update set n = t.n + by;
        end if;
        insert into turnout as t values (v.space, s, v.voter, by)
            on conflict (space, scope, voter) do update set n = t.n + by;
        if by < 0 then
            delete from turnout t where t.space = v.space and t.scope = s and t.voter = v.voter
                and t.n = 0;
        end if;
        continue when v.reason is not null;
        insert into tallies as t values (v.space, s, v.low, v.high,
            case when v.winner = 'model_a' then case when v.swapped then 'b' else 'a' end
                 when v.winner = 'model_b' then case when v.swapped then 'a' else 'b' end
                 else v.winner end, by)
            on conflict (space, scope, model_a, model_b, outcome) do update set n = t.n + by;
    end loop;
end $$;

-- Judges anew what comes after a place and shares a prompt or a voter's day, as far as it goes.
create function ripple(v votes) returns void language plpgsql as $$
declare
    pending bigint[] := later_of(v);
    o votes;
    verdict text;
begin
    while cardinality(pending) > 0 loop
        select * into o from votes where place = pending[1];
        pending := pending[2:];
        verdict := judged(o);
        continue when verdict is not distinct from o.reason;
        perform count_in(o, -1);
        update votes set reason = verdict where place = o.place;
        if (verdict is null) <> (o.reason is null) then
            pending := array(select unnest(pending) union select unnest(later_of(o)) order by 1);
        end if;
        o.reason := verdict;
        perform count_in(o, 1);
    end loop;
end $$;

create function later_of(v votes) returns bigint[] language sql stable as $$
    select array(
        select place from votes o where o.group_of_prompt = v.group_of_prompt
            and o.fixed is null and (o.group_of_prompt, o.place) > (v.group_of_prompt, v.place)
        union
        select place from votes o where o.group_of_day = v.group_of_day
            and o.fixed is null and (o.group_of_day, o.place) > (v.group_of_day, v.place)
        order by 1)
$$;

create function take_out(v votes) returns void language plpgsql as $$
begin
    delete from votes where place = v.place;
    perform count_in(v, -1);
    if v.reason is null then perform ripple(v); end if;
end $$;

create function put_in(v votes) returns void language plpgsql as $$
declare b bouts;
begin
    select * into b from bouts o where o.space = v.space and o.battle = v.battle;
    v.swapped := coalesce(b.model_a > b.model_b, false);
    v.low := least(b.model_a, b.model_b);
    v.high := greatest(b.model_a, b.model_b);
    v.prompt := coalesce(b.prompt, '');
    v.category := coalesce(b.category, '');
    v.language := coalesce(b.language, '');
    v.bout := key_of(v.space, v.battle);
    v.group_of_prompt := key_of(v.space, v.prompt);
    v.group_of_day := key_of(v.space, v.voter, v.day::text);
    v.group_of_pair := key_of(v.space, v.voter, v.prompt, v.low, v.high);
    v.fixed := fixed_reason(b);
    v.reason := judged(v);
    insert into votes select v.*;
    perform count_in(v, 1);
    if v.reason is null then perform ripple(v); end if;
end $$;
"""

TELLING = """
create function note(of_space text, at_position bigint) returns void language sql as $$
    insert into moved as m values (of_space, at_position)
        on conflict (space) do update set position = greatest(m.position, at_position)
$$;

create function tell_fact(at_position bigint, of_space text, of_battle text, news jsonb)
returns void language plpgsql as $$
declare
    b bouts;
    v votes;
    old votes[];
begin
    insert into facts values (at_position, of_space, of_battle, news);
    insert into bouts (space, battle) values (of_space, of_battle) on conflict do nothing;
    select * into b from bouts o where o.space = of_space and o.battle = of_battle;
    delete from bouts o where o.space = of_space and o.battle = of_battle;
    b := jsonb_populate_record(b, news);
    insert into bouts select b.*;
    old := array(select o from votes o where o.bout = key_of(of_space, of_battle)
                 order by o.place);
    foreach v in array old loop
        -- an earlier one may have changed what counts
        select * into v from votes o where o.place = v.place;
        perform take_out(v);
        perform put_in(v);
    end loop;
    if cardinality(old) > 0 then perform note(of_space, at_position); end if;
end $$;

create function tell_action(a actions) returns void language plpgsql as $$
declare
    v votes;
    own_key bytea := key_of(a.space, a.voter, a.battle);
begin
    insert into actions select a.*;
    if a.action = 'change' and a.after_reveal then return; end if;
    select * into v from votes o where o.own = own_key;
    if found then perform take_out(v); end if;
    if a.action <> 'retract' and a.winner is not null then
        v := null;
        v.own := own_key;
        v.space := a.space;
        v.voter := a.voter;
        v.battle := a.battle;
        v.place := a.position;
        v.source := a.source;
        v.seq := a.seq;
        v.winner := a.winner;
        v.at := a.at;
        v.day := (a.at at time zone 'UTC')::date;
        perform put_in(v);
    end if;
    perform note(a.space, a.position);
end $$;

-- Another policy holds for all votes there are.
create function tell_policy(at_position bigint, new_version int, prompts int, days int)
returns void language plpgsql as $$
declare
    v votes;
    verdict text;
begin
    insert into policies values (at_position, new_version, prompts, days);
    for v in select * from votes where fixed is null order by place loop
        verdict := judged(v);
        continue when verdict is not distinct from v.reason;
        perform count_in(v, -1);
        update votes set reason = verdict where place = v.place;
        v.reason := verdict;
        perform count_in(v, 1);
    end loop;
    update moved set position = at_position;
end $$;
"""

ALL = TABLES + JUDGING + TELLING
