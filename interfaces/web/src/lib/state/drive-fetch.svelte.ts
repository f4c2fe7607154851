import * as api from '#lib/api/drives.ts';
import { reason } from '#lib/api/client.ts';
import type { DriveKind, FinishedFile } from '#lib/api/document-types.ts';
import * as files from '#lib/api/files.ts';
import { newId } from '#lib/api/ids.ts';
import { t } from '#lib/i18n/index.ts';
import type { Arriving, UploadPhase } from './upload.svelte.ts';

const LOOK = 800;
const AT_ONCE = 50;
const LOOKS_MAX = 30;

/** Files of a drive that somebody chose. */
export interface Wished {
	kind: DriveKind;
	items: api.DriveItem[];
}

type Done = (file: FinishedFile, from: DriveFetch) => void;

/** A file that the server brings here from a drive, as the page shows it. */
export class DriveFetch implements Arriving {
	readonly key = newId();
	readonly name: string;
	size = $state(0);
	phase = $state<UploadPhase>('sending');
	sent = $state(0);
	error = $state('');
	file = $state.raw<FinishedFile | null>(null);
	note = $state<string | undefined>(t('drive.fetching'));
	/** The wish at the server; trying again is another one. */
	id = newId();
	private looks = 0;
	private ended: Promise<void> = Promise.resolve();
	private finish: () => void = () => undefined;

	constructor(
		readonly kind: DriveKind,
		readonly item: api.DriveItem,
		readonly place: api.Place,
		private ondone: Done
	) {
		this.name = item.name;
		this.size = item.size ?? 0;
		this.begin();
	}

	get running(): boolean {
		return this.phase === 'sending' || this.phase === 'waiting';
	}

	async end(): Promise<void> {
		await this.ended;
	}

	start(): void {
		this.id = newId();
		this.begin();
		void wish([this]);
	}

	stop(): void {
		this.close('stopped');
		void api.stop(this.id).catch(() => undefined);
	}

	fail(words: string): void {
		this.error = words;
		this.close('failed');
	}

	async see(now: api.DriveFile): Promise<void> {
		if (now.state === 'failed') return this.fail(now.message);
		this.sent = now.received;
		this.size = now.size ?? this.size;
		this.note = now.waiting ?? (this.sent > 0 && this.size > 0 ? undefined : t('drive.fetching'));
		if (now.state !== 'arrived' || !now.file_id) return;
		const file: FinishedFile = await files.file(now.file_id);
		if (!this.running) return;
		this.file = file;
		this.close('done');
		this.ondone(file, this);
	}

	/** It is said to be here and cannot be read: not for ever. */
	tire(): void {
		this.looks += 1;
		if (this.looks >= LOOKS_MAX) this.fail(t('failed'));
	}

	private begin(): void {
		this.looks = 0;
		this.error = '';
		this.sent = 0;
		this.phase = 'sending';
		this.note = t('drive.fetching');
		this.ended = new Promise((resolve) => (this.finish = resolve));
	}

	private close(phase: UploadPhase): void {
		this.phase = phase;
		this.note = undefined;
		this.finish();
	}
}

/** Looks how far all of them are, for as long as one is on its way. */
const running = new Set<DriveFetch>();
let timer: ReturnType<typeof setTimeout> | null = null;

async function look(): Promise<void> {
	timer = null;
	for (const each of running) if (!each.running) running.delete(each);
	const some = [...running].slice(0, AT_ONCE);
	if (some.length === 0) return;
	try {
		const found = new Map(
			(await api.chosenFiles(some.map((each) => each.id))).map((f) => [f.id, f])
		);
		for (const each of some) {
			const now = found.get(each.id);
			// What is told of it may be newer than what can be read of it: then it is looked again.
			if (now && each.running) await each.see(now).catch(() => each.tire());
		}
	} catch {
		// Not now; it is looked again.
	}
	again();
}

function again(): void {
	timer ??= setTimeout(() => void look(), LOOK);
}

async function wish(fetches: DriveFetch[]): Promise<void> {
	const { kind, place } = fetches[0]!;
	const chosen = fetches.map(({ id, item, name }) => ({
		id,
		item: item.id,
		name: name.slice(0, 255)
	}));
	try {
		await api.choose(kind, chosen, place);
		for (const each of fetches) running.add(each);
		again();
	} catch (error) {
		for (const each of fetches) each.fail(reason(error));
	}
}

/** Have files of a drive brought here. */
export function fetchFiles({ kind, items }: Wished, place: api.Place, ondone: Done): DriveFetch[] {
	const begun = items.map((each) => new DriveFetch(kind, each, place, ondone));
	for (let at = 0; at < begun.length; at += AT_ONCE) void wish(begun.slice(at, at + AT_ONCE));
	return begun;
}
