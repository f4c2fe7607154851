import * as files from '#lib/api/files.ts';
import { reason } from '#lib/api/client.ts';
import type { Attachment, FinishedFile, StoredFile } from '#lib/api/document-types.ts';
import { newId } from '#lib/api/ids.ts';
import type { Source } from '#lib/api/uploads.ts';
import { t } from '#lib/i18n/index.ts';
import { FileWatch } from './file-watch.ts';
import { pictures } from './pictures.svelte.ts';
import { load, store } from './stored.ts';
import { toasts } from './toasts.svelte.ts';
import { fetchFiles, type Wished } from './drive-fetch.svelte.ts';
import { Upload, type Arriving } from './upload.svelte.ts';

/** What a question is asked with beside its words. */
export interface Documents {
	attachments: Attachment[];
	web_search: boolean;
}

/** Something that goes with the next question. */
export class Attached {
	readonly key = newId();
	whole = $state(false);
	file = $state.raw<StoredFile | null>(null);
	id = $state<string | null>(null);

	constructor(
		readonly kind: Attachment['kind'],
		readonly name: string,
		readonly url: string | null = null,
		readonly upload: Arriving | null = null
	) {}

	/** It cannot go with a question yet: its bytes are not there. */
	get pending(): boolean {
		return this.upload?.running ?? false;
	}

	get lost(): boolean {
		return this.kind === 'file' && this.id === null && !this.pending;
	}

	get plain(): Attachment {
		const { kind, id, url, name, whole } = this;
		return { kind, id, url, name: this.file?.name ?? name, whole };
	}
}

/** Pictures are made ready before they are sent; what can do that is loaded for the first one. */
function preparationOf({ name, type }: Source): ((source: Source) => Promise<Source>) | null {
	if (!type.startsWith('image/') && !/\.(hei[cf]s?|hif)$/i.test(name)) return null;
	return async (source) => {
		const { readyPicture, Unreadable } = await import('#lib/pictures/ready.ts');
		return readyPicture(source as File, pictures.side).catch((error) => {
			throw error instanceof Unreadable ? new Error(t('upload.heic')) : error;
		});
	};
}

/** All that goes with the next question. */
export class Attachments {
	items = $state.raw<Attached[]>([]);
	private watch: FileWatch;

	constructor(private draft: string) {
		for (const each of draft ? load<Attachment[]>(`attached.${draft}`, []) : []) this.add(each);
		this.watch = new FileWatch({
			shown: () => this.items.flatMap((each) => each.file ?? []),
			put: (id, file) => this.take(id, file)
		});
	}

	close(): void {
		this.watch.close();
	}

	get pending(): boolean {
		return this.items.some((each) => each.pending);
	}

	/** What did not arrive: the question waits until it is removed or tried again. */
	get broken(): boolean {
		return this.items.some((each) => each.lost);
	}

	get plain(): Attachment[] {
		return this.items.filter((each) => !each.lost).map((each) => each.plain);
	}

	add(attachment: Attachment): void {
		const { kind, id, url, name, whole } = attachment;
		if (this.items.some((each) => each.kind === kind && each.id === id && each.url === url)) return;
		const item = new Attached(kind, name, url);
		item.id = id;
		item.whole = whole;
		this.items = [...this.items, item];
		this.keep();
		if (kind === 'file' && id) void this.refresh(id);
	}

	upload(sources: Source[]): void {
		for (const source of sources) {
			const arrived = (file: FinishedFile) => this.arrived(item, file);
			const upload = new Upload(source, {}, arrived, preparationOf(source));
			const item = new Attached('file', source.name, null, upload);
			this.items = [...this.items, item];
		}
	}

	/** Files of a drive, which the server brings here. */
	fetch(wished: Wished): void {
		for (const arriving of fetchFiles(wished, {}, (file, from) => {
			const item = this.items.find((each) => each.upload === from);
			if (item) this.arrived(item, file);
		}))
			this.items = [...this.items, new Attached('file', arriving.name, null, arriving)];
	}

	remove(item: Attached): void {
		if (item.pending) item.upload?.stop();
		this.items = this.items.filter((each) => each !== item);
		this.keep();
	}

	clear(): void {
		this.items = [];
		this.keep();
	}

	setWhole(item: Attached, whole: boolean): void {
		item.whole = whole;
		this.keep();
	}

	async retry(item: Attached): Promise<void> {
		if (item.lost) return item.upload?.start();
		try {
			if (item.id) this.take(item.id, await files.retry(item.id));
		} catch (error) {
			toasts.complain(reason(error));
		}
	}

	/** When all bytes have arrived, or failed to. */
	async settled(): Promise<void> {
		while (this.pending) await Promise.all(this.items.map((each) => each.upload?.end()));
	}

	private arrived(item: Attached, file: FinishedFile): void {
		if (this.items.some((each) => each !== item && each.id === file.id)) {
			this.items = this.items.filter((each) => each !== item);
			return;
		}
		item.id = file.id;
		item.file = file;
		this.keep();
	}

	private async refresh(id: string): Promise<void> {
		const file = await files.file(id).catch(() => undefined);
		if (file) this.take(id, file);
	}

	private take(id: string, file: StoredFile | null): void {
		for (const each of this.items) if (each.kind === 'file' && each.id === id) each.file = file;
		if (file === null || file.deleted_at)
			this.items = this.items.filter((each) => each.kind !== 'file' || each.id !== id);
	}

	private keep(): void {
		const kept = this.items.filter((each) => each.id !== null || each.url !== null);
		if (this.draft)
			store(`attached.${this.draft}`, kept.length > 0 ? kept.map((each) => each.plain) : null);
	}
}
