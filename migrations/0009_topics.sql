-- Questions of battles whose meaning is known, by the mark that votes have for them. The vectors
-- lie with those of passages, under the hash of the text; without one there is nothing to read.
create schema evaluation;
create table evaluation.questions (
    mark text  primary key,
    hash bytea
);

-- How far the log was read for questions, and how often something was added.
create table evaluation.reading (
    is_only  boolean primary key default true check (is_only),
    position bigint not null default 0,
    changes  bigint not null default 0
);
insert into evaluation.reading default values;
