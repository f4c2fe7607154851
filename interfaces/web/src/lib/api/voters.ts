/** Who votes, how oddly, and what is said of it. */

import { get, post } from './client.ts';

export interface Voter {
	voter: string;
	name: string | null;
	votes: number;
	favourite: string;
	for_model: number;
	against_odds: number;
	score: number;
	flagged: boolean;
	state: 'flagged' | 'cleared' | 'trusted';
	method: string | null;
	by: string | null;
	by_name: string | null;
	at: string | null;
	reason: string;
}

const URL = '/evaluations/voters';

export const voters = (space: string) => get<{ items: Voter[] }>(URL, { query: { space } });
export const flagVoter = (space: string, voter: string) =>
	post<void>(`${URL}/flag`, { space, voter });
export const clearVoter = (space: string, voter: string, reason: string) =>
	post<void>(`${URL}/clear`, { space, voter, reason });
export const reckonVoters = (space: string) =>
	post<{ flagged: string[]; changes: number }>(`${URL}/reckoning`, { space });
