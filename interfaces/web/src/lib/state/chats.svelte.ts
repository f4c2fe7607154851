import * as api from '#lib/api/chats.ts';
import { ApiError, reason } from '#lib/api/client.ts';
import type { Change, Chat } from '#lib/api/types.ts';

const QUIET = new Set(['answer.checkpointed', 'chat.leaf_chosen']);
const GATHER = 80;

/** The list at the side: newest first, page after page, kept right by the feed. */
export class ChatList {
	items = $state.raw<Chat[]>([]);
	cursor = $state<string | null>(null);
	loaded = $state(false);
	loading = $state(false);
	error = $state<string | null>(null);
	private changed = new Set<string>();
	private timer: ReturnType<typeof setTimeout> | null = null;

	async load(): Promise<void> {
		await this.page(null);
	}

	async more(): Promise<void> {
		if (this.cursor && !this.loading) await this.page(this.cursor);
	}

	find(id: string): Chat | undefined {
		return this.items.find((each) => each.id === id);
	}

	get running(): number {
		return this.items.filter((each) => each.running > 0).length;
	}

	/** A change the feed told: the chat is read again, several changes at once. */
	heard(change: Change): void {
		if (!change.chat_id || QUIET.has(change.type)) return;
		this.changed.add(change.chat_id);
		this.timer ??= setTimeout(() => void this.again(), GATHER);
	}

	put(chat: Chat): void {
		const rest = this.items.filter((each) => each.id !== chat.id);
		if (chat.deleted_at) this.items = rest;
		else if (this.isBeyond(chat, rest)) this.items = rest;
		else
			this.items = [...rest, chat].sort(
				(one, two) => two.updated_at.localeCompare(one.updated_at) || two.id.localeCompare(one.id)
			);
	}

	drop(id: string): void {
		this.items = this.items.filter((each) => each.id !== id);
	}

	clear(): void {
		this.items = [];
		this.cursor = null;
		this.loaded = false;
	}

	/** Older than all that is loaded, with more to load: it will come with its page. */
	private isBeyond(chat: Chat, rest: Chat[]): boolean {
		const last = rest.at(-1);
		return this.cursor !== null && last !== undefined && chat.updated_at < last.updated_at;
	}

	private async page(cursor: string | null): Promise<void> {
		this.loading = true;
		try {
			const page = await api.chats({ cursor: cursor ?? undefined });
			const before = cursor ? this.items : [];
			const has = new Set(before.map((each) => each.id));
			this.items = [...before, ...page.items.filter((each) => !has.has(each.id))];
			this.cursor = page.next_cursor;
			this.loaded = true;
			this.error = null;
		} catch (error) {
			this.error = reason(error);
		} finally {
			this.loading = false;
		}
	}

	private async again(): Promise<void> {
		const ids = [...this.changed];
		this.changed.clear();
		this.timer = null;
		if (ids.length > 8) return this.load();
		await Promise.all(ids.map((id) => this.one(id)));
	}

	private async one(id: string): Promise<void> {
		try {
			this.put(await api.chat(id));
		} catch (error) {
			if (error instanceof ApiError && error.status === 404) this.drop(id);
		}
	}
}

export const chats = new ChatList();
