/** The numbers of sources in a text: `[2]`, `[1, 3]`. Only numbers that have a source count. */

/** What the text is told about its sources, by context. */
export interface Cited {
	/** Their titles by number. */
	readonly titles: ReadonlyMap<number, string>;
	open(n: number): void;
}

export const CITED = Symbol('cited');

export type Part = { text: string } | { n: number };

const MARK = /\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]/g;

export function citedParts(
	text: string,
	known: Pick<ReadonlyMap<number, unknown>, 'size' | 'has'>
): Part[] {
	if (known.size === 0 || !text.includes('[')) return [{ text }];
	const parts: Part[] = [];
	let done = 0;
	for (const found of text.matchAll(MARK)) {
		const numbers = found[1]!.split(',').map(Number);
		if (!numbers.every((n) => known.has(n))) continue;
		// The number stands close to what it is a source of.
		const before = text.slice(done, found.index).replace(/[ \u00a0]$/, '\u00a0');
		if (before) parts.push({ text: before });
		parts.push(...numbers.map((n) => ({ n })));
		done = found.index + found[0].length;
	}
	if (done < text.length) parts.push({ text: text.slice(done) });
	return parts;
}
