import { SvelteMap } from 'svelte/reactivity';
import * as api from '#lib/api/chats.ts';
import { ApiError, reason } from '#lib/api/client.ts';
import type { Opinion } from '#lib/api/ratings.ts';
import type { Change, Chat, Message, Piece } from '#lib/api/types.ts';
import type { AnswerText } from '#lib/stream/answer.ts';
import { isRunning, joinBranch, withNew, withOlder } from './branch.ts';
import { chats } from './chats.svelte.ts';
import { LiveAnswer } from './live.svelte.ts';
import { live, type Listener } from './live-feed.svelte.ts';
import { Outbox } from './outbox.svelte.ts';

const QUIET = new Set(['answer.checkpointed', 'answer.started', 'chat.seen', 'chat.renamed']);
const PAGE = 30;
const PAGE_MAX = 100;
const GATHER = 60;

/** One chat as it is on the page: the branch that is shown, and what is being written in it. */
export class Conversation implements Listener {
	chat = $state.raw<Chat | null>(null);
	messages = $state.raw<Message[]>([]);
	cursor = $state<string | null>(null);
	loaded = $state(false);
	loadingOlder = $state(false);
	error = $state<ApiError | null>(null);
	/** Answers asked at once, by batch: shown beside each other. */
	beside = new SvelteMap<string, Message[]>();
	lives = new SvelteMap<string, LiveAnswer>();
	readonly outbox: Outbox;
	private silence: () => void;
	private timer: ReturnType<typeof setTimeout> | null = null;
	private reading = false;
	private readAgain = false;
	private closed = false;

	constructor(readonly id: string) {
		this.outbox = new Outbox(id);
		this.chat = chats.find(id) ?? null;
		this.silence = live.listen(this);
	}

	get running(): Message[] {
		const all = [...this.messages, ...[...this.beside.values()].flat()];
		const once = new Map(all.map((each) => [each.id, each]));
		return [...once.values()].filter((each) => isRunning(each) && !this.lives.get(each.id)?.done);
	}

	close(): void {
		this.closed = true;
		this.silence();
		if (this.timer) clearTimeout(this.timer);
	}

	async load(): Promise<void> {
		await this.refresh();
		if (!this.error) void this.seen();
	}

	/** Reads the end of the branch again; what is on the page is replaced only by what has come. */
	async refresh(): Promise<void> {
		if (this.reading) {
			this.readAgain = true;
			return;
		}
		this.reading = true;
		try {
			do {
				this.readAgain = false;
				await this.read();
			} while (this.readAgain && !this.closed);
			this.error = null;
		} catch (error) {
			this.error = error instanceof ApiError ? error : new ApiError(0, 'unknown', reason(error));
		} finally {
			this.reading = false;
			this.loaded = true;
		}
	}

	async older(): Promise<void> {
		if (!this.cursor || this.loadingOlder) return;
		this.loadingOlder = true;
		try {
			const page = await api.branch(this.id, { cursor: this.cursor, limit: PAGE });
			this.messages = withOlder(this.messages, page.items);
			this.cursor = page.next_cursor;
			await this.readBeside(page.items);
		} finally {
			this.loadingOlder = false;
		}
	}

	/** What the server accepted is shown at once, before anything is read again. */
	add(message: Message | null, answers: Message[]): void {
		this.messages = withNew(this.messages, message, answers);
		const batch = answers[0]?.batch_id;
		if (batch && answers.length > 1) this.beside.set(batch, answers);
		this.followRunning();
	}

	/** One message as it is now. */
	replace(message: Message): void {
		const swap = (each: Message) => (each.id === message.id ? message : each);
		this.messages = this.messages.map(swap);
		const batch = message.batch_id ? this.beside.get(message.batch_id) : undefined;
		if (batch && message.batch_id) this.beside.set(message.batch_id, batch.map(swap));
		if (message.role === 'assistant' && !isRunning(message)) this.lives.delete(message.id);
		this.followRunning();
	}

