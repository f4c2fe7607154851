/** A first message on its way from the home page to the page of its chat. */

import type { Asked } from './asking.ts';

const waiting = new Map<string, Asked>();

export const handOver = (chat: string, asked: Asked) => waiting.set(chat, asked);

export function takeOver(chat: string): Asked | null {
	const asked = waiting.get(chat) ?? null;
	waiting.delete(chat);
	return asked;
}
