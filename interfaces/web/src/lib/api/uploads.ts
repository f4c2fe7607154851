/**
 * Bytes on their way to the server: in chunks, a few files at once. What a broken line has taken is
 * asked for and sent from there, so a large file is never begun anew.
 */

import { ApiError, BASE, get, known, post, remove } from './client.ts';
import type { FinishedFile, StoredFile, UploadState } from './document-types.ts';
import { newId } from './ids.ts';
import type { Problem } from './types.ts';

export const CHUNK = 4 * 1024 * 1024;
export const AT_ONCE = 3;
export const PAUSES = [500, 1000, 2000, 5000, 10_000, 15_000];
const FAILURES_MAX = 12;

export interface Source extends Blob {
	readonly name: string;
}

/** Where the file goes when all of it has arrived. */
export interface Target {
	file_id: string;
	replaces?: string;
	knowledge_id?: string;
	directory_id?: string;
	on_duplicate?: 'keep' | 'reuse';
}

interface NewUpload {
	id: string;
	name: string;
	size: number;
	media_type: string;
	purpose?: 'import';
}

/** What an upload asks of the server; replaced in tests. */
export interface Transport {
	begin(fields: NewUpload): Promise<UploadState>;
	look(id: string): Promise<UploadState>;
	chunk(
		id: string,
		offset: number,
		body: Blob,
		tell: (sent: number) => void,
		signal: AbortSignal
	): Promise<UploadState>;
	finish(id: string, target: Target): Promise<FinishedFile>;
	file(id: string): Promise<StoredFile>;
	drop(id: string): Promise<void>;
}

export interface UploadOptions {
	onprogress?: (sent: number) => void;
	/** The line is broken, or whole again. */
	onwaiting?: (waiting: boolean) => void;
	transport?: Transport;
	pauses?: number[];
	gate?: Gate;
}

/** Lets in a few at once; the others wait in line. */
export class Gate {
	private line: (() => void)[] = [];

	constructor(private free = AT_ONCE) {}

	async enter(signal: AbortSignal): Promise<() => void> {
		if (this.free > 0) this.free -= 1;
		else await this.wait(signal);
		return () => {
			const next = this.line.shift();
			if (next) next();
			else this.free += 1;
		};
	}

	private wait(signal: AbortSignal): Promise<void> {
		return new Promise((resolve, reject) => {
			const enter = () => {
				signal.removeEventListener('abort', leave);
				resolve();
			};
			const leave = () => {
				this.line = this.line.filter((each) => each !== enter);
				reject(signal.reason);
			};
			signal.addEventListener('abort', leave, { once: true });
			this.line.push(enter);
		});
	}
}

const gate = new Gate();

/** One file on its way. */
export class ChunkedUpload {
	private stop = new AbortController();
	private id = newId();
	private begun = false;
	private finishing = false;
	private again = false;
	private readonly transport: Transport;

	constructor(
		private file: Source,
		private target: Target,
		private options: UploadOptions = {}
	) {
		this.transport = options.transport ?? overHttp;
	}

	/** Sends until the file is there; throws when the server refuses it or it was aborted. */
	async run(): Promise<FinishedFile> {
		const leave = await (this.options.gate ?? gate).enter(this.stop.signal);
		try {
			return await this.untilThere();
		} finally {
			leave();
		}
	}

	abort(): void {
		if (this.stop.signal.aborted) return;
		this.stop.abort();
		if (this.begun) void this.transport.drop(this.id).catch(() => undefined);
	}

	private async untilThere(): Promise<FinishedFile> {
		for (let failures = 0, before = 0; ;) {
			this.stop.signal.throwIfAborted();
			const upload = { received: before };
			try {
				return await this.attempt(upload);
			} catch (error) {
				this.stop.signal.throwIfAborted();
				failures = upload.received > before ? 1 : failures + 1;
				before = upload.received;
				if (!this.mayRetry(error) || (failures > FAILURES_MAX && isOnline())) throw error;
				await this.pause(failures);
			}
		}
	}

	private mayRetry(error: unknown): boolean {
		if (!(error instanceof ApiError)) return false;
		// What was sent has been forgotten meanwhile: once more from the start.
		if (error.status === 404 && this.begun && !this.again) {
			this.begun = this.finishing = false;
			this.again = true;
			this.id = newId();
			return true;
		}
		return error.passing || (error.status === 409 && this.begun && !this.finishing);
	}

