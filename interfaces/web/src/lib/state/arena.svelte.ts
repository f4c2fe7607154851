import * as api from '#lib/api/arena.ts';
import { ApiError, BASE, reason } from '#lib/api/client.ts';
import { newId } from '#lib/api/ids.ts';
import { SseLink } from '#lib/stream/sse.ts';

interface Told {
	slot: api.Slot;
	kind: string;
	delta?: string;
	data?: { status?: string };
}

class Side {
	text = $state('');
	done = $state(false);
	failed = $state(false);
	/** Cut off: stopped, or lost by a worker. */
	cut = $state(false);
	model = $state<string | null>(null);
}

/** One battle as its voter sees it: two answers without names, a vote, then the names. */
export class Arena {
	prompt = $state('');
	id = $state<string | null>(null);
	chat = $state<string | null>(null);
	sides = $state<Record<api.Slot, Side>>({ a: new Side(), b: new Side() });
	winner = $state<api.Winner | null>(null);
	revealed = $state(false);
	/** False: a comparison in a chat, whose models were known. */
	blind = $state(true);
	busy = $state(false);
	error = $state('');
	/** Seconds until the server takes another vote. */
	wait = $state(0);
	private timer: ReturnType<typeof setInterval> | undefined;
	readonly ended = $derived(this.sides.a.done && this.sides.b.done);
	/** A vote on what was not said to its end counts in no table. */
	readonly whole = $derived(
		!(this.sides.a.failed || this.sides.b.failed || this.sides.a.cut || this.sides.b.cut)
	);
	private link: SseLink | null = null;

	close(): void {
		this.link?.close();
		clearInterval(this.timer);
	}

	clear(): void {
		this.close();
		this.id = this.chat = this.winner = null;
		this.revealed = false;
		this.error = '';
		this.wait = 0;
		this.sides = { a: new Side(), b: new Side() };
	}

	async start(prompt: string): Promise<void> {
		this.clear();
		this.prompt = prompt;
		await this.attempt(async () => {
			this.id = (await api.start(prompt, newId())).battle_id;
			this.follow(this.id);
		});
	}

	/** Go on with a battle that was begun before. */
	async open(id: string): Promise<void> {
		this.clear();
		await this.attempt(async () => {
			const found = await api.battle(id);
			this.id = id;
			this.take(found);
			if (!this.ended) this.follow(id);
		});
	}

	/** Say who was better, or think otherwise as long as nobody is named. */
	async vote(winner: api.Winner): Promise<void> {
		const { id, winner: before } = this;
		if (!id || !this.ended || this.revealed || this.wait || winner === before) return;
		await this.attempt(async () => {
			await (before ? api.changeVote(id, winner) : api.vote(id, winner));
			this.winner = winner;
		});
	}

	async retract(): Promise<void> {
		const { id } = this;
		if (!id || !this.winner) return;
		await this.attempt(async () => {
			await api.retract(id);
			this.winner = null;
		});
	}

	async reveal(): Promise<void> {
		const { id } = this;
		if (!id || !this.ended || this.revealed) return;
		await this.attempt(async () => {
			await api.reveal(id);
			this.link?.close();
			this.take(await api.battle(id));
		});
	}

	private take(found: api.Battle): void {
		this.prompt = found.prompt;
		this.chat = found.chat_id;
		this.winner = found.winner;
		this.revealed = found.revealed;
		this.blind = found.blind;
		for (const each of found.sides) {
			const side = this.sides[each.slot];
			side.model = each.model;
			if (!each.status) continue;
			side.text = each.content;
			side.done = true;
			side.failed = each.status === 'error';
			side.cut = each.status === 'aborted';
		}
	}

	private follow(id: string): void {
		this.link = new SseLink({
			url: () => `${BASE}/arena/battles/${id}/stream`,
			onEvent: (event) => {
				if (event.event === 'side') this.add(JSON.parse(event.data) as Told);
			},
			onLost: () => void this.open(id)
		});
		void this.link.run();
	}

	private add({ slot, kind, delta, data }: Told): void {
		const side = this.sides[slot];
		if (kind === 'delta') side.text += delta ?? '';
		else if (kind === 'restarted') side.text = '';
		else if (kind === 'done') {
			side.done = true;
			side.failed = data?.status === 'failed';
			side.cut = data?.status === 'stopped' || data?.status === 'interrupted';
		}
	}

	private async attempt(action: () => Promise<void>): Promise<void> {
		this.busy = true;
		try {
			await action();
			this.error = '';
		} catch (error) {
			this.error = reason(error);
			if (error instanceof ApiError && error.status === 429) this.pause(error.retryAfter ?? 10);
		}
		this.busy = false;
	}

	private pause(seconds: number): void {
		clearInterval(this.timer);
		this.wait = seconds;
		this.timer = setInterval(() => {
			this.wait -= 1;
			if (this.wait > 0) return;
			clearInterval(this.timer);
			this.error = '';
		}, 1000);
	}
}
