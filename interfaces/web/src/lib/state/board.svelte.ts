import * as api from '#lib/api/evaluations.ts';
import { reason } from '#lib/api/client.ts';
import type { Change } from '#lib/api/types.ts';
import { live } from './live-feed.svelte.ts';

const GATHER = 500;
const FIRST: api.BoardQuery = {
	method: 'bt',
	category: '',
	language: '',
	ties: 'half',
	weighting: 'none',
	style: 'off',
	votes: 'eligible',
	space: '',
	as_of: ''
};

/** A leaderboard as it is chosen, kept up to date while somebody looks at the newest one. */
export class Board {
	query = $state.raw<api.BoardQuery>(FIRST);
	found = $state.raw<api.Leaderboard | null>(null);
	matrix = $state.raw<api.Matrix | null>(null);
	head = $state(0);
	error = $state('');
	busy = $state(false);
	private asking: AbortController | null = null;
	private timer: ReturnType<typeof setTimeout> | null = null;
	private silence = live.listen({
		change: (change: Change) => change.type.startsWith('battle.') && this.later(),
		lost: () => this.later()
	});

	close(): void {
		this.silence();
		this.asking?.abort();
		if (this.timer) clearTimeout(this.timer);
	}

	choose(change: Partial<api.BoardQuery>): void {
		this.query = { ...this.query, ...change };
		void this.load();
	}

	async load(): Promise<void> {
		this.asking?.abort();
		const asking = (this.asking = new AbortController());
		this.busy = true;
		try {
			const found = await api.leaderboard(this.given(), asking.signal);
			if (asking.signal.aborted) return;
			this.found = found;
			if (!this.query.as_of) this.head = found.position;
			this.error = '';
			this.matrix = found.entries.length ? await api.matrix(this.given()) : null;
		} catch (error) {
			if (!asking.signal.aborted) this.error = reason(error);
		} finally {
			if (this.asking === asking) this.busy = false;
		}
	}

	/** What differs from the usual; the server knows the rest. */
	private given(): Partial<api.BoardQuery> {
		const names = Object.keys(FIRST) as (keyof api.BoardQuery)[];
		return Object.fromEntries(
			names
				.filter((name) => this.query[name] !== FIRST[name])
				.map((name) => [name, this.query[name]])
		);
	}

	private later(): void {
		if (this.query.as_of) return;
		this.timer ??= setTimeout(() => {
			this.timer = null;
			void this.load();
		}, GATHER);
	}
}