	private async attempt(upload: { received: number }): Promise<FinishedFile> {
		if (!this.finishing) await this.sendAll(upload);
		this.finishing = true;
		try {
			return await this.transport.finish(this.id, this.target);
		} catch (error) {
			// The answer to an earlier try was lost: then the file is there, and the upload gone.
			if (!(error instanceof ApiError) || error.status !== 404) throw error;
			const found = await this.transport.file(this.target.file_id).catch(() => null);
			if (found) return found;
			throw error;
		}
	}

	private async sendAll(upload: { received: number }): Promise<void> {
		let now = this.begun ? await this.transport.look(this.id) : await this.begin();
		this.begun = true;
		const size = now.chunk_bytes || CHUNK;
		this.options.onwaiting?.(false);
		this.options.onprogress?.(now.received);
		while (now.received < this.file.size) {
			this.stop.signal.throwIfAborted();
			const { received } = now;
			const body = this.file.slice(received, received + size);
			const tell = (sent: number) => this.options.onprogress?.(received + sent);
			now = await this.transport.chunk(this.id, received, body, tell, this.stop.signal);
			upload.received = now.received;
			this.options.onprogress?.(now.received);
		}
	}

	private begin(): Promise<UploadState> {
		const { name, size, type } = this.file;
		return this.transport.begin({ id: this.id, name, size, media_type: type });
	}

	/** Until the next try; a line that comes back ends it at once. */
	private pause(failures: number): Promise<void> {
		const pauses = this.options.pauses ?? PAUSES;
		const length = pauses[Math.min(failures - 1, pauses.length - 1)]!;
		this.options.onwaiting?.(true);
		return new Promise((resolve, reject) => {
			const { signal } = this.stop;
			const end = () => {
				clearTimeout(timer);
				globalThis.removeEventListener?.('online', end);
				signal.removeEventListener('abort', end);
				if (signal.aborted) reject(signal.reason);
				else resolve();
			};
			const timer = setTimeout(end, length * (0.75 + Math.random() / 2));
			globalThis.addEventListener?.('online', end);
			signal.addEventListener('abort', end);
		});
	}
}

const isOnline = () => globalThis.navigator?.onLine !== false;

export const overHttp: Transport = {
	begin: ({ media_type, ...fields }) =>
		post('/uploads', { ...fields, ...(media_type ? { media_type } : {}) }, `upload-${fields.id}`),
	look: (id) => get(`/uploads/${id}`, { after: 0 }),
	chunk: patchBytes,
	finish: (id, target) => post(`/uploads/${id}/finish`, target, `finish-${id}`),
	file: (id) => get(`/files/${id}`),
	drop: (id) => remove(`/uploads/${id}`)
};

/** Only XMLHttpRequest tells how much of a body is on its way. */
function patchBytes(
	id: string,
	offset: number,
	body: Blob,
	tell: (sent: number) => void,
	signal: AbortSignal
): Promise<UploadState> {
	return new Promise((resolve, reject) => {
		const request = new XMLHttpRequest();
		const abort = () => request.abort();
		const fail = () => reject(new ApiError(0, 'unreachable', 'The server cannot be reached.'));
		request.open('PATCH', `${BASE}/uploads/${id}`);
		request.setRequestHeader('Content-Type', 'application/octet-stream');
		request.setRequestHeader('Upload-Offset', String(offset));
		request.upload.onprogress = (event) => tell(event.loaded);
		request.onerror = request.ontimeout = fail;
		request.onabort = () => reject(signal.reason ?? new DOMException('Stopped', 'AbortError'));
		request.onload = () => {
			known.see(Number(request.getResponseHeader('Position')));
			const answer = parsed(request.responseText);
			if (request.status >= 200 && request.status < 300) resolve(answer as unknown as UploadState);
			else reject(refusal(request.status, answer as Partial<Problem>));
		};
		request.onloadend = () => signal.removeEventListener('abort', abort);
		signal.addEventListener('abort', abort);
		request.send(body);
	});
}

function parsed(text: string): Record<string, unknown> {
	try {
		return JSON.parse(text) as Record<string, unknown>;
	} catch {
		return {};
	}
}

const refusal = (status: number, problem: Partial<Problem>) =>
	new ApiError(
		status,
		problem.type?.split('/').pop() ?? 'unknown',
		problem.detail || problem.title || `The server answered ${status}.`
	);
