/** Entries of the list of models behind which one of several hides, as a form has them. */

import type { ArenaEntry } from '#lib/api/evaluation-settings.ts';

export interface EntryDraft {
	/** Only for the form: entries may have no id of their own yet. */
	key: number;
	id: string;
	name: string;
	include: string;
	exclude: string;
}

const lines = (text: string) => [
	...new Set(
		text
			.split('\n')
			.map((each) => each.trim())
			.filter(Boolean)
	)
];

export const draftOf = (entry: ArenaEntry, key: number): EntryDraft => ({
	...entry,
	key,
	include: entry.include.join('\n'),
	exclude: entry.exclude.join('\n')
});

export const entryOf = (draft: EntryDraft): ArenaEntry => ({
	id: draft.id.trim(),
	name: draft.name.trim(),
	include: lines(draft.include),
	exclude: lines(draft.exclude)
});

/** The id for a name that has none yet, as the server takes it, and not one of these. */
export function idFor(name: string, taken: readonly string[]): string {
	const words = name
		.toLowerCase()
		.normalize('NFKD')
		.replace(/[^a-z0-9]+/g, '-')
		.replace(/^-|-$/g, '')
		.slice(0, 60)
		.replace(/-$/, '');
	const first = words ? `arena-${words}` : 'arena';
	let found = first;
	for (let n = 2; taken.includes(found); n += 1) found = `${first}-${n}`;
	return found;
}
