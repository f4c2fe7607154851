import { known, onSignedOut } from '#lib/api/client.ts';
import type { Change, Piece } from '#lib/api/types.ts';
import { openFeed, type Feed } from '#lib/stream/feed.ts';
import type { ToTab } from '#lib/stream/hub.ts';
import type { AnswerText } from '#lib/stream/answer.ts';
import type { LinkState } from '#lib/stream/sse.ts';

export interface Listener {
	change?(change: Change): void;
	/** Some changes may have been missed: read again. */
	lost?(): void;
	piece?(answer_id: string, piece: Piece): void;
	snapshot?(answer_id: string, answer: AnswerText): void;
}

const PATIENCE = 1500;

/** What is going on, as this tab hears it. */
class LiveFeed {
	state = $state<LinkState>('connecting');
	/** Cut off for long enough to be worth a word. */
	troubled = $state(false);
	online = $state(navigator.onLine);
	private feed: Feed | null = null;
	private listeners = new Set<Listener>();
	private followed = new Map<Listener, string[]>();
	private timer: ReturnType<typeof setTimeout> | null = null;

	constructor() {
		addEventListener('online', () => (this.online = true));
		addEventListener('offline', () => (this.online = false));
	}

	open(user: string): void {
		this.feed?.close();
		this.feed = openFeed(user, (message) => this.heard(message));
	}

	close(): void {
		this.feed?.close();
		this.feed = null;
		this.hold(false);
	}

	listen(listener: Listener): () => void {
		this.listeners.add(listener);
		return () => {
			this.listeners.delete(listener);
			this.followed.delete(listener);
			this.tell();
		};
	}

	/** The answers a listener wants the text of. */
	follow(listener: Listener, answers: string[]): void {
		const before = this.followed.get(listener) ?? [];
		if (before.join() === answers.join()) return;
		this.followed.set(listener, answers);
		this.tell();
	}

	/** An answer that had ended goes on. */
	again(answer: string): void {
		this.feed?.say({ kind: 'again', answer });
	}

	private tell(): void {
		const answers = [...new Set([...this.followed.values()].flat())];
		this.feed?.say({ kind: 'follow', answers });
	}

	private heard(message: ToTab): void {
		if (message.kind === 'state') this.stateIs(message.state, message.status);
		else if (message.kind === 'change') {
			known.see(message.change.position);
			for (const each of [...this.listeners]) each.change?.(message.change);
		} else if (message.kind === 'lost') for (const each of [...this.listeners]) each.lost?.();
		else if (message.kind === 'piece')
			for (const each of [...this.listeners]) each.piece?.(message.answer_id, message.piece);
		else for (const each of [...this.listeners]) each.snapshot?.(message.answer_id, message.answer);
	}

	private stateIs(state: LinkState, status: number): void {
		this.state = state;
		if (state === 'refused' && status === 401) onSignedOut.run();
		this.hold(state === 'waiting' || state === 'refused');
	}

	private hold(trouble: boolean): void {
		if (this.state === 'connecting' && this.timer) return;
		if (!trouble) {
			if (this.timer) clearTimeout(this.timer);
			this.timer = null;
			this.troubled = false;
		} else this.timer ??= setTimeout(() => (this.troubled = true), PATIENCE);
	}
}

export const live = new LiveFeed();
