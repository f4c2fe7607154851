-- What is known of the inside of files. All of it can be made again from their bytes, except
-- texts that somebody edited; the vectors themselves lie in the store that was chosen.
create schema documents;

-- Texts as they were read or edited, under their hash: the log says which one a file has.
create table documents.texts (
    file_id uuid        not null,
    sha256  bytea       not null,
    body    text        not null,
    pages   integer     not null,
    kept_at timestamptz not null default now(),
    primary key (file_id, sha256)
);

-- What the search for words knows of a passage: words as they are and their English stems,
-- those of headings above those of the text.
create function documents.words_of(headings text, body text) returns tsvector
immutable parallel safe language sql as $$
    select setweight(to_tsvector('pg_catalog.english', headings), 'A')
        || setweight(to_tsvector('pg_catalog.simple', headings), 'A')
        || to_tsvector('pg_catalog.english', body)
        || to_tsvector('pg_catalog.simple', body)
$$;

create table documents.passages (
    id       uuid    primary key,       -- uuid5(file_id, 'cutting/ordinal')
    file_id  uuid    not null,
    cutting  text    not null,
    ordinal  integer not null,
    text     text    not null,
    headings text    not null default '',
    page     integer,
    start_at integer not null,
    end_at   integer not null,
    tokens   integer not null,
    hash     bytea   not null,          -- sha256 of what is embedded
    words    tsvector not null,
    unique (file_id, cutting, ordinal)
);
create index on documents.passages using gin (words);

-- Vectors that were paid for, under the hash of what was embedded; float16, little endian.
create table documents.embeddings (
    space  text  not null,
    hash   bytea not null,
    vector bytea not null,
    primary key (space, hash)
);
alter table documents.embeddings alter column vector set storage external;

-- Generations of the vector index. Questions are put to the one that is live; a new one fills
-- beside it and takes over when it has all that the live one has.
create table documents.indexes (
    id          uuid        primary key,
    store       text        not null,
    name        text        not null unique,
    space       text        not null,
    dimension   integer     not null,
    cutting     text        not null,
    settings    jsonb       not null,   -- what it was made with, keys excepted
    state       text        not null check (state in ('filling', 'live', 'old', 'failed')),
    error       text,
    made_at     timestamptz not null default now(),
    switched_at timestamptz
);
create unique index on documents.indexes (state) where state in ('live', 'filling');

-- Puts questions to another generation, all at once; returns the one they were put to before.
create function documents.switch_to(next uuid) returns setof uuid language plpgsql as $$
begin
    perform from documents.indexes where id = next and state = 'filling' for update;
    if found then
        return query update documents.indexes set state = 'old', switched_at = now()
            where state = 'live' returning id;
        update documents.indexes set state = 'live', switched_at = now() where id = next;
    end if;
end $$;

-- Which text of which file is in which generation. While it is put in, done is false and
-- passages counts all that may be there, so that nothing stale is left behind by a crash.
create table documents.indexed (
    index_id    uuid    not null references documents.indexes on delete cascade,
    file_id     uuid    not null,
    cutting     text    not null,
    text_sha256 bytea   not null,
    passages    integer not null,
    done        boolean not null default false,
    primary key (index_id, file_id)
);
create index on documents.indexed (file_id);

-- The passages that questions are answered from.
create view documents.live_passages as
    select p.*
    from documents.indexes x
    join documents.indexed i on i.index_id = x.id
    join documents.passages p on p.file_id = i.file_id and p.cutting = i.cutting
    where x.state = 'live';

-- How far work on a file is, and what it waits for. Worth little, so not worth a journal.
create unlogged table documents.progress (
    file_id uuid    primary key,
    done    integer not null,
    total   integer not null
);
create unlogged table documents.waiting (
    file_id uuid        primary key,
    reason  text        not null,
    since   timestamptz not null default now()
);

-- Keys of servers other than those of models, sealed with the master key.
create table credentials.secrets (
    name   text  primary key,
    sealed bytea not null
);

-- A job that runs is leased while its worker's heart beats. A later wish raises the position,
-- so that it is not lost while the job runs; postponed counts how often it was put off.
alter table work.jobs
    add column position     bigint not null default 0,
    add column postponed    integer not null default 0,
    add column leased_by    uuid,
    add column leased_until timestamptz;
