/** Judgements from elsewhere: files are sent first, then taken over by a worker. */

import { get, post, remove } from './client.ts';
import type { FinishedFile } from './document-types.ts';
import type { Page } from './types.ts';
import { ChunkedUpload, overHttp, type Transport } from './uploads.ts';

export type Kind = 'arena' | 'arena-table' | 'openwebui-feedback';
export type Part = 'models' | 'battles' | 'votes' | 'table' | 'feedback';

export interface ImportState {
	id: string;
	kind: Kind;
	state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
	failure: string | null;
	space: string;
	files: { part: Part; name: string; size: number }[];
	part: Part | '';
	read: number;
	imported: number;
	skipped: number;
	unusable: number;
	reasons: Record<string, number>;
	lines: { part: Part; line: number; reason: string }[];
	created_at: string;
	ended_at: string | null;
}

export const PARTS: Record<Kind, { part: Part; optional?: boolean }[]> = {
	arena: [{ part: 'battles' }, { part: 'votes' }, { part: 'models', optional: true }],
	'arena-table': [{ part: 'table' }],
	'openwebui-feedback': [{ part: 'feedback' }]
};

/** What is sent becomes no file: its end is only that all of it is there. */
const forImport: Transport = {
	...overHttp,
	begin: (fields) => overHttp.begin({ ...fields, purpose: 'import' }),
	finish: (id) => Promise.resolve({ id } as FinishedFile)
};

export const sending = (file: File, onprogress: (sent: number) => void) =>
	new ChunkedUpload(file, { file_id: '' }, { transport: forImport, onprogress });

export const imports = () => get<Page<ImportState>>('/imports', { query: { limit: 20 } });
export const ask = (wish: { kind: Kind; files: Partial<Record<Part, string>>; space: string }) =>
	post<{ import_id: string }>(
		'/imports',
		wish,
		`import-${Object.values(wish.files).join('-')}`.slice(0, 200)
	);
export const cancel = (id: string) => remove(`/imports/${id}`);
