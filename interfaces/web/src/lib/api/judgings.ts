/** Judges: models that judge battles, apart from people. */

import { get, post } from './client.ts';
import type { Leaderboard } from './evaluations.ts';
import type { Page } from './types.ts';

export interface Agreement {
	pairs: number;
	raw: number | null;
	kappa: number | null;
}

export interface Judge {
	judge: string;
	template: number;
	space: string;
	judged: number;
	failed: number;
	inconsistent: number;
	inconsistent_share: number | null;
	opening_share: number | null;
	calls: number;
	input_tokens: number;
	output_tokens: number;
	agreement: Agreement;
	categories: Record<string, Agreement>;
}

export interface Judging {
	id: string;
	judge: string;
	template: number;
	space: string;
	where: Record<string, string>;
	limit: number;
	count: number;
	done: number;
	failed: number;
	inconsistent: number;
	input_tokens: number;
	output_tokens: number;
	state: 'running' | 'finished' | 'stopped' | 'failed';
	reason: string | null;
	created_at: string;
	ended_at: string | null;
}

export interface Judgement {
	battle_id: string;
	model_a: string | null;
	model_b: string | null;
	category: string;
	first: string | null;
	second: string | null;
	winner: string | null;
	consistent: boolean | null;
	fault: string | null;
	error: string | null;
}

export interface NewJudging {
	model: string;
	limit: number;
	where: Record<string, string>;
	space: string;
}

const ROOT = '/evaluations/judges';

export const judges = () => get<{ items: Judge[] }>(ROOT);
export const judgings = (cursor?: string | null) =>
	get<Page<Judging>>(`${ROOT}/runs`, { query: { cursor } });
export const judgements = (id: string, cursor?: string | null) =>
	get<Page<Judgement>>(`${ROOT}/runs/${id}/judgements`, { query: { cursor } });
export const board = ({ judge, template, space }: Judge) =>
	get<Leaderboard>(`${ROOT}/leaderboard`, { query: { judge, template, space } });
export const start = (wish: NewJudging) =>
	post<{ judging_id: string; count: number }>(`${ROOT}/runs`, wish);
export const stop = (id: string) => post<void>(`${ROOT}/runs/${id}/stop`);
