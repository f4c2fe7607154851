-- What is sent for an import never becomes a file; `file_id` then names the import that has it.
alter table files.uploads add column purpose text not null default 'file';
