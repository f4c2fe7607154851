/** Keeps shown files right: by what the feed tells, and by looking while work on them goes on. */

import { file as readFile } from '#lib/api/files.ts';
import { ApiError } from '#lib/api/client.ts';
import type { StoredFile } from '#lib/api/document-types.ts';
import type { Change } from '#lib/api/types.ts';
import { live, type Listener } from './live-feed.svelte.ts';

const GATHER = 120;
const POLL = 1500;
const AT_ONCE = 12;

export const inWork = (file: Pick<StoredFile, 'state' | 'deleted_at'>) =>
	!file.deleted_at && file.state !== 'ready' && file.state !== 'failed';

export interface Watched {
	/** The files that are shown. */
	shown: () => StoredFile[];
	/** A file as it is now; null when it is gone. */
	put: (id: string, file: StoredFile | null) => void;
	/** Something happened to a file that is not shown. */
	other?: (change: Change) => void;
	lost?: () => void;
}

export class FileWatch implements Listener {
	private changed = new Set<string>();
	private timer: ReturnType<typeof setTimeout> | null = null;
	private poll: ReturnType<typeof setInterval>;
	private silence: () => void;

	constructor(private watched: Watched) {
		this.silence = live.listen(this);
		this.poll = setInterval(() => this.look(), POLL);
	}

	close(): void {
		this.silence();
		clearInterval(this.poll);
		if (this.timer) clearTimeout(this.timer);
	}

	change(change: Change): void {
		if (!change.type.startsWith('file.') || !change.id) return;
		if (this.watched.shown().some((each) => each.id === change.id)) this.again(change.id);
		else this.watched.other?.(change);
	}

	lost(): void {
		this.watched.lost?.();
	}

	again(id: string): void {
		this.changed.add(id);
		this.timer ??= setTimeout(() => void this.read(), GATHER);
	}

	private look(): void {
		if (document.hidden || !live.online) return;
		for (const each of this.watched.shown().filter(inWork).slice(0, AT_ONCE)) this.again(each.id);
	}

	private async read(): Promise<void> {
		const ids = [...this.changed];
		this.changed.clear();
		await Promise.all(ids.map((id) => this.one(id)));
		this.timer = null;
		const [next] = this.changed;
		if (next) this.again(next);
	}

	private async one(id: string): Promise<void> {
		try {
			this.watched.put(id, await readFile(id));
		} catch (error) {
			if (error instanceof ApiError && error.status === 404) this.watched.put(id, null);
		}
	}
}
