import { BASE, get, patch, post, put, remove } from './client.ts';
import type { Access, Cutting, Knowledge, KnowledgeEntry, Person } from './document-types.ts';
import type { Page } from './types.ts';

export interface KnowledgeQuery {
	query?: string;
	filter?: 'mine' | 'shared' | '';
	trash?: boolean;
	cursor?: string;
	limit?: number;
}

export type EntrySort = 'name' | 'date' | 'size';

export interface EntriesQuery {
	directory_id?: string;
	query?: string;
	sort?: EntrySort;
	cursor?: string;
}

const at = (id: string, rest = '') => `/knowledge/${id}${rest}`;

export const list = (query: KnowledgeQuery = {}) =>
	get<Page<Knowledge>>('/knowledge', { query: { ...query } });
export const one = (id: string) => get<Knowledge>(at(id));
export const reindex = (id: string) => post<void>(at(id, '/reindex'));
export const create = (fields: { id: string; name: string; description: string }) =>
	post<Knowledge>('/knowledge', fields, `knowledge-${fields.id}`);
export const describe = (id: string, fields: { name?: string; description?: string }) =>
	patch<Knowledge>(at(id), fields);
export const trash = (id: string) => remove(at(id));
export const erase = (id: string) => remove(at(id, '?forever=true'));
export const restore = (id: string) => post<Knowledge>(at(id, '/restore'));
export const share = (id: string, access: Access[]) =>
	put<Knowledge>(at(id, '/access'), {
		access: access.map(({ user_id, role }) => ({ user_id, role }))
	});
export const cut = (id: string, cutting: Cutting | null) =>
	put<Knowledge>(at(id, '/cutting'), { cutting });

export const entries = (id: string, query: EntriesQuery) =>
	get<Page<KnowledgeEntry>>(at(id, '/entries'), { query: { ...query } });
export const addDirectory = (
	id: string,
	fields: { id: string; name: string; parent_id: string | null }
) => post<unknown>(at(id, '/directories'), fields, `directory-${fields.id}`);
export const changeDirectory = (
	id: string,
	directory: string,
	fields: { name?: string; parent_id?: string | null }
) => patch<unknown>(at(id, `/directories/${directory}`), fields);
export const removeDirectory = (id: string, directory: string) =>
	remove(at(id, `/directories/${directory}`));
export const place = (id: string, file_ids: string[], directory_id: string | null) =>
	post<unknown>(at(id, '/files'), { file_ids, directory_id });
export const takeOut = (id: string, file: string) => remove(at(id, `/files/${file}`));
export const exportOf = (id: string) => BASE + at(id, '/export');

export const people = (query: string) => get<Page<Person>>('/people', { query: { query } });
