/** What is chosen for ratings, the arena and the leaderboards. */

import { get, patch } from './client.ts';

export type Who = 'everybody' | 'administrators';

export interface ArenaEntry {
	id: string;
	name: string;
	include: string[];
	exclude: string[];
}

export interface ArenaChoices {
	enabled: boolean;
	who: Who;
	pacing: 'lockstep' | 'free';
	sampler: 'weighted' | 'informative';
	votes_minute_max: number;
	targets: string[];
	outages: string[];
	weights: Record<string, number>;
	entries: ArenaEntry[];
}

export interface PolicyChoices {
	prompt_votes_max: number;
	voter_day_votes_max: number;
	version: number;
}

export interface EvaluationSettings {
	ratings: { enabled: boolean; who: Who };
	arena: ArenaChoices;
	policy: PolicyChoices;
}

/** What I may; administrators get all choices too. */
export interface OpenEvaluation {
	ratings_enabled: boolean;
	arena_enabled: boolean;
	all: EvaluationSettings | null;
}

export interface EvaluationChange {
	ratings?: Partial<EvaluationSettings['ratings']>;
	arena?: Partial<ArenaChoices>;
	policy?: Partial<Omit<PolicyChoices, 'version'>>;
}

const PATH = '/evaluations/settings';
export const evaluationSettings = () => get<OpenEvaluation>(PATH);
/** Names no model: it is asked while some are hidden. */
export const myEvaluation = () => get<OpenEvaluation>(PATH, { query: { mine: true } });
export const change = (values: EvaluationChange) => patch<EvaluationSettings>(PATH, values);
