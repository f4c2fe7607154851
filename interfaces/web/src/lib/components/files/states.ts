/** The state of a file in words. */

import type { StoredFile } from '#lib/api/document-types.ts';
import { t, type Key } from '#lib/i18n/index.ts';
import { percent } from '#lib/i18n/sizes.ts';
import { inWork } from '#lib/state/file-watch.ts';

export const stateName = (state: StoredFile['state']) => t(`file.state.${state}` as Key);

/** Short, for a row or a chip; the reason is told beside it. */
export function stateWords(file: StoredFile): string {
	const { state, progress } = file;
	if (!inWork(file) || !progress || progress.total === 0) return stateName(state);
	return t('file.state.progress', {
		state: stateName(state),
		n: percent(progress.done, progress.total)
	});
}

/** Why it is not further: a failure, or what the work waits for. */
export function stateReason(file: StoredFile): string {
	if (file.state === 'failed') return file.error?.message ?? t('failed');
	return inWork(file) && file.waiting ? file.waiting : '';
}

export function partOf(file: StoredFile): number | undefined {
	const { progress } = file;
	return progress && progress.total > 0 ? Math.min(1, progress.done / progress.total) : undefined;
}
