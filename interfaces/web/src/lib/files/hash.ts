/** The menu that opens at a `#`: knowledge bases, files and addresses. Pure. */

import type { Attachment } from '#lib/api/document-types.ts';

export const MOST = 8;

export interface Hash {
	/** Where the mark stands. */
	at: number;
	query: string;
}

interface Named {
	id: string;
	name: string;
}

/** The word at the caret when it begins with a mark; null elsewhere. */
export function hashAt(text: string, caret: number): Hash | null {
	const found = /(?:^|[\s(])#([^\s#]*)$/.exec(text.slice(0, caret));
	if (!found) return null;
	const query = found[1]!;
	return { at: caret - query.length - 1, query };
}

/** The text without the mark and its word, and where the caret then is. */
export function without(text: string, hash: Hash): { text: string; caret: number } {
	const end = hash.at + 1 + hash.query.length;
	const rest = text.slice(end);
	const before = text.slice(0, hash.at);
	return { text: before + (/\s$|^$/.test(before) ? rest.trimStart() : rest), caret: hash.at };
}

/** The address in a query, also without its scheme. */
export function addressIn(query: string): string | null {
	const whole = /^https?:\/\//i.test(query) ? query : `https://${query}`;
	if (!/^https?:\/\/[^\s/.]+(\.[^\s/.]+)+(\/\S*)?$/i.test(whole)) return null;
	if (whole !== query && !/^(www\.|[^/]+\/)/i.test(query)) return null;
	return URL.canParse(whole) ? whole : null;
}

/** What the menu offers, best first: what begins with the query before what has it inside. */
export function offered(query: string, knowledge: Named[], files: Named[]): Attachment[] {
	const url = addressIn(query);
	const web: Attachment[] = url
		? [{ kind: 'web', id: null, url, name: url.replace(/^https?:\/\//, ''), whole: false }]
		: [];
	const named = [
		...knowledge.map((each) => of('knowledge', each)),
		...files.map((each) => of('file', each))
	];
	const ranked = named
		.map((each, at) => ({ each, at, rank: rankOf(each.name, query) }))
		.filter((each) => each.rank >= 0)
		.sort((one, two) => one.rank - two.rank || one.at - two.at);
	return [...web, ...ranked.map(({ each }) => each)].slice(0, MOST);
}

const of = (kind: 'knowledge' | 'file', { id, name }: Named): Attachment => ({
	kind,
	id,
	url: null,
	name,
	whole: false
});

function rankOf(name: string, query: string): number {
	const [where, what] = [plain(name), plain(query)];
	if (what === '' || where.startsWith(what)) return 0;
	if (where.split(/[\s._-]+/).some((word) => word.startsWith(what))) return 1;
	return where.includes(what) ? 2 : -1;
}

const plain = (text: string) =>
	text
		.normalize('NFD')
		.replace(/\p{Mn}/gu, '')
		.toLowerCase();
