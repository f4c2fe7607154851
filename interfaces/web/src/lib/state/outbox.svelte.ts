import { ask } from '#lib/api/chats.ts';
import { ApiError, reason } from '#lib/api/client.ts';
import type { Attachment } from '#lib/api/document-types.ts';
import type { Accepted, Params } from '#lib/api/types.ts';
import { load, store } from './stored.ts';

export interface Letter {
	id: string;
	parent_id?: string | null;
	content: string;
	models: string[];
	params?: Params;
	attachments?: Attachment[];
	web_search?: boolean;
	/** A chat that does not exist yet is started with the same words. */
	first?: { system?: string | null; params?: Params };
	created_at: string;
	error: string | null;
	sending: boolean;
}

const RETRIES = [400, 1500];

/**
 * What was written and is not known to have arrived. It is kept in the browser until the server
 * has it, and sent again under the same id, so it can neither be lost nor come twice.
 */
export class Outbox {
	letters = $state.raw<Letter[]>([]);

	constructor(private chat: string) {
		this.letters = load<Letter[]>(this.place, []).map((each) => ({
			...each,
			sending: false,
			error: each.error ?? ''
		}));
	}

	/** Sends; the letter stays, with the reason, when that fails. */
	async send(letter: Letter, before: (letter: Letter) => Promise<void>): Promise<Accepted | null> {
		this.put({ ...letter, sending: true, error: null });
		for (let attempt = 0; ; attempt += 1) {
			try {
				await before(letter);
				const { id, parent_id, content, models, params } = letter;
				const more = documentsOf(letter);
				const accepted = await ask(this.chat, { id, parent_id, content, models, params, ...more });
				this.drop(id);
				return accepted;
			} catch (error) {
				const passing = error instanceof ApiError && error.passing && error.status !== 429;
				const pause = RETRIES[attempt];
				if (!passing || pause === undefined) {
					this.put({ ...letter, sending: false, error: reason(error) });
					return null;
				}
				await new Promise((resolve) => setTimeout(resolve, pause));
			}
		}
	}

	drop(id: string): void {
		this.letters = this.letters.filter((each) => each.id !== id);
		this.save((kept) => kept.filter((each) => each.id !== id));
	}

	/** What the chat already shows has arrived. */
	arrived(ids: Set<string>): void {
		if (this.letters.some((each) => ids.has(each.id))) {
			this.letters = this.letters.filter((each) => !ids.has(each.id));
			this.save((kept) => kept.filter((each) => !ids.has(each.id)));
		}
	}

	private put(letter: Letter): void {
		const add = (letters: Letter[]) =>
			letters.some((each) => each.id === letter.id)
				? letters.map((each) => (each.id === letter.id ? letter : each))
				: [...letters, letter];
		this.letters = add(this.letters);
		this.save(add);
	}

	/** Another tab may have letters of the same chat: only ours are touched. */
	private save(change: (kept: Letter[]) => Letter[]): void {
		const kept = change(load<Letter[]>(this.place, []));
		store(this.place, kept.length > 0 ? kept : null);
	}

	private get place(): string {
		return `outbox.${this.chat}`;
	}
}

/** What is asked about, as the server wants it: names are its own matter. */
export function documentsOf({
	attachments,
	web_search
}: Pick<Letter, 'attachments' | 'web_search'>) {
	const asked = (attachments ?? []).map(({ kind, id, url, whole }) => ({
		kind,
		...(id ? { id } : {}),
		...(url ? { url } : {}),
		...(whole ? { whole } : {})
	}));
	return {
		...(asked.length > 0 ? { attachments: asked } : {}),
		...(web_search ? { web_search } : {})
	};
}
