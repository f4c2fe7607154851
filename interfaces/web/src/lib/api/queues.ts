/** Queues: battles that people judge one after the other, without names. */

import { BASE, get, post } from './client.ts';
import type { Page } from './types.ts';

export type Winner = 'model_a' | 'model_b' | 'tie' | 'both_bad';

export interface Sieve {
	space: string;
	category: string;
	language: string;
	models: string[];
	without_votes: boolean;
}

/** A queue; what is null is for administrators alone, or says nothing yet. */
export interface Queue {
	id: string;
	name: string;
	instructions: string;
	state: 'open' | 'closed';
	count: number;
	people: number;
	annotated: number;
	finished: number;
	mine: number;
	passed: number;
	may_annotate: boolean;
	created_at: string;
	sieve: Sieve | null;
	seed: number | null;
	pool: number | null;
	annotators: string[] | null;
	alpha: number | null;
}

export interface Item {
	item: number;
	until: string;
	context: { role: string; content: string }[];
	answer_a: string;
	answer_b: string;
}

export interface NewQueue extends Omit<Sieve, 'models'> {
	name: string;
	instructions: string;
	models: string[];
	size: number;
	seed: number;
	people: number;
	annotators: string[];
}

const ROOT = '/evaluations/queues';

export const queues = (cursor?: string | null) => get<Page<Queue>>(ROOT, { query: { cursor } });
export const queue = (id: string) => get<Queue>(`${ROOT}/${id}`);
export const open = (wish: NewQueue) =>
	post<{ queue_id: string; count: number; pool: number }>(ROOT, wish);
export const close = (id: string) => post<void>(`${ROOT}/${id}/close`);
export const take = (id: string) => post<{ item: Item | null }>(`${ROOT}/${id}/take`);
export const annotate = (id: string, item: number, winner: Winner, comment: string) =>
	post<void>(`${ROOT}/${id}/items/${item}/annotation`, { winner, comment });
export const skip = (id: string, item: number) => post<void>(`${ROOT}/${id}/items/${item}/skip`);
export const file = (id: string, format: 'csv' | 'json') =>
	`${BASE}${ROOT}/${id}/annotations?format=${format}`;
