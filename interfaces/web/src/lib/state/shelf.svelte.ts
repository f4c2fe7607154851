import * as api from '#lib/api/knowledge.ts';
import { ApiError, reason } from '#lib/api/client.ts';
import type { Knowledge, KnowledgeEntry, StoredFile } from '#lib/api/document-types.ts';
import { newId } from '#lib/api/ids.ts';
import type { Change } from '#lib/api/types.ts';
import type { Picked } from '#lib/files/dropped.ts';
import { FileWatch, inWork } from './file-watch.ts';
import { live } from './live-feed.svelte.ts';
import { fetchFiles, type Wished } from './drive-fetch.svelte.ts';
import { Upload, type Arriving } from './upload.svelte.ts';

const GATHER = 250;

export interface Step {
	id: string;
	name: string;
}

/** One knowledge base as it is on the page: a directory of it, and what is on its way there. */
export class Shelf {
	knowledge = $state.raw<Knowledge | null>(null);
	entries = $state.raw<KnowledgeEntry[]>([]);
	cursor = $state<string | null>(null);
	path = $state.raw<Step[]>([]);
	query = $state('');
	sort = $state<api.EntrySort>('name');
	loaded = $state(false);
	error = $state.raw<ApiError | null>(null);
	uploads = $state.raw<Arriving[]>([]);
	private folders = new Map<string, Promise<string>>();
	private watch: FileWatch;
	private silence: () => void;
	private timer: ReturnType<typeof setTimeout> | null = null;
	private round = 0;

	constructor(readonly id: string) {
		this.watch = new FileWatch({
			shown: () => this.entries.flatMap((each) => each.file ?? []),
			put: (file, found) => this.put(file, found)
		});
		this.silence = live.listen({
			change: (change: Change) => change.id === this.id && this.later(),
			lost: () => this.later()
		});
	}

	close(): void {
		this.watch.close();
		this.silence();
		if (this.timer) clearTimeout(this.timer);
	}

	get directory(): string | null {
		return this.path.at(-1)?.id ?? null;
	}

	get writable(): boolean {
		return this.knowledge !== null && this.knowledge.my_role !== 'read' && !this.trashed;
	}

	get trashed(): boolean {
		return this.knowledge?.deleted_at != null;
	}

	go(path: Step[]): void {
		this.path = path;
		this.loaded = false;
		this.entries = [];
		void this.load();
	}

	choose(change: { query?: string; sort?: api.EntrySort }): void {
		if (change.query !== undefined) this.query = change.query;
		if (change.sort) this.sort = change.sort;
		void this.load();
	}

	async load(more = false): Promise<void> {
		const round = (this.round += 1);
		try {
			const [knowledge, page] = await Promise.all([
				api.one(this.id),
				api.entries(this.id, {
					directory_id: this.directory ?? undefined,
					query: this.query,
					sort: this.sort,
					cursor: more ? (this.cursor ?? undefined) : undefined
				})
			]);
			if (round !== this.round) return;
			this.knowledge = knowledge;
			this.entries = more ? [...this.entries, ...page.items] : page.items;
			this.cursor = page.next_cursor;
			this.loaded = true;
			this.error = null;
		} catch (error) {
			if (round === this.round)
				this.error = error instanceof ApiError ? error : new ApiError(0, 'unknown', reason(error));
		}
	}

	later(): void {
		this.timer ??= setTimeout(() => {
			this.timer = null;
			void this.load();
		}, GATHER);
	}

	/** Files, and the folders they were in, into the directory that is shown. */
	async upload(picked: Picked[]): Promise<void> {
		const here = this.directory;
		for (const { file, folder } of picked) {
			const directory_id = (await this.folder(folder, here)) ?? undefined;
			const target = { knowledge_id: this.id, ...(directory_id ? { directory_id } : {}) };
			this.uploads = [new Upload(file, target, () => this.arrived()), ...this.uploads];
		}
		this.later();
	}

	/** Files of a drive, into the directory that is shown. */
	fetch(wished: Wished): void {
		const place = { knowledge_id: this.id, directory_id: this.directory };
		const begun = fetchFiles(wished, place, () => this.arrived());
		this.uploads = [...begun, ...this.uploads];
	}

	dismiss(upload: Arriving): void {
		if (upload.running) upload.stop();
		this.uploads = this.uploads.filter((each) => each !== upload);
	}

	private arrived(): void {
		this.uploads = this.uploads.filter((each) => each.file === null);
		this.later();
	}

	/** The directory of a path; it is made where it is missing, once for all that go there. */
	private async folder(path: string, here: string | null): Promise<string | null> {
		if (path === '') return here;
		const key = `${here ?? ''}/${path}`;
		const known = this.folders.get(key) ?? this.makeFolder(path, here);
		this.folders.set(key, known);
		try {
			return await known;
		} catch (error) {
			this.folders.delete(key);
			throw error;
		}
	}

	private async makeFolder(path: string, here: string | null): Promise<string> {
		const at = path.lastIndexOf('/');
		const parent_id = await this.folder(at < 0 ? '' : path.slice(0, at), here);
		const name = path.slice(at + 1);
		const inside = await api.entries(this.id, {
			directory_id: parent_id ?? undefined,
			query: name
		});
		const found = inside.items.find((each) => each.kind === 'directory' && each.name === name);
		if (found && (found.directory_id ?? null) === parent_id) return found.id;
		const id = newId();
		await api.addDirectory(this.id, { id, name, parent_id });
		return id;
	}

	private put(id: string, file: StoredFile | null): void {
		const before = this.entries.find((each) => each.kind === 'file' && each.id === id)?.file;
		// What has ended is counted anew, too.
		if (!file || file.deleted_at || (before && inWork(before) && !inWork(file))) this.later();
		if (file)
			this.entries = this.entries.map((each) =>
				each.kind === 'file' && each.id === id ? { ...each, name: file.name, file } : each
			);
	}
}
