/** Usage, for administrators. */

import { get } from './client.ts';
import type { Page } from './types.ts';

export interface Counts {
	questions: number;
	answers: number;
	completed: number;
	stopped: number;
	failed: number;
	interrupted: number;
	input_tokens: number;
	output_tokens: number;
	mean_seconds: number | null;
}
export type Totals = Counts & { chats: number; users: number };
export interface Summary {
	totals: Totals;
	previous: Totals;
}
export interface Series {
	bucket: Bucket;
	times: string[];
	series: { model: string; values: number[] }[];
	previous: number[];
}
export type Bucket = '10m' | '1h' | '1d';
export type ModelUsage = Counts & { model: string };
export type UserUsage = Counts & { user_id: string; user_name: string; user_email: string };
export type Overview = Summary & {
	model: string;
	median_seconds: number | null;
	p95_seconds: number | null;
	ratings: { at: string; up: number; down: number; neither: number }[];
	tags: { tag: string; count: number }[];
};
export interface ChatUsage {
	chat_id: string;
	user_name: string;
	answers: number;
	tokens: number;
	last_at: string;
}
export interface Stretch {
	from: string;
	until: string;
}

const at = (name: string) => `/analytics/${name}`;

export const summary = (query: Stretch) => get<Summary>(at('summary'), { query: { ...query } });
export const series = (query: Stretch & { bucket: Bucket; metric: string; model?: string }) =>
	get<Series>(at('daily'), { query: { ...query } });
export const models = (query: Stretch) =>
	get<{ items: ModelUsage[] }>(at('models'), { query: { ...query } });
export const users = (query: Stretch & { model?: string }) =>
	get<{ items: UserUsage[] }>(at('users'), { query: { ...query } });
export const model = (name: string, query: Stretch) =>
	get<Overview>(at(`models/${encodeURIComponent(name)}`), { query: { ...query } });
export const chats = (query: Stretch & { model: string; cursor?: string | null }) =>
	get<Page<ChatUsage>>(at('chats'), { query: { ...query, limit: 20 } });
