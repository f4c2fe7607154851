/** Things of a knowledge base that go to another directory. */

import * as api from '#lib/api/knowledge.ts';
import type { KnowledgeEntry } from '#lib/api/document-types.ts';

export const MOVED = 'application/x-quire-entry';

export async function moveEntry(
	knowledge: string,
	entry: Pick<KnowledgeEntry, 'kind' | 'id'>,
	directory: string | null
): Promise<void> {
	if (entry.kind === 'file') await api.place(knowledge, [entry.id], directory);
	else if (entry.id !== directory)
		await api.changeDirectory(knowledge, entry.id, { parent_id: directory });
}

/** What is dragged over a place, or nothing of ours. */
export function draggedEntry(
	data: DataTransfer | null
): Pick<KnowledgeEntry, 'kind' | 'id'> | null {
	try {
		return JSON.parse(data?.getData(MOVED) || 'null');
	} catch {
		return null;
	}
}
