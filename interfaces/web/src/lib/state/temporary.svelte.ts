import { start } from '#lib/api/chats.ts';
import { BASE } from '#lib/api/client.ts';
import { newId } from '#lib/api/ids.ts';
import type { Attachment } from '#lib/api/document-types.ts';
import type { PieceData, Piece } from '#lib/api/types.ts';
import { addPiece, emptyAnswer, type AnswerText } from '#lib/stream/answer.ts';
import { SseLink } from '#lib/stream/sse.ts';
import type { Documents } from './attachments.svelte.ts';
import { models } from './models.svelte.ts';
import { documentsOf } from './outbox.svelte.ts';

export interface Turn {
	id: string;
	role: 'user' | 'assistant';
	content: string;
	/** What a question is about, and those after it. */
	attachments?: Attachment[];
	web_search?: boolean;
	model?: string;
	answer?: AnswerText;
	failed?: string;
}

const ATTACHMENTS_MAX = 50;

/** A chat of which nothing is stored: it lives on this page alone, until it is saved. */
export class TemporaryChat {
	turns = $state.raw<Turn[]>([]);
	running = $state(false);
	private link: SseLink | null = null;

	async ask(content: string, model: string, documents: Documents): Promise<void> {
		models.remember([model]);
		this.turns = [...this.turns, { id: newId(), role: 'user', content, ...documents }];
		await this.answer(model);
	}

	/** The last question once more. */
	async again(): Promise<void> {
		const last = this.turns.at(-1);
		if (last?.role !== 'assistant' || !last.model) return;
		this.turns = this.turns.slice(0, -1);
		await this.answer(last.model);
	}

	stop(): void {
		this.link?.close();
	}

	/** Stores it after all; gives the id of the chat it became. */
	async save(): Promise<string> {
		const id = newId();
		const messages = this.turns.map((turn, at) => ({
			id: turn.id,
			parent_id: this.turns[at - 1]?.id ?? null,
			role: turn.role,
			content: turn.content,
			...documentsOf(turn),
			...(turn.answer?.citations ? { citations: turn.answer.citations } : {}),
			...(turn.model ? { model: turn.model } : {})
		}));
		await start({ id, messages });
		return id;
	}

	private async answer(model: string): Promise<void> {
		const messages = this.turns.map(({ role, content }) => ({ role, content }));
		const answer = emptyAnswer();
		const turn: Turn = { id: newId(), role: 'assistant', content: '', model, answer };
		this.turns = [...this.turns, turn];
		this.running = true;
		let refused = 0;
		let broken = false;
		this.link = new SseLink({
			url: () => `${BASE}/temporary/answers`,
			method: 'POST',
			body: { model, messages, ...this.documents() },
			onEvent: (event) => {
				const data = JSON.parse(event.data) as PieceData;
				addPiece(answer, { id: '', kind: event.event as Piece['kind'], data });
				this.show(turn, answer);
			},
			onState: (state, status) => {
				if (state === 'refused') refused = status;
				// Nothing of it is stored, so there is nothing to go on from.
				if (state === 'waiting') {
					broken = true;
					this.link?.close();
				}
			}
		});
		await this.link.run();
		this.link = null;
		this.running = false;
		if (answer.done) return this.show(turn, answer);
		answer.done = true;
		answer.status = refused || broken ? 'failed' : 'stopped';
		if (refused) answer.error = { kind: 'refused', message: `The server answered ${refused}.` };
		this.show(turn, answer);
	}

	/** What the last question may look into: all that was attached up to it, the newest first. */
	private documents() {
		const asked = this.turns.filter((each) => each.role === 'user').reverse();
		const known = new Map<string, Attachment>();
		for (const each of asked.flatMap(({ attachments }) => attachments ?? [])) {
			const key = each.id ?? each.url ?? '';
			if (!known.has(key)) known.set(key, each);
		}
		const attachments = [...known.values()].slice(0, ATTACHMENTS_MAX);
		return documentsOf({ attachments, web_search: asked[0]?.web_search });
	}

	private show(turn: Turn, answer: AnswerText): void {
		const now = { ...turn, content: answer.text, answer: { ...answer } };
		this.turns = this.turns.map((each) => (each.id === turn.id ? now : each));
	}
}
