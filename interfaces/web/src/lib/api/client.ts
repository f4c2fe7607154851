/** One door to the HTTP API: problems become errors, positions are kept so one reads one's own writes. */

import type { Problem } from './types.ts';

export const BASE = '/api/v1';
const READ_AGAIN = [150, 400, 1000];

/** The server said no, or could not be reached (status 0). */
export class ApiError extends Error {
	constructor(
		readonly status: number,
		readonly kind: string,
		message: string,
		readonly fields: Record<string, string> = {},
		readonly retryAfter: number | null = null
	) {
		super(message);
	}

	/** Whether the same request may well succeed later. */
	get passing(): boolean {
		return this.status === 0 || this.status >= 500 || this.status === 429;
	}
}

export interface CallOptions {
	body?: unknown;
	query?: Record<string, string | number | boolean | null | undefined>;
	key?: string;
	signal?: AbortSignal;
	/** Read models must have reached this; left out: what this tab has seen. 0: do not wait. */
	after?: number;
}

/** How far this tab knows the log to be; reads wait for it. */
class Known {
	position = 0;
	private lagging = 0;

	see(position: number | null | undefined): void {
		if (position && position > this.position) this.position = position;
	}

	/** What a read should wait for: nothing for a while after read models were found far behind. */
	wanted(): number {
		return Date.now() < this.lagging ? 0 : this.position;
	}

	tooFar(): void {
		this.lagging = Date.now() + 10_000;
	}

	forget(): void {
		this.position = 0;
	}
}

export const known = new Known();

/** What is done when the session is over: the page goes to sign in. */
export const onSignedOut: { run: () => void } = { run: () => undefined };

export async function get<T>(path: string, options: CallOptions = {}): Promise<T> {
	for (const pause of READ_AGAIN) {
		try {
			return await send<T>('GET', path, options);
		} catch (error) {
			if (!(error instanceof ApiError) || error.kind !== 'projection_lagging') throw error;
			await new Promise((resolve) => setTimeout(resolve, pause));
		}
	}
	known.tooFar();
	return send<T>('GET', path, { ...options, after: 0 });
}

export const post = <T>(path: string, body?: unknown, key?: string) =>
	send<T>('POST', path, { body, key });
export const patch = <T>(path: string, body: unknown) => send<T>('PATCH', path, { body });
export const put = <T>(path: string, body: unknown) => send<T>('PUT', path, { body });
export const remove = (path: string) => send<void>('DELETE', path);

export async function send<T>(
	method: string,
	path: string,
	{ body, query, key, signal, after }: CallOptions = {}
): Promise<T> {
	const headers: Record<string, string> = { Accept: 'application/json' };
	if (body !== undefined) headers['Content-Type'] = 'application/json';
	if (key) headers['Idempotency-Key'] = key;
	const wait = method === 'GET' ? (after ?? known.wanted()) : 0;
	if (wait > 0) headers['Read-After'] = String(wait);
	let response: Response;
	try {
		response = await fetch(BASE + path + asQuery(query), {
			method,
			headers,
			signal,
			credentials: 'same-origin',
			body: body === undefined ? undefined : JSON.stringify(body)
		});
	} catch (error) {
		if (signal?.aborted) throw error;
		throw new ApiError(0, 'unreachable', 'The server cannot be reached.');
	}
	known.see(Number(response.headers.get('Position')));
	if (!response.ok) throw await asError(response, path);
	if (response.status === 204) return undefined as T;
	const text = await response.text();
	return (text ? JSON.parse(text) : undefined) as T;
}

function asQuery(query: CallOptions['query']): string {
	const found = new URLSearchParams();
	for (const [name, value] of Object.entries(query ?? {}))
		if (value !== undefined && value !== null && value !== '') found.set(name, String(value));
	const text = found.toString();
	return text ? `?${text}` : '';
}

async function asError(response: Response, path: string): Promise<ApiError> {
	const problem = (await response.json().catch(() => null)) as Problem | null;
	if (response.status === 401 && !path.startsWith('/auth/')) onSignedOut.run();
	const retryAfter = Number(response.headers.get('Retry-After')) || null;
	return new ApiError(
		response.status,
		problem?.type?.split('/').pop() ?? 'unknown',
		problem?.detail || problem?.title || `The server answered ${response.status}.`,
		Object.fromEntries((problem?.errors ?? []).map((each) => [each.field, each.message])),
		retryAfter
	);
}

/** What to tell a person about any error. */
export function reason(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
