/** Where a passage stands in the text of its file. */

/** How much of a text is shown around a passage. */
export const AROUND = 12_000;
const SENTENCE_MIN = 8;
const WORDS_MAX = 1000;
const SURROGATE = /[\uD800-\uDBFF][\uDC00-\uDFFF]/;

export interface Part {
	text: string;
	/** Of the passage that was found, or of its words that were cited. */
	of: 'around' | 'passage' | 'quote';
}

export interface Place {
	parts: Part[];
	/** From where to where the cited words stand. */
	start: number;
	end: number;
	/** Something is left out at the beginning, or at the end. */
	cutBefore: boolean;
	cutAfter: boolean;
}

type Span = [number, number];

/** The server counts characters, the browser counts halves of the rarer ones twice. */
export function unitsOf(text: string, points: number): number {
	if (!SURROGATE.test(text)) return Math.min(points, text.length);
	let at = 0;
	for (let n = 0; n < points && at < text.length; n += 1)
		at += text.codePointAt(at)! > 0xffff ? 2 : 1;
	return at;
}

/** The same the other way round. */
export const pointsOf = (text: string, units: number) =>
	SURROGATE.test(text) ? [...text.slice(0, units)].length : units;

/**
 * The passage with what is around it, and its cited words marked. An edited text may have moved
 * it: then its words are looked for; null when they are gone.
 */
export function placeOf(
	text: string,
	passage: { start?: number | null; end?: number | null; quote?: string },
	around = AROUND
): Place | null {
	const given = rangeOf(text, passage);
	const words = passage.quote?.trim() ?? '';
	const inside = given && words ? marksOf(text, words, given) : [];
	const isThere = given && (words === '' || inside.length > 0);
	const marks = isThere ? inside : marksOf(text, words, [0, text.length]);
	const range = isThere ? given : marks.length > 0 ? spanning(marks) : null;
	if (!range) return null;
	const [start, end] = marks.length > 0 ? spanning(marks) : range;
	const from = lineStart(text, Math.max(0, start - around));
	const until = lineStop(text, Math.min(text.length, end + around));
	return {
		parts: partsOf(text, [from, until], range, marks.length > 0 ? marks : [range]),
		start,
		end,
		cutBefore: from > 0,
		cutAfter: until < text.length
	};
}

function rangeOf(text: string, { start, end }: Parameters<typeof placeOf>[1]): Span | null {
	if (start == null || end == null || end <= start) return null;
	const range: Span = [unitsOf(text, start), unitsOf(text, end)];
	return range[1] > range[0] ? range : null;
}

const spanning = (marks: Span[]): Span => [marks[0]![0], marks.at(-1)![1]];

/** Where the words of a quote stand: in one piece, or sentence by sentence. */
function marksOf(text: string, quote: string, [from, until]: Span): Span[] {
	const where = text.slice(from, until);
	const shift = ([start, end]: Span): Span => [start + from, end + from];
	const whole = found(where, quote, 0);
	if (whole) return [shift(whole)];
	const marks: Span[] = [];
	for (const sentence of quote.split(/(?<=[.!?:;])\s+|\n+|\s*\u2026\s*/)) {
		const span = sentence.length < SENTENCE_MIN ? null : found(where, sentence, 0);
		if (span) marks.push(shift(span));
	}
	return apart(marks);
}

/** The same words, however they are broken into lines. */
function found(where: string, words: string, from: number): Span | null {
	const each = words.split(/\s+/).filter(Boolean);
	if (each.length === 0 || each.length > WORDS_MAX) return null;
	const pattern = new RegExp(each.map(escaped).join('\\s+'), 'g');
	pattern.lastIndex = from;
	const hit = pattern.exec(where);
	return hit && [hit.index, hit.index + hit[0].length];
}

const escaped = (word: string) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** In their order, none inside of another. */
function apart(marks: Span[]): Span[] {
	const kept: Span[] = [];
	for (const mark of marks.toSorted((one, two) => one[0] - two[0]))
		if (mark[0] >= (kept.at(-1)?.[1] ?? 0)) kept.push(mark);
	return kept;
}

function partsOf(text: string, [from, until]: Span, range: Span, marks: Span[]): Part[] {
	const parts: Part[] = [];
	const edges = [from, until, ...range, ...marks.flat()]
		.filter((at) => at >= from && at <= until)
		.toSorted((one, two) => one - two);
	const within = (at: number, [start, end]: Span) => at >= start && at < end;
	edges.slice(1).forEach((end, index) => {
		const start = edges[index]!;
		if (end === start) return;
		const of = marks.some((mark) => within(start, mark))
			? 'quote'
			: within(start, range)
				? 'passage'
				: 'around';
		parts.push({ text: text.slice(start, end), of });
	});
	return parts;
}

function lineStart(text: string, at: number): number {
	return at === 0 ? 0 : text.lastIndexOf('\n', at) + 1;
}

function lineStop(text: string, at: number): number {
	const found = text.indexOf('\n', at);
	return found < 0 ? text.length : found;
}

/** The page of a place, from 1, when the text has pages. */
export const pageAt = (text: string, at: number) => text.slice(0, at).split('\f').length;
