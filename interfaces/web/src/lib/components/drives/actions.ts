/** What menus offer of drives: those that administrators allow. */

import type { DriveKind } from '#lib/api/document-types.ts';
import { features } from '#lib/state/features.svelte.ts';

export const DRIVE_NAMES: Record<DriveKind, string> = {
	google: 'Google Drive',
	microsoft: 'OneDrive'
};

/** Tells other tabs that a drive was linked. */
export const LINKED = 'quire-drives';

export const driveActions = (run: (kind: DriveKind) => void) =>
	features.now.drives.map((kind) => ({
		icon: 'cloud' as const,
		words: DRIVE_NAMES[kind],
		run: () => run(kind)
	}));
