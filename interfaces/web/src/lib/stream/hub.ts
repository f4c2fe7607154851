/**
 * Holds the one feed of a browser and shares it among its tabs. What an answer has said so far is
 * kept here while anybody follows it, so a tab that comes later gets it at once.
 */

import { BASE } from '#lib/api/client.ts';
import type { Change, Piece } from '#lib/api/types.ts';
import { addPiece, emptyAnswer, type AnswerText } from './answer.ts';
import { SseLink, type LinkState, type SseOptions } from './sse.ts';

export type ToTab =
	| { kind: 'state'; state: LinkState; status: number }
	| { kind: 'change'; change: Change }
	| { kind: 'lost' }
	| { kind: 'snapshot'; answer_id: string; answer: AnswerText }
	| { kind: 'piece'; answer_id: string; piece: Piece };

export type FromTab =
	| { kind: 'hello'; user: string }
	| { kind: 'follow'; answers: string[] }
	| { kind: 'again'; answer: string }
	| { kind: 'bye' };

export type Tell = (message: ToTab) => void;

interface Tab {
	tell: Tell;
	follows: Set<string>;
}

/** Opens one link; replaced in tests. */
export type Open = (options: SseOptions) => Pick<SseLink, 'run' | 'close'>;

export class Hub {
	private tabs = new Map<string, Tab>();
	private answers = new Map<string, AnswerText>();
	private link: ReturnType<Open> | null = null;
	private position = '';
	private user = '';
	private followed = '';
	private state: LinkState = 'connecting';
	private scheduled = false;

	constructor(private open: Open = (options) => new SseLink(options)) {}

	receive(tab: string, message: FromTab, tell: Tell): void {
		if (message.kind === 'hello') this.hello(tab, message.user, tell);
		else if (message.kind === 'follow') this.follow(tab, message.answers);
		else if (message.kind === 'again') this.again(message.answer);
		else this.bye(tab);
	}

	bye(tab: string): void {
		this.tabs.delete(tab);
		if (this.tabs.size > 0) return this.later();
		this.link?.close();
		this.link = null;
		this.user = '';
	}

	private hello(tab: string, user: string, tell: Tell): void {
		if (user !== this.user) this.forget(user);
		const follows = this.tabs.get(tab)?.follows ?? new Set();
		this.tabs.set(tab, { tell, follows });
		tell({ kind: 'state', state: this.state, status: 0 });
		if (!this.link || this.state === 'refused') this.reopen();
	}

	private forget(user: string): void {
		this.user = user;
		this.position = '';
		this.answers.clear();
		this.link?.close();
		this.link = null;
		this.state = 'connecting';
	}

	private follow(id: string, wanted: string[]): void {
		const tab = this.tabs.get(id);
		if (!tab) return;
		for (const answer of wanted) {
			const has = this.answers.get(answer);
			if (has && !tab.follows.has(answer))
				tab.tell({ kind: 'snapshot', answer_id: answer, answer: { ...has } });
		}
		tab.follows = new Set(wanted);
		this.later();
	}

	/** Several tabs may change what they follow at once: one new feed for all of it. */
	private later(): void {
		if (this.scheduled) return;
		this.scheduled = true;
		queueMicrotask(() => {
			this.scheduled = false;
			const wanted = this.wanted();
			const has = new Set(this.followed.split(','));
			// What nobody follows is forgotten, so that who comes later hears it from its start.
			for (const id of [...this.answers.keys(), ...has])
				if (!wanted.has(id)) {
					this.answers.delete(id);
					has.delete(id);
				}
			this.followed = [...has].join(',');
			const running = [...wanted].filter((id) => !this.answers.get(id)?.done);
			// Less to follow needs no new feed; more does.
			if (this.tabs.size > 0 && running.some((id) => !has.has(id))) this.reopen();
		});
	}

	private wanted(): Set<string> {
		const all = new Set<string>();
		for (const tab of this.tabs.values()) for (const id of tab.follows) all.add(id);
		return all;
	}

	private reopen(): void {
		this.link?.close();
		const link = this.open({
			url: () => this.url(),
			endless: true,
			lastEventId: this.position,
			onEvent: (event) => {
				if (this.link === link) this.heard(event.event ?? '', event.id ?? '', event.data);
			},
			onState: (state, status) => {
				if (this.link === link) this.say(state, status);
			},
			onLost: () => {
				this.position = '';
				this.tell({ kind: 'lost' });
			}
		});
		this.link = link;
		void link.run();
	}

	private url(): string {
		const ids = [...this.wanted()].filter((id) => !this.answers.get(id)?.done);
		this.followed = ids.join(',');
		const query = ids.map((id) => `${id}~${this.answers.get(id)?.lastId ?? ''}`).join(',');
		return `${BASE}/feed` + (query ? `?answers=${encodeURIComponent(query)}` : '');
	}

	private say(state: LinkState, status: number): void {
		if (state === 'closed') return;
		this.state = state;
		this.tell({ kind: 'state', state, status });
	}

	private heard(event: string, id: string, text: string): void {
		const data = JSON.parse(text) as Record<string, unknown>;
		if (event === 'hello') this.greeted(data.position as number);
		else if (event === 'change') {
			if (id) this.position = id;
			this.tell({ kind: 'change', change: data as unknown as Change });
		} else if (event === 'piece')
			this.add(data.answer_id as string, data as unknown as Piece & { answer_id: string });
	}

	private greeted(position: number): void {
		if (!this.position) this.position = String(position);
	}

	private add(answer_id: string, { id, kind, data }: Piece): void {
		if (!this.followed.split(',').includes(answer_id)) return;
		const answer = this.answers.get(answer_id) ?? emptyAnswer();
		this.answers.set(answer_id, answer);
		if (answer.done) return;
		const piece = { id, kind, data };
		addPiece(answer, piece);
		for (const tab of this.tabs.values())
			if (tab.follows.has(answer_id)) tab.tell({ kind: 'piece', answer_id, piece });
	}

	/** An answer that had ended goes on: what was heard of it is old. */
	private again(answer_id: string): void {
		if (!this.answers.get(answer_id)?.done) return;
		this.answers.delete(answer_id);
		this.followed = '';
		const answer = emptyAnswer();
		for (const tab of this.tabs.values())
			if (tab.follows.has(answer_id)) tab.tell({ kind: 'snapshot', answer_id, answer });
		this.later();
	}

	private tell(message: ToTab): void {
		for (const tab of this.tabs.values()) tab.tell(message);
		if (message.kind !== 'change' || message.change.type !== 'answer.continued') return;
		for (const id of [message.change.answer_id, message.change.message_id]) if (id) this.again(id);
	}
}
