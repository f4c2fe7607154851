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
	as_of: '',
	topic: ''
};
/** A table about a topic is none of these. */
const PLAIN: (keyof api.BoardQuery)[] = ['method', 'weighting', 'style'];
const AGAIN = 1500;

/** A leaderboard as it is chosen, kept up to date while somebody looks at the newest one. */
export class Board {
	query: api.BoardQuery = $state.raw(FIRST);
	found = $state.raw<api.Leaderboard | null>(null);
	matrix = $state.raw<api.Matrix | null>(null);
	choices = $state.raw<api.BoardChoices>({ categories: [], languages: [], spaces: [] });
	head = $state(0);
	error = $state('');
	busy = $state(false);
	private asking: AbortController | null = null;
	private timer: ReturnType<typeof setTimeout> | null = null;
	private silence = live.listen({
		change: (change: Change) => change.type.startsWith('battle.') && this.later(),
		lost: () => this.later()
	});

	/** As an address has it, or as usual. */
	constructor(address: Pick<URLSearchParams, 'get'>) {
		const names = Object.keys(FIRST) as (keyof api.BoardQuery)[];
		const given = names.map((name) => [name, address.get(name) ?? FIRST[name]]);
		this.query = Object.fromEntries(given) as unknown as api.BoardQuery;
	}

	/** What an address says of it. */
	get address(): string {
		return new URLSearchParams(this.given()).toString();
	}

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
			const [found, choices] = await Promise.all([
				api.leaderboard(this.given(), asking.signal),
				api.choices(this.query.space, asking.signal)
			]);
			if (asking.signal.aborted) return;
			this.found = found;
			this.choices = choices;
			if (!this.query.as_of) this.head = found.position;
			this.error = '';
			if (found.topic?.reading) this.later(AGAIN);
			const all = { ...this.given(), topic: undefined };
			this.matrix = found.entries.length ? await api.matrix(all) : null;
		} catch (error) {
			if (!asking.signal.aborted) this.error = reason(error);
		} finally {
			if (this.asking === asking) this.busy = false;
		}
	}

	/** What differs from the usual; the server knows the rest. */
	private given(): Record<string, string> {
		const names = Object.keys(FIRST) as (keyof api.BoardQuery)[];
		return Object.fromEntries(
			names
				.filter((name) => this.query[name] !== FIRST[name])
				.filter((name) => !this.query.topic || !PLAIN.includes(name))
				.map((name) => [name, this.query[name]])
		);
	}

	private later(pause = GATHER): void {
		if (this.query.as_of && !this.found?.topic?.reading) return;
		this.timer ??= setTimeout(() => {
			this.timer = null;
			void this.load();
		}, pause);
	}
}
