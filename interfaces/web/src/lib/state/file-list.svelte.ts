import * as api from '#lib/api/files.ts';
import { reason } from '#lib/api/client.ts';
import type { FileState, FinishedFile, StoredFile } from '#lib/api/document-types.ts';
import type { Picked } from '#lib/files/dropped.ts';
import { t } from '#lib/i18n/index.ts';
import { FileWatch } from './file-watch.ts';
import { toasts } from './toasts.svelte.ts';
import { fetchFiles, type Wished } from './drive-fetch.svelte.ts';
import { Upload, type Arriving } from './upload.svelte.ts';

const GATHER = 300;

export interface Filter {
	query: string;
	state: FileState | '';
	sort: api.FileSort;
	trash: boolean;
}

/** My files as the page lists them, kept right while they are worked on. */
export class FileList {
	items = $state.raw<StoredFile[]>([]);
	cursor = $state<string | null>(null);
	filter = $state.raw<Filter>({ query: '', state: '', sort: 'newest', trash: false });
	loaded = $state(false);
	loading = $state(false);
	error = $state('');
	uploads = $state.raw<Arriving[]>([]);
	private watch: FileWatch;
	private timer: ReturnType<typeof setTimeout> | null = null;
	private round = 0;

	constructor() {
		this.watch = new FileWatch({
			shown: () => this.items,
			put: (id, file) => this.put(id, file),
			other: () => this.later(),
			lost: () => this.later()
		});
	}

	close(): void {
		this.watch.close();
		if (this.timer) clearTimeout(this.timer);
	}

	choose(change: Partial<Filter>): void {
		this.filter = { ...this.filter, ...change };
		void this.load();
	}

	async load(): Promise<void> {
		await this.page(null);
	}

	async more(): Promise<void> {
		if (this.cursor && !this.loading) await this.page(this.cursor);
	}

	upload(picked: Picked[]): void {
		const begun = picked.map(({ file }) => new Upload(file, {}, (done) => this.arrived(done)));
		this.uploads = [...begun, ...this.uploads.filter((each) => each.phase !== 'done')];
	}

	fetch(wished: Wished): void {
		const begun = fetchFiles(wished, {}, (done) => this.arrived(done));
		this.uploads = [...begun, ...this.uploads.filter((each) => each.phase !== 'done')];
	}

	dismiss(upload: Arriving): void {
		if (upload.running) upload.stop();
		this.uploads = this.uploads.filter((each) => each !== upload);
	}

	/** A file as it is now; it leaves the list when it no longer belongs there. */
	put(id: string, file: StoredFile | null): void {
		const fits = file !== null && Boolean(file.deleted_at) === this.filter.trash;
		const known = this.items.some((each) => each.id === id);
		if (!fits) this.items = this.items.filter((each) => each.id !== id);
		else if (known) this.items = this.items.map((each) => (each.id === id ? file : each));
	}

	later(): void {
		this.timer ??= setTimeout(() => {
			this.timer = null;
			void this.load();
		}, GATHER);
	}

	private arrived(file: FinishedFile): void {
		if (file.duplicate_of === file.id) toasts.say(t('upload.known', { name: file.name }));
		this.uploads = this.uploads.filter((each) => each.phase !== 'done' && each.file === null);
		const { query, state, sort, trash } = this.filter;
		if (query || state || trash || sort !== 'newest') return this.later();
		this.items = [file, ...this.items.filter((each) => each.id !== file.id)];
	}

	private async page(cursor: string | null): Promise<void> {
		const round = (this.round += 1);
		this.loading = true;
		try {
			const page = await api.files({ ...this.filter, cursor: cursor ?? undefined });
			if (round !== this.round) return;
			const before = cursor ? this.items : [];
			const has = new Set(before.map((each) => each.id));
			this.items = [...before, ...page.items.filter((each) => !has.has(each.id))];
			this.cursor = page.next_cursor;
			this.loaded = true;
			this.error = '';
		} catch (error) {
			if (round === this.round) this.error = reason(error);
		} finally {
			if (round === this.round) this.loading = false;
		}
	}
}
