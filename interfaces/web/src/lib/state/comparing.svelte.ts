import { SvelteMap } from 'svelte/reactivity';
import * as api from '#lib/api/arena.ts';
import type { Comparison } from '#lib/api/arena.ts';
import type { Message } from '#lib/api/types.ts';
import { bestOf, odd } from './comparisons.ts';

/** What one said of answers that stand side by side, by chat. */
class Comparing {
	private known = new SvelteMap<string, Comparison[]>();
	private asked = new Set<string>();

	async load(chat: string): Promise<void> {
		if (this.asked.has(chat)) return;
		this.asked.add(chat);
		try {
			await this.read(chat);
		} catch {
			this.asked.delete(chat);
		}
	}

	/** The answer that was said to be better than all beside it. */
	best(chat: string, answers: Message[]): string | null {
		const ids = answers.map((each) => each.id);
		return bestOf(this.known.get(chat) ?? [], ids);
	}

	/** Say that one is better than all others, and nothing else about them; null takes it back. */
	async say(chat: string, answers: Message[], better: string | null): Promise<void> {
		const ids = answers.map((each) => each.id);
		try {
			for (const each of odd(this.known.get(chat) ?? [], ids, better))
				await api.retract(each.battle_id);
			for (const other of ids)
				if (better && other !== better) await api.compare(chat, better, other);
		} finally {
			await this.read(chat);
		}
	}

	private async read(chat: string): Promise<void> {
		this.known.set(chat, (await api.comparisons(chat)).items);
	}
}

export const comparing = new Comparing();
