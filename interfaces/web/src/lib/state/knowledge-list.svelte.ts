import * as api from '#lib/api/knowledge.ts';
import { reason } from '#lib/api/client.ts';
import type { Knowledge } from '#lib/api/document-types.ts';
import type { Change } from '#lib/api/types.ts';
import { live } from './live-feed.svelte.ts';

const GATHER = 300;

/** The knowledge bases one may read. */
export class KnowledgeList {
	items = $state.raw<Knowledge[]>([]);
	cursor = $state<string | null>(null);
	filter = $state.raw<{ query: string; filter: 'mine' | 'shared' | ''; trash: boolean }>({
		query: '',
		filter: '',
		trash: false
	});
	loaded = $state(false);
	error = $state('');
	private round = 0;
	private timer: ReturnType<typeof setTimeout> | null = null;
	private silence = live.listen({
		change: (change: Change) => change.type.startsWith('knowledge.') && this.later(),
		lost: () => this.later()
	});

	close(): void {
		this.silence();
		if (this.timer) clearTimeout(this.timer);
	}

	choose(change: Partial<KnowledgeList['filter']>): void {
		this.filter = { ...this.filter, ...change };
		void this.load();
	}

	drop(id: string): void {
		this.items = this.items.filter((each) => each.id !== id);
	}

	async load(more = false): Promise<void> {
		const round = (this.round += 1);
		try {
			const cursor = more ? (this.cursor ?? undefined) : undefined;
			const page = await api.list({ ...this.filter, cursor });
			if (round !== this.round) return;
			this.items = more ? [...this.items, ...page.items] : page.items;
			this.cursor = page.next_cursor;
			this.loaded = true;
			this.error = '';
		} catch (error) {
			if (round === this.round) this.error = reason(error);
		}
	}

	private later(): void {
		this.timer ??= setTimeout(() => {
			this.timer = null;
			void this.load();
		}, GATHER);
	}
}
