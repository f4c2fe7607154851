import * as api from '#lib/api/judgings.ts';
import { reason } from '#lib/api/client.ts';
import { live } from './live-feed.svelte.ts';

const LOOK = 1000;

/** Judges and their runs, as the page shows them; looked at again while one is running. */
export class Judgings {
	judges = $state.raw<api.Judge[]>([]);
	runs = $state.raw<api.Judging[]>([]);
	cursor = $state<string | null>(null);
	loaded = $state(false);
	busy = $state(false);
	error = $state('');
	private timer: ReturnType<typeof setTimeout> | undefined;
	private stop: (() => void) | null = null;

	open(): void {
		const again = () => void this.load();
		this.stop = live.listen({
			change: ({ type }) => type.startsWith('judging.') && again(),
			lost: again
		});
		again();
	}

	close(): void {
		this.stop?.();
		this.stop = null;
		clearTimeout(this.timer);
	}

	async load(): Promise<void> {
		clearTimeout(this.timer);
		try {
			const [judges, page] = await Promise.all([api.judges(), api.judgings()]);
			this.judges = judges.items;
			const seen = new Set(page.items.map((each) => each.id));
			const older = this.runs.filter((each) => !seen.has(each.id));
			if (!older.length) this.cursor = page.next_cursor;
			this.runs = [...page.items, ...older];
			this.loaded = true;
			this.error = '';
		} catch (failure) {
			this.error = reason(failure);
		}
		if (this.stop && this.runs.some((each) => each.state === 'running'))
			this.timer = setTimeout(() => void this.load(), LOOK);
	}

	more = () =>
		this.attempt(async () => {
			const page = await api.judgings(this.cursor);
			this.runs = [...this.runs, ...page.items];
			this.cursor = page.next_cursor;
		});

	start = (wish: api.NewJudging) => this.attempt(() => api.start(wish), true);
	end = (id: string) => this.attempt(() => api.stop(id), true);

	private async attempt(action: () => Promise<unknown>, again = false): Promise<void> {
		this.busy = true;
		try {
			await action();
			if (again) await this.load();
		} catch (failure) {
			this.error = reason(failure);
		}
		this.busy = false;
	}
}
