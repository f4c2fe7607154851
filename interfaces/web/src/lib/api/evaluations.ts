/** Leaderboards, votes and exports. */

import { get, post, remove } from './client.ts';
import type { Page } from './types.ts';

export interface Entry {
	model: string;
	rating: number | null;
	lower: number | null;
	upper: number | null;
	rank: number | null;
	battles: number;
	wins: number;
	losses: number;
	ties: number;
	both_bad: number;
	win_rate: number | null;
	provisional: boolean;
	reason?: string | null;
}

export interface Leaderboard {
	position: number;
	as_of: string | number | null;
	policy_version: number;
	method: string;
	params: Record<string, unknown>;
	totals: { votes: number; accepted: number; dropped: Record<string, number>; voters: number };
	entries: Entry[];
	weights?: Record<string, number> | null;
	topic?: Topic | null;
}

/** How much votes say of a topic; `reading`: questions that are still to be read. */
export interface Topic {
	text: string;
	effective: number;
	votes: number;
	without: number;
	reading: number;
}

export interface BoardQuery {
	method: string;
	category: string;
	language: string;
	ties: string;
	weighting: string;
	style: string;
	votes: string;
	space: string;
	as_of: string;
	topic: string;
}

export interface Matrix {
	models: string[];
	/** How often the row beat the column, of how many; null where they never met. */
	cells: ({ rate: number; battles: number } | null)[][];
}

export interface HistoryPoint {
	date: string;
	rating: number | null;
	lower: number | null;
	upper: number | null;
}

export interface Influence {
	place: number;
	battle: string;
	winner: string;
	model_a: string;
	model_b: string;
	change: number;
}

export interface Vote {
	place: number;
	seq: number;
	battle_id: string;
	voter: string;
	winner: string;
	at: string;
	model_a: string | null;
	model_b: string | null;
	reason: string | null;
}

export interface Failure {
	battle_id: string;
	slot: 'a' | 'b';
	model: string;
	entry: string;
	kind: string;
	message: string;
	at: string;
}

/** What a table can be narrowed to. */
export interface BoardChoices {
	categories: string[];
	languages: string[];
	spaces: string[];
}

export interface ExportFile {
	path: string;
	format: string;
	rows: number;
	sha256: string;
	size: number;
}

export interface ExportState {
	id: string;
	state: 'running' | 'done' | 'failed';
	reason: string | null;
	order: { formats: string[]; [name: string]: unknown };
	from_position: number | null;
	to_position: number | null;
	rows: number | null;
	files: ExportFile[];
	done: number | null;
	count: number | null;
	created_at: string;
	ended_at: string | null;
}

export const leaderboard = (query: Partial<BoardQuery>, signal?: AbortSignal) =>
	get<Leaderboard>('/evaluations/leaderboard', { query, signal });
export const choices = (space: string, signal?: AbortSignal) =>
	get<BoardChoices>('/evaluations/leaderboard/choices', { query: { space }, signal });
export const matrix = (query: Partial<BoardQuery>) =>
	get<Matrix>('/evaluations/leaderboard/matrix', { query });
export const history = (model: string, space: string, days: number) =>
	get<{ points: HistoryPoint[] }>('/evaluations/leaderboard/history', {
		query: { model, space, days }
	});
export const influence = (model: string, space: string) =>
	get<{ items: Influence[] }>(
		`/evaluations/leaderboard/models/${encodeURIComponent(model)}/influence`,
		{ query: { space } }
	);
export const votes = (query: {
	verdict?: string;
	reason?: string;
	space?: string;
	cursor?: string | null;
}) => get<Page<Vote>>('/evaluations/votes', { query });

export const failures = (cursor?: string) =>
	get<Page<Failure>>('/evaluations/failures', { query: { cursor } });

export const exports = (cursor?: string | null) =>
	get<Page<ExportState>>('/exports', { query: { cursor } });
export const order = (order: Record<string, unknown>) =>
	post<{ export_id: string }>('/exports', order);
export const exported = (id: string) => get<ExportState>(`/exports/${id}`);
export const drop = (id: string) => remove(`/exports/${id}`);
