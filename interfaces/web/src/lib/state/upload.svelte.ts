import { ApiError, reason } from '#lib/api/client.ts';
import type { FinishedFile } from '#lib/api/document-types.ts';
import { newId } from '#lib/api/ids.ts';
import { ChunkedUpload, type Source, type Target } from '#lib/api/uploads.ts';
import { t } from '#lib/i18n/index.ts';
import { bytes } from '#lib/i18n/sizes.ts';
import { features } from './features.svelte.ts';

export type UploadPhase = 'sending' | 'waiting' | 'done' | 'failed' | 'stopped';

/** One file on its way, as the page shows it. */
export class Upload {
	readonly key = newId();
	readonly name: string;
	readonly size: number;
	phase = $state<UploadPhase>('sending');
	sent = $state(0);
	error = $state('');
	file = $state.raw<FinishedFile | null>(null);
	private work: ChunkedUpload | null = null;
	private ended: Promise<void> = Promise.resolve();

	constructor(
		private source: Source,
		private target: Omit<Target, 'file_id'> = {},
		private ondone: (file: FinishedFile) => void = () => undefined
	) {
		this.name = source.name;
		this.size = source.size;
		this.start();
	}

	get running(): boolean {
		return this.phase === 'sending' || this.phase === 'waiting';
	}

	/** When it has ended, in one way or the other. */
	async end(): Promise<void> {
		await this.ended;
	}

	start(): void {
		const refused = features.refusal(this);
		this.error = '';
		if (refused) {
			this.phase = 'failed';
			this.error =
				refused === 'size'
					? t('upload.too_large', { size: bytes(features.now.file_bytes_max ?? 0) })
					: t('upload.not_allowed', { names: features.now.extensions.join(', ') });
			return;
		}
		this.phase = 'sending';
		this.ended = this.run();
	}

	stop(): void {
		this.phase = 'stopped';
		this.work?.abort();
	}

	private async run(): Promise<void> {
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
