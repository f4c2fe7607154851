"""The tables of usage, and how they change. A few rows for each event, however many there are.

A message is one row of `usage_messages` without its words, so that it can be taken out of one
count and put into another: when it ends once more, or when the model that was hidden is named.
"""

TABLES = """
    create table usage_messages (
        id            uuid        primary key,
        chat_id       uuid        not null,
        person        uuid        not null,
        question      boolean     not null,
        model         text        not null,
        at            timestamptz not null,
        bucket        timestamptz not null,
        status        text,
        input_tokens  bigint      not null,
        output_tokens bigint      not null,
        timed         integer     not null,
        milliseconds  bigint      not null
    ) with (fillfactor = 80);
    create index on usage_messages (at, id);
    create index on usage_messages (model, at, id);
    create index on usage_messages (person, at, id);
    create table usage_counts (
        bucket        timestamptz not null,
        model         text        not null,
        person        uuid        not null,
        questions     bigint      not null,
        answers       bigint      not null,
        completed     bigint      not null,
        stopped       bigint      not null,
        failed        bigint      not null,
        interrupted   bigint      not null,
        input_tokens  bigint      not null,
        output_tokens bigint      not null,
        timed         bigint      not null,
        milliseconds  bigint      not null,
        primary key (bucket, model, person)
    ) with (fillfactor = 70);

    create function usage_add(m usage_messages, times integer) returns void
    language sql as $$
        insert into usage_counts as c
        values (m.bucket, m.model, m.person,
            times * m.question::int, times * (not m.question)::int,
            times * coalesce(m.status = 'completed', false)::int,
            times * coalesce(m.status = 'stopped', false)::int,
            times * coalesce(m.status = 'failed', false)::int,
            times * coalesce(m.status = 'interrupted', false)::int,
            times * m.input_tokens, times * m.output_tokens,
            times * m.timed, times * m.milliseconds)
        on conflict (bucket, model, person) do update set
            questions = c.questions + excluded.questions,
            answers = c.answers + excluded.answers,
            completed = c.completed + excluded.completed,
            stopped = c.stopped + excluded.stopped,
            failed = c.failed + excluded.failed,
            interrupted = c.interrupted + excluded.interrupted,
            input_tokens = c.input_tokens + excluded.input_tokens,
            output_tokens = c.output_tokens + excluded.output_tokens,
            timed = c.timed + excluded.timed,
            milliseconds = c.milliseconds + excluded.milliseconds
    $$;

    -- A message that is new; a question that is asked once more is not.
    create function usage_asked(m usage_messages) returns void language plpgsql as $$
    begin
        insert into usage_messages select m.* on conflict (id) do nothing;
        if found then
            perform usage_add(m, 1);
        end if;
    end $$;

    -- How an answer ended, and what that try took.
    create function usage_ended(answer uuid, ending text, read bigint, written bigint, took bigint)
    returns void language plpgsql as $$
    declare
        m usage_messages;
    begin
        select * into m from usage_messages where id = answer;
        if not found then
            return;
        end if;
        perform usage_add(m, -1);
        update usage_messages set
            status = ending,
            input_tokens = input_tokens + read,
            output_tokens = output_tokens + written,
            timed = timed + (took is not null)::int,
            milliseconds = milliseconds + coalesce(took, 0)
        where id = answer returning * into m;
        perform usage_add(m, 1);
    end $$;

    -- The model that was hidden until now.
    create function usage_named(answer uuid, named text) returns void language plpgsql as $$
    declare
        m usage_messages;
    begin
        select * into m from usage_messages where id = answer;
        if not found then
            return;
        end if;
        perform usage_add(m, -1);
        update usage_messages set model = named where id = answer returning * into m;
        perform usage_add(m, 1);
    end $$;
"""
ASKED = """
    select usage_asked(row(%(id)s, %(chat)s, %(person)s, %(question)s, %(model)s, %(at)s,
        date_bin('10 minutes', %(at)s, '2000-01-01Z'), null, 0, 0, 0, 0)::usage_messages)
"""
ENDED = "select usage_ended(%(id)s, %(status)s, %(read)s, %(written)s, %(took)s)"
NAMED = "select usage_named(%(id)s, %(model)s)"
