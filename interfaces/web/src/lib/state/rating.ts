/** Rating an answer: shown at once, taken back from the page when the server says no. */

import * as api from '#lib/api/ratings.ts';
import type { Opinion, Thumb } from '#lib/api/ratings.ts';
import type { Message } from '#lib/api/types.ts';
import type { Conversation } from './conversation.svelte.ts';

export const LIKED = [
	'accurate',
	'followed_instructions',
	'creative',
	'positive_attitude',
	'attention_to_detail',
	'thorough',
	'other'
] as const;
export const DISLIKED = [
	'style',
	'too_verbose',
	'not_helpful',
	'not_factual',
	'did_not_follow_instructions',
	'refused_wrongly',
	'lazy',
	'other'
] as const;
export const SCORES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
export const TAGS_MAX = 20;
export const TAG_CHARACTERS_MAX = 50;

/** Whether a score goes with a thumb. */
export const fits = (value: Thumb, score: number) => value === 0 || score > 5 === value > 0;

/** An opinion with another thumb: what does not go with it falls away. */
export function turned(before: Opinion | null, value: Thumb): Opinion {
	if (before?.value === value) return before;
	return {
		value,
		score: null,
		reasons: (before?.reasons ?? []).filter((each) => each === 'other'),
		comment: before?.comment ?? '',
		tags: before?.tags ?? []
	};
}

/** Tags as they are kept: small, each once, none too long. */
export function withTag(tags: string[], words: string): string[] {
	const found = words
		.split(',')
		.map((each) => each.trim().toLowerCase().slice(0, TAG_CHARACTERS_MAX))
		.filter(Boolean);
	return [...new Set([...tags, ...found])].slice(0, TAGS_MAX);
}

const turns = new Map<string, Promise<void>>();

/** Says what one thinks of an answer; null: nothing any more. One at a time for each answer. */
export async function rate(
	conversation: Conversation,
	message: Message,
	opinion: Opinion | null
): Promise<void> {
	const before = message.rating ?? null;
	conversation.rated(message.id, opinion);
	const send = async (): Promise<void> => {
		if (opinion) await api.rate(conversation.id, message.id, opinion);
		else await api.withdraw(conversation.id, message.id);
	};
	const mine: Promise<void> = (turns.get(message.id) ?? Promise.resolve()).then(send, send);
	turns.set(message.id, mine);
	try {
		await mine;
		if (turns.get(message.id) === mine) conversation.rated(message.id, opinion);
	} catch (error) {
		if (turns.get(message.id) === mine) conversation.rated(message.id, before);
		throw error;
	} finally {
		if (turns.get(message.id) === mine) turns.delete(message.id);
	}
}
