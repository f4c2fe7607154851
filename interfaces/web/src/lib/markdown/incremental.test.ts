import { Marked } from 'marked';
import { describe, expect, it } from 'vitest';
import { IncrementalMarkdown } from './incremental.ts';
import { mathBlock, mathInline } from './math.ts';
import { TEXTS } from './texts.ts';

const whole = new Marked({ gfm: true, extensions: [mathBlock, mathInline] });

/** A small generator with a seed, so that a failure can be seen again. */
function random(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state * 1664525 + 1013904223) % 4294967296;
		return state / 4294967296;
	};
}

const parsed = (text: string) =>
	whole
		.lexer(text)
		.filter((token) => token.type !== 'space')
		.map((token) => bare(token));

/** Tokens without the whitespace at their ends, which depends on what follows. */
function bare(token: object): unknown {
	return JSON.parse(
		JSON.stringify(token, (name, value: unknown) =>
			name === 'raw' && typeof value === 'string' ? value.trimEnd() : value
		)
	);
}

function chunks(text: string, next: () => number): string[] {
	const found: string[] = [];
	for (let at = 0; at < text.length;) {
		const size = 1 + Math.floor(next() * next() * 40);
		found.push(text.slice(at, at + size));
		at += size;
	}
	return found;
}

describe('markdown that grows', () => {
	for (const [name, text] of Object.entries(TEXTS))
		it(`ends as a parse of the whole: ${name}`, () => {
			const wanted = parsed(text);
			for (let seed = 1; seed <= 120; seed += 1) {
				const document = new IncrementalMarkdown();
				let sofar = '';
				for (const chunk of chunks(text, random(seed))) {
					sofar += chunk;
					document.update(sofar, false);
				}
				const blocks = document.update(text, true);
				expect(blocks.map((each) => bare(each.token))).toEqual(wanted);
			}
		});

	it('is right at every moment, not only at the end', () => {
		const document = new IncrementalMarkdown();
		const text = TEXTS.lists!;
		for (let length = 1; length <= text.length; length += 1) {
			const blocks = document.update(text.slice(0, length), false);
			const wanted = parsed(text.slice(0, length));
			// The last block is healed; all before it must be what a parse of the whole gives.
			const sure = wanted.slice(0, -1);
			expect(blocks.slice(0, sure.length).map((each) => bare(each.token))).toEqual(sure);
		}
	});

	it('keeps the tokens of settled blocks', () => {
		const document = new IncrementalMarkdown();
		const first = document.update('one\n\ntwo\n\nthree\n\nfour', false);
		const second = document.update('one\n\ntwo\n\nthree\n\nfour and more', false);
		expect(second[0]!.token).toBe(first[0]!.token);
	});

	it('begins anew when the text is another', () => {
		const document = new IncrementalMarkdown();
		document.update('# a\n\nb\n\nc\n\nd', false);
		const blocks = document.update('other', true);
		expect(blocks.map((each) => each.token.raw)).toEqual(['other']);
	});

	it('knows links that are defined late', () => {
		const document = new IncrementalMarkdown();
		const text = 'see [here][1]\n\na\n\nb\n\nc\n\n[1]: https://example.org';
		for (let length = 1; length < text.length; length += 3)
			document.update(text.slice(0, length), false);
		const blocks = document.update(text, true);
		expect(JSON.stringify(blocks[0]!.token)).toContain('https://example.org');
	});
});
