/** Who outside is told of evaluations. */

import { get, patch, post, remove } from './client.ts';

export type SinkKind = 'webhook' | 'otlp';

export interface Sink {
	id: string;
	kind: SinkKind;
	name: string;
	url: string;
	votes: boolean;
	has_secret: boolean;
	header_names: string[];
	state: 'waiting' | 'catching_up' | 'up_to_date' | 'failing' | 'paused';
	paused: string | null;
	position: number;
	lag: number;
	delivered: number;
	delivered_at: string | null;
	failures: number;
	failing_since: string | null;
	error: string | null;
	next_try_at: string | null;
	created_at: string;
}

export interface SinkFields {
	name: string;
	url: string;
	votes: boolean;
	secret?: string;
	headers?: Record<string, string | null>;
}

export interface SinkTest {
	ok: boolean;
	error: string | null;
	milliseconds: number;
}

const URL = '/evaluations/sinks';

export const sinks = () => get<{ items: Sink[] }>(URL);
export const addSink = (fields: SinkFields & { id: string; kind: SinkKind; from?: number }) =>
	post<{ id: string; secret: string | null }>(URL, fields);
export const changeSink = (id: string, change: Partial<SinkFields> & { paused?: boolean }) =>
	patch<void>(`${URL}/${id}`, change);
export const removeSink = (id: string) => remove(`${URL}/${id}`);
export const testSink = (id: string) => post<SinkTest>(`${URL}/${id}/test`);
export const replaySink = (id: string, from: number) => post<void>(`${URL}/${id}/replay`, { from });
