import { BASE, get, patch, post, put, remove } from './client.ts';
import type { FileState, FileText, Passage, StoredFile } from './document-types.ts';
import type { Page } from './types.ts';

export type FileSort = 'newest' | 'oldest' | 'name' | 'size';

export interface FileQuery {
	query?: string;
	state?: FileState | '';
	knowledge_id?: string;
	trash?: boolean;
	sort?: FileSort;
	cursor?: string;
	limit?: number;
}

export const files = (query: FileQuery = {}) =>
	get<Page<StoredFile>>('/files', { query: { limit: 40, ...query } });
export const counts = () => get<Record<string, number>>('/files/counts');
export const file = (id: string) => get<StoredFile>(`/files/${id}`);
export const rename = (id: string, name: string) => patch<StoredFile>(`/files/${id}`, { name });
export const trash = (id: string) => remove(`/files/${id}`);
export const erase = (id: string) => remove(`/files/${id}?forever=true`);
export const restore = (id: string) => post<StoredFile>(`/files/${id}/restore`);
export const retry = (id: string) => post<StoredFile>(`/files/${id}/retry`);
export const addText = (fields: { id: string; name: string; text: string }) =>
	post<StoredFile>('/files/text', fields, `file-${fields.id}`);
export const addWeb = (fields: { id: string; url: string }) =>
	post<StoredFile>('/files/web', fields, `file-${fields.id}`);

export const text = (id: string) => get<FileText>(`/files/${id}/text`);
export const saveText = (id: string, words: string) =>
	put<FileText>(`/files/${id}/text`, { text: words });
export const passages = (id: string, cursor?: string) =>
	get<Page<Passage>>(`/files/${id}/passages`, { query: { cursor } });

/** Where the bytes are: to save, or to look at. */
export const contentOf = (id: string, inline = false) =>
	`${BASE}/files/${id}/content` + (inline ? '?inline=true' : '');
