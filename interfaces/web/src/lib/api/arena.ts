/** Blind battles. */

import { get, post, put, remove } from './client.ts';
import type { Page } from './types.ts';

export type Winner = 'model_a' | 'model_b' | 'tie' | 'both_bad';
export type Slot = 'a' | 'b';

export interface Side {
	slot: Slot;
	answer_id: string;
	model: string | null;
	status: 'complete' | 'error' | 'aborted' | null;
	content: string;
}

export interface Battle {
	battle_id: string;
	chat_id: string;
	prompt: string;
	blind: boolean;
	revealed: boolean;
	winner: Winner | null;
	started_at: string;
	sides: Side[];
}

export const start = (prompt: string, key: string) =>
	post<{ battle_id: string; slots: Slot[] }>('/arena/battles', { prompt }, key);
export const battles = (cursor?: string | null) =>
	get<Page<Battle>>('/arena/battles', { query: { cursor } });
export const battle = (id: string) => get<Battle>(`/arena/battles/${id}`);
export interface Comparison {
	battle_id: string;
	better_id: string;
	other_id: string;
}

export const vote = (id: string, winner: Winner) =>
	post<unknown>(`/arena/battles/${id}/vote`, { winner });
export const changeVote = (id: string, winner: Winner) =>
	put<unknown>(`/arena/battles/${id}/vote`, { winner });
export const retract = (id: string) => remove(`/arena/battles/${id}/vote`);
export const reveal = (id: string) => post<unknown>(`/arena/battles/${id}/reveal`);

/** What one said was better of answers in a chat, their models known. */
export const comparisons = (chat_id: string) =>
	get<{ items: Comparison[] }>('/arena/comparisons', { query: { chat_id } });
export const compare = (chat_id: string, better_id: string, other_id: string) =>
	post<{ battle_id: string }>('/arena/comparisons', { chat_id, better_id, other_id });
