import * as api from '#lib/api/queues.ts';
import { reason } from '#lib/api/client.ts';
import { live } from './live-feed.svelte.ts';

const PAUSE = 300;

/** The queues one looks after or may judge in; administrators see them move. */
export class Queues {
	items = $state.raw<api.Queue[]>([]);
	cursor = $state<string | null>(null);
	loaded = $state(false);
	busy = $state(false);
	error = $state('');
	private timer: ReturnType<typeof setTimeout> | undefined;
	private stop: (() => void) | null = null;

	open(): void {
		this.stop = live.listen({
			change: ({ type }) => type.startsWith('queue.') && this.soon(),
			lost: () => this.soon()
		});
		void this.load();
	}

	close(): void {
		this.stop?.();
		clearTimeout(this.timer);
	}

	load = () =>
		this.attempt(async () => {
			const page = await api.queues();
			const seen = new Set(page.items.map((each) => each.id));
			const older = this.cursor === null ? [] : this.items.filter((each) => !seen.has(each.id));
			if (!older.length) this.cursor = page.next_cursor;
			this.items = [...page.items, ...older];
			this.loaded = true;
		});

	more = () =>
		this.attempt(async () => {
			const page = await api.queues(this.cursor);
			this.items = [...this.items, ...page.items];
			this.cursor = page.next_cursor;
		});

	start = async (wish: api.NewQueue): Promise<boolean> => {
		const done = await this.attempt(() => api.open(wish));
		if (done) await this.load();
		return done;
	};

	end = async (id: string): Promise<void> => {
		if (await this.attempt(() => api.close(id))) await this.load();
	};

	/** Many people judge at once; it is enough to look now and then. */
	private soon(): void {
		clearTimeout(this.timer);
		this.timer = setTimeout(() => void this.load(), PAUSE);
	}

	private async attempt(action: () => Promise<unknown>): Promise<boolean> {
		this.busy = true;
		try {
			await action();
			this.error = '';
			return true;
		} catch (failure) {
			this.error = reason(failure);
			return false;
		} finally {
			this.busy = false;
		}
	}
}

/** One person at work in one queue. */
export class Annotating {
	queue = $state.raw<api.Queue | null>(null);
	item = $state.raw<api.Item | null>(null);
	comment = $state('');
	mine = $state(0);
	passed = $state(0);
	done = $state(false);
	busy = $state(false);
	error = $state('');

	constructor(readonly id: string) {}

	open = () =>
		this.attempt(async () => {
			const queue = await api.queue(this.id);
			this.mine = queue.mine;
			this.passed = queue.passed;
			this.queue = queue;
			if (queue.may_annotate) await this.next();
		});

	say = (winner: api.Winner) =>
		this.attempt(async () => {
			if (!this.item) return;
			await api.annotate(this.id, this.item.item, winner, this.comment);
			this.mine += 1;
			await this.next();
		});

	pass = () =>
		this.attempt(async () => {
			if (!this.item) return;
			await api.skip(this.id, this.item.item);
			this.passed += 1;
			await this.next();
		});

	again = () => this.attempt(() => this.next());

	private async next(): Promise<void> {
		this.item = (await api.take(this.id)).item;
		this.done = !this.item;
		this.comment = '';
	}

	private async attempt(action: () => Promise<void>): Promise<void> {
		if (this.busy) return;
		this.busy = true;
		try {
			await action();
			this.error = '';
		} catch (failure) {
			this.error = reason(failure);
		}
		this.busy = false;
	}
}