	/** What one thinks of an answer, on all places where it is shown. */
	rated(id: string, rating: Opinion | null): void {
		const swap = (each: Message) => (each.id === id ? { ...each, rating } : each);
		this.messages = this.messages.map(swap);
		for (const [batch, answers] of this.beside)
			if (answers.some((each) => each.id === id)) this.beside.set(batch, answers.map(swap));
	}

	/** An ended answer goes on in place. */
	goesOn(message: Message): void {
		this.lives.delete(message.id);
		this.replace(message);
		live.again(message.id);
	}

	change(change: Change): void {
		if (change.chat_id !== this.id) return;
		if (change.type === 'answer.continued') this.lives.delete(change.message_id ?? '');
		if (QUIET.has(change.type) && change.type !== 'chat.renamed') return;
		if (change.type.startsWith('chat.') && change.type !== 'chat.leaf_chosen')
			return void this.readChat();
		this.later();
	}

	lost(): void {
		this.later();
	}

	piece(answer_id: string, piece: Piece): void {
		const answer = this.lives.get(answer_id);
		if (!answer || answer.done) return;
		answer.add(piece);
		if (piece.kind === 'done') this.later();
	}

	snapshot(answer_id: string, answer: AnswerText): void {
		this.lives.get(answer_id)?.take(answer);
		if (answer.done) this.later();
	}

	async seen(): Promise<void> {
		if (!this.chat?.unread || document.hidden) return;
		this.chat = { ...this.chat, unread: false };
		chats.put(this.chat);
		await api.markRead(this.id).catch(() => undefined);
	}

	async readChat(): Promise<void> {
		const found = await api.chat(this.id).catch((error: unknown) => {
			if (error instanceof ApiError && error.status === 404) this.error = error;
			return null;
		});
		if (found) this.chat = found;
		if (found) void this.seen();
	}

	private later(): void {
		this.timer ??= setTimeout(() => {
			this.timer = null;
			void this.refresh().then(() => this.readChat());
		}, GATHER);
	}

	private async read(): Promise<void> {
		const limit = Math.min(PAGE_MAX, Math.max(PAGE, this.messages.length));
		const [chat, page] = await Promise.all([api.chat(this.id), api.branch(this.id, { limit })]);
		this.chat = chat;
		const { messages, kept } = joinBranch(this.messages, page.items);
		this.messages = messages.map((each) => this.newer(each));
		if (!kept) this.cursor = page.next_cursor;
		this.outbox.arrived(new Set(page.items.map((each) => each.id)));
		await this.readBeside(page.items);
		this.settle();
		this.followRunning();
	}

	/** A read that is behind the stream does not take back what the stream has told. */
	private newer(message: Message): Message {
		const told = this.lives.get(message.id);
		if (!told?.done || !isRunning(message)) return message;
		this.later();
		return message;
	}

	private async readBeside(messages: Message[]): Promise<void> {
		const parents = new Set(
			messages
				.filter((each) => (each.batch_count ?? 1) > 1 && each.parent_id)
				.map((each) => each.parent_id as string)
		);
		await Promise.all([...parents].map((parent) => this.readChildren(parent)));
	}

	private async readChildren(parent: string): Promise<void> {
		const { items } = await api.children(this.id, parent);
		const batches = new Map<string, Message[]>();
		for (const each of items)
			if (each.batch_id && (each.batch_count ?? 1) > 1)
				batches.set(each.batch_id, [...(batches.get(each.batch_id) ?? []), each]);
		for (const [batch, answers] of batches) this.beside.set(batch, answers);
	}

	/** What was stored whole needs its stream no longer. */
	private settle(): void {
		const all = [...this.messages, ...[...this.beside.values()].flat()];
		for (const each of all) if (!isRunning(each)) this.lives.delete(each.id);
	}

	private followRunning(): void {
		if (this.closed) return;
		const ids = this.running.map((each) => each.id);
		for (const id of ids) if (!this.lives.has(id)) this.lives.set(id, new LiveAnswer());
		const all = [...new Set([...ids, ...this.lives.keys()])].sort();
		live.follow(this, all);
	}
}
