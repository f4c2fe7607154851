/** TeX between dollars or backslash brackets, as tokens of their own. */

import type { TokenizerAndRendererExtension, Tokens } from 'marked';

export interface MathToken {
	type: 'math' | 'mathBlock';
	raw: string;
	text: string;
}

const BLOCK_START = /(?:^|\n) {0,3}(?:\$\$|\\\[)/;
/** Alone on a line it is open until it is closed, like a fence. */
const FENCED =
	/^ {0,3}(?:\$\$[ \t]*\n([\s\S]*?)(?:\n {0,3}\$\$[ \t]*(?:\n+|$)|$)|\\\[[ \t]*\n([\s\S]*?)(?:\n {0,3}\\\][ \t]*(?:\n+|$)|$))/;
const ONE_PIECE =
	/^ {0,3}(?:\$\$((?:[^\n$]|\n(?![ \t]*\n))+?)\$\$|\\\[((?:[^\n]|\n(?![ \t]*\n))+?)\\\])[ \t]*(?:\n+|$)/;
const INLINE =
	/^(?:\$\$((?:\\.|[^\\$\n])+?)\$\$|\$(?![\s$])((?:\\.|[^\\$\n])+?)(?<!\s)\$(?!\d)|\\\(((?:[^\\\n]|\\(?!\)))+?)\\\))/;

export const mathBlock: TokenizerAndRendererExtension = {
	name: 'mathBlock',
	level: 'block',
	start: (src: string) => {
		const found = BLOCK_START.exec(src);
		return found ? found.index + (found[0].startsWith('\n') ? 1 : 0) : undefined;
	},
	tokenizer: (src: string) => {
		const found = FENCED.exec(src) ?? ONE_PIECE.exec(src);
		if (!found) return undefined;
		const text = (found[1] ?? found[2] ?? '').trim();
		return { type: 'mathBlock', raw: found[0], text } as Tokens.Generic;
	}
};

export const mathInline: TokenizerAndRendererExtension = {
	name: 'math',
	level: 'inline',
	start: (src: string) => {
		const found = /\$|\\\(/.exec(src);
		return found ? found.index : undefined;
	},
	tokenizer: (src: string) => {
		const found = INLINE.exec(src);
		if (!found) return undefined;
		const text = (found[1] ?? found[2] ?? found[3] ?? '').trim();
		return { type: 'math', raw: found[0], text } as Tokens.Generic;
	}
};
