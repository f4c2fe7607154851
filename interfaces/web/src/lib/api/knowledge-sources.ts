import { get, post, put, remove } from './client.ts';
import type { Page } from './types.ts';

export type SourceKind = 'http' | 'qdrant' | 'milvus' | 'pgvector';
export const FIELD_NAMES = ['text', 'title', 'link', 'page', 'id', 'vector'] as const;
export type FieldName = (typeof FIELD_NAMES)[number];

/** Where passages are, and what their fields are called there. */
export interface Source {
	kind: SourceKind;
	url: string;
	database: string;
	collection: string;
	metric: 'cosine' | 'product' | 'euclidean';
	fields: Record<FieldName, string>;
	embedding: { kind: 'local' | 'openai' | 'ollama'; connection_id: string | null; model: string };
	seconds: number;
}

export interface KnowledgeSource {
	id: string;
	name: string;
	description: string;
	source: Source;
	has_key: boolean;
	/** Its owner put the knowledge base into the trash. */
	trashed: boolean;
	connected_at: string;
}

export interface SourceTrial {
	ok: boolean;
	detail: string;
	passages: {
		text: string;
		title: string;
		url: string;
		page: number | null;
		id: string;
		score: number;
	}[];
	milliseconds: number;
}

const PATH = '/knowledge-sources';

export const sources = (cursor?: string) => get<Page<KnowledgeSource>>(PATH, { query: { cursor } });
export const source = (id: string) => get<KnowledgeSource>(`${PATH}/${id}`);
export const connect = (fields: { id: string; name: string; source: Source; key?: string }) =>
	post<KnowledgeSource>(PATH, fields, fields.id);
export const change = (id: string, source: Source, key?: string) =>
	put<KnowledgeSource>(`${PATH}/${id}`, { source, key });
export const disconnect = (id: string) => remove(`${PATH}/${id}`);
export const test = (id: string) => post<SourceTrial>(`${PATH}/${id}/test`);
export const tryOut = (fields: { source: Source; key?: string; id?: string; query?: string }) =>
	post<SourceTrial>(`${PATH}/test`, fields);
