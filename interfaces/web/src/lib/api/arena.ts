/** Blind battles. */

import { get, post } from './client.ts';
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
export const vote = (id: string, winner: Winner) =>
	post<{ vote_id: string; position: number }>(`/arena/battles/${id}/vote`, { winner });
export const reveal = (id: string) => post<unknown>(`/arena/battles/${id}/reveal`);
