/** Server-sent events over fetch: unlike EventSource it sees the status, and reconnects at once. */

import { createParser, type EventSourceMessage } from 'eventsource-parser';

export type LinkState = 'connecting' | 'open' | 'waiting' | 'closed' | 'refused';

export interface SseOptions {
	/** Where to connect; asked anew each time, so it may carry what has changed since. */
	url: () => string;
	method?: string;
	body?: unknown;
	onEvent: (event: EventSourceMessage) => void;
	onState?: (state: LinkState, status: number) => void;
	/** The server does not know our last id: forget it, and read everything again. */
	onLost?: () => void;
	/** Connect again after the stream ended in order. */
	endless?: boolean;
	lastEventId?: string;
	fetch?: typeof fetch;
	backoff?: number[];
	silence?: number;
}

export const BACKOFF = [100, 300, 1000, 3000, 10_000];
const SILENCE = 35_000;

/** One connection that stays: reconnects with Last-Event-ID until closed or refused. */
export class SseLink {
	lastEventId: string;
	private stop = new AbortController();
	private failures = 0;

	constructor(private options: SseOptions) {
		this.lastEventId = options.lastEventId ?? '';
	}

	/** Runs until closed, refused, or (when not endless) the stream has ended in order. */
	async run(): Promise<void> {
		while (!this.stop.signal.aborted) {
			const goOn = await this.connect();
			if (!goOn || this.stop.signal.aborted) return;
			this.options.onState?.('waiting', 0);
			await this.pause();
		}
	}

	close(): void {
		this.stop.abort();
		this.options.onState?.('closed', 0);
	}

	private async connect(): Promise<boolean> {
		const attempt = new AbortController();
		const end = () => attempt.abort();
		this.stop.signal.addEventListener('abort', end, { once: true });
		try {
			this.options.onState?.('connecting', 0);
			const response = await this.request(attempt.signal);
			if (!response.ok || !response.body) return this.refused(response.status);
			this.options.onState?.('open', response.status);
			await this.read(response.body, attempt);
			return this.options.endless ?? false;
		} catch {
			return true;
		} finally {
			this.stop.signal.removeEventListener('abort', end);
		}
	}

	private request(signal: AbortSignal): Promise<Response> {
		const { method = 'GET', body } = this.options;
		const headers: Record<string, string> = { Accept: 'text/event-stream' };
		if (this.lastEventId) headers['Last-Event-ID'] = this.lastEventId;
		if (body !== undefined) headers['Content-Type'] = 'application/json';
		const ask = this.options.fetch ?? fetch;
		return ask(this.options.url(), {
			method,
			headers,
			signal,
			credentials: 'same-origin',
			cache: 'no-store',
			body: body === undefined ? undefined : JSON.stringify(body)
		});
	}

	private refused(status: number): boolean {
		if ([409, 410, 422].includes(status) && this.lastEventId) {
			this.lastEventId = '';
			this.options.onLost?.();
			return true;
		}
		if (status >= 500 || status === 429 || status === 408) return true;
		this.options.onState?.('refused', status);
		return false;
	}

	private async read(body: ReadableStream<Uint8Array>, attempt: AbortController): Promise<void> {
		const parser = createParser({
			onEvent: (event) => {
				if (event.id) this.lastEventId = event.id;
				this.failures = 0;
				this.options.onEvent(event);
			}
		});
		const decoder = new TextDecoder();
		const reader = body.getReader();
		const silence = this.options.silence ?? SILENCE;
		let timer = setTimeout(() => attempt.abort(), silence);
		try {
			for (;;) {
				const { done, value } = await reader.read();
				if (done || this.stop.signal.aborted) return;
				clearTimeout(timer);
				timer = setTimeout(() => attempt.abort(), silence);
				parser.feed(decoder.decode(value, { stream: true }));
			}
		} finally {
			clearTimeout(timer);
		}
	}

	private pause(): Promise<void> {
		const steps = this.options.backoff ?? BACKOFF;
		const step = steps[Math.min(this.failures, steps.length - 1)]!;
		this.failures += 1;
		return new Promise((resolve) => {
			const timer = setTimeout(resolve, step * (0.75 + Math.random() / 2));
			this.stop.signal.addEventListener('abort', () => {
				clearTimeout(timer);
				resolve();
			});
		});
	}
}
