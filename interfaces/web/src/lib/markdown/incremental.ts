/**
 * Markdown that grows: only the tail is read again. Blocks that nothing to come can change are
 * settled and keep their tokens, so the page does not touch them.
 */

import { Lexer, Marked, type Token, type TokensList } from 'marked';
import { heal } from './heal.ts';
import { mathBlock, mathInline } from './math.ts';

export interface Block {
	/** Where it begins in the text: what it is known by. */
	at: number;
	token: Token;
}

/** Blocks at the end that may still become something else. */
const UNSETTLED = 2;
/** What an earlier place may point to: then only reading the whole is right. */
const BACK_REFERENCE = /^ {0,3}\[[^\]\n]+\]:/m;
const HEALED = new Set(['paragraph', 'heading', 'list', 'blockquote']);

const marked = new Marked({ gfm: true, extensions: [mathBlock, mathInline] });

function lex(text: string, links?: TokensList['links']): TokensList {
	const lexer = new Lexer(marked.defaults);
	if (links) Object.assign(lexer.tokens.links, links);
	return lexer.lex(text);
}

export class IncrementalMarkdown {
	private source = '';
	private settled: Block[] = [];
	private cut = 0;
	private links: TokensList['links'] = {};

	/** The blocks of the text; `ended` says that nothing will follow. */
	update(text: string, ended: boolean): Block[] {
		const source = text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
		if (!source.startsWith(this.source.slice(0, this.cut)) || source.length < this.cut)
			this.reset();
		this.source = source;
		if (ended && this.cut > 0 && BACK_REFERENCE.test(source)) this.reset();
		const tail = this.located(lex(source.slice(this.cut), this.links));
		if (tail === null) return this.whole();
		if (ended) return [...this.settled, ...tail];
		this.settle(tail);
		return [...this.settled, ...this.healed(tail)];
	}

	private reset(): void {
		this.settled = [];
		this.cut = 0;
		this.links = {};
	}

	private whole(): Block[] {
		this.reset();
		const tokens = lex(this.source).filter((each) => each.type !== 'space');
		return tokens.map((token, index) => ({ at: index, token }));
	}

	/** Each token with its place. Tokens may have lost whitespace at their ends, so it is looked for. */
	private located(tokens: TokensList): Block[] | null {
		Object.assign(this.links, tokens.links);
		const blocks: Block[] = [];
		let at = this.cut;
		for (const token of tokens) {
			if (token.type === 'space') continue;
			const raw = token.raw.trimEnd();
			const found = this.source.indexOf(raw, at);
			if (found < 0 || this.source.slice(at, found).trim() !== '') return null;
			blocks.push({ at: found, token });
			at = found + raw.length;
		}
		return blocks;
	}

	/** Moves to `settled` what has enough whole blocks after it. */
	private settle(tail: Block[]): void {
		const count = tail.length - UNSETTLED;
		if (count <= 0) return;
		// A cut inside a line would change what the rest of the line means.
		const next = tail[count]!;
		const start = this.source.lastIndexOf('\n', next.at - 1) + 1;
		if (this.source.slice(start, next.at).trim() !== '') return;
		this.settled.push(...tail.splice(0, count));
		this.cut = start;
	}

	private healed(tail: Block[]): Block[] {
		const last = tail.at(-1);
		if (!last || !HEALED.has(last.token.type)) return tail;
		const text = heal(last.token.raw);
		if (text === last.token.raw) return tail;
		const again = lex(text, this.links).filter((each) => each.type !== 'space');
		const head = tail.slice(0, -1);
		return [...head, ...again.map((token, index) => ({ at: last.at + index, token }))];
	}
}
