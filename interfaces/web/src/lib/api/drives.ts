import { BASE, get, post, remove } from './client.ts';
import type { DriveKind } from './document-types.ts';

export type DrivePlace = 'mine' | 'recent' | 'shared';

export interface Drive {
	kind: DriveKind;
	name: string;
	enabled: boolean;
	linked: boolean;
	/** The permission was taken back: it has to be linked again. */
	expired: boolean;
	account: string;
	linked_at: string | null;
	redirect_uri: string;
}

export interface DriveItem {
	id: string;
	name: string;
	is_folder: boolean;
	media_type: string;
	size: number | null;
	changed_at: string | null;
	fetchable: boolean;
}

export interface DriveItems {
	items: DriveItem[];
	next_cursor: string | null;
	places: DrivePlace[];
}

export interface DriveFile {
	id: string;
	kind: DriveKind;
	item: string;
	name: string;
	state: 'fetching' | 'arrived' | 'failed';
	received: number;
	size: number | null;
	waiting: string | null;
	file_id: string | null;
	reason: string;
	message: string;
	chosen_at: string;
}

export interface DrivePart {
	place?: DrivePlace;
	folder?: string;
	query?: string;
	cursor?: string;
}

export interface Place {
	knowledge_id?: string;
	directory_id?: string | null;
}

export const drives = () => get<Drive[]>('/drives');
export const items = (kind: DriveKind, part: DrivePart, signal?: AbortSignal) =>
	get<DriveItems>(`/drives/${kind}/items`, { query: { ...part }, signal, after: 0 });
export const unlink = (kind: DriveKind) => remove(`/drives/${kind}`);

/** Where a browser goes to say yes. */
export const linkOf = (kind: DriveKind) => `${BASE}/drives/${kind}/link`;

export const choose = (
	kind: DriveKind,
	chosen: { id: string; item: string; name: string }[],
	place: Place
) => post<DriveFile[]>('/drive-files', { kind, items: chosen, ...place });

export const stop = (id: string) => remove(`/drive-files/${id}`);
export const chosenFiles = (ids: string[]) =>
	get<DriveFile[]>(`/drive-files?${ids.map((each) => `ids=${each}`).join('&')}`);
