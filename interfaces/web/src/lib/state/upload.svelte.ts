import { ApiError, reason } from '#lib/api/client.ts';
import type { FinishedFile } from '#lib/api/document-types.ts';
import { newId } from '#lib/api/ids.ts';
import { ChunkedUpload, type Source, type Target } from '#lib/api/uploads.ts';
import { t } from '#lib/i18n/index.ts';
import { bytes } from '#lib/i18n/sizes.ts';
import { features } from './features.svelte.ts';

export type UploadPhase = 'preparing' | 'sending' | 'waiting' | 'done' | 'failed' | 'stopped';

/** One file on its way, from wherever it comes. */
export interface Arriving {
	readonly key: string;
	readonly name: string;
	/** 0 while nobody knows. */
	readonly size: number;
	readonly phase: UploadPhase;
	readonly sent: number;
	readonly error: string;
	readonly file: FinishedFile | null;
	readonly running: boolean;
	/** What is said while it runs, where bytes say too little. */
	readonly note?: string;
	start(): void;
	stop(): void;
	end(): Promise<void>;
}

/** One file on its way, as the page shows it. */
export class Upload implements Arriving {
	readonly key = newId();
	name = $state('');
	size = $state(0);
	phase = $state<UploadPhase>('sending');
	sent = $state(0);
	error = $state('');
	file = $state.raw<FinishedFile | null>(null);
	private work: ChunkedUpload | null = null;
	private ended: Promise<void> = Promise.resolve();

	constructor(
		private source: Source,
		private target: Omit<Target, 'file_id'> = {},
		private ondone: (file: FinishedFile) => void = () => undefined,
		/** What is done to it first; throws what the page says when that cannot be done. */
		private prepare: ((source: Source) => Promise<Source>) | null = null
	) {
		this.show(source);
		this.start();
	}

	get running(): boolean {
		return ['preparing', 'sending', 'waiting'].includes(this.phase);
	}

	/** When it has ended, in one way or the other. */
	async end(): Promise<void> {
		await this.ended;
	}

	start(): void {
		this.error = '';
		if (this.prepare) this.phase = 'preparing';
		else if (this.refused()) return;
		else this.phase = 'sending';
		this.ended = this.run();
	}

	stop(): void {
		this.phase = 'stopped';
		this.work?.abort();
	}

	private show(source: Source): void {
		this.source = source;
		this.name = source.name;
		this.size = source.size;
	}

	private refused(): boolean {
		const refused = features.refusal(this);
		if (!refused) return false;
		this.phase = 'failed';
		this.error =
			refused === 'size'
				? t('upload.too_large', { size: bytes(features.now.file_bytes_max ?? 0) })
				: t('upload.not_allowed', { names: features.now.extensions.join(', ') });
		return true;
	}

	private async run(): Promise<void> {
		if (this.prepare && !(await this.prepared(this.prepare))) return;
		const target = { ...this.target, file_id: newId() };
		this.work = new ChunkedUpload(this.source, target, {
			onprogress: (sent) => (this.sent = sent),
			onwaiting: (waiting) => this.running && (this.phase = waiting ? 'waiting' : 'sending')
		});
		uploading.begin(this);
		try {
			this.file = await this.work.run();
			this.phase = 'done';
			this.ondone(this.file);
		} catch (error) {
			if (this.phase === 'stopped') return;
			this.phase = 'failed';
			this.error =
				error instanceof ApiError || error instanceof Error ? reason(error) : t('failed');
		} finally {
			uploading.end(this);
		}
	}

	/** Whether it can be sent; it is prepared once, however often it is tried. */
	private async prepared(prepare: (source: Source) => Promise<Source>): Promise<boolean> {
		try {
			this.show(await prepare(this.source));
		} catch (error) {
			if (!this.running) return false;
			this.phase = 'failed';
			this.error = error instanceof Error ? error.message : t('failed');
			return false;
		}
		this.prepare = null;
		if (!this.running || this.refused()) return false;
		this.phase = 'sending';
		return true;
	}
}

/** All that is on its way: a page that is left now would lose it. */
class Uploading {
	private running = new Set<Upload>();

	begin(upload: Upload): void {
		this.running.add(upload);
		addEventListener('beforeunload', hold);
	}

	end(upload: Upload): void {
		this.running.delete(upload);
		if (this.running.size === 0) removeEventListener('beforeunload', hold);
	}
}

const hold = (event: BeforeUnloadEvent) => event.preventDefault();
const uploading = new Uploading();
