/** Files out of what was dropped or pasted; folders are walked through. */

export interface Picked {
	file: File;
	/** The folders above it, with slashes; empty when there are none. */
	folder: string;
}

const FILES_MAX = 2000;

export const carriesFiles = (data: DataTransfer | null) => data?.types.includes('Files') ?? false;

/** Must be called at once: the browser forgets what was dropped when the event is over. */
export async function droppedFiles(data: DataTransfer): Promise<Picked[]> {
	const entries = [...data.items]
		.filter((each) => each.kind === 'file')
		.map((each) => each.webkitGetAsEntry?.() ?? null);
	if (entries.length === 0 || entries.includes(null))
		return [...data.files].map((file) => ({ file, folder: '' }));
	const found: Picked[] = [];
	for (const entry of entries) await walk(entry!, '', found);
	return found;
}

/** What a file box has; of a chosen folder each file knows its place. */
export function chosenFiles(list: FileList | null): Picked[] {
	return [...(list ?? [])].map((file) => ({
		file,
		folder: file.webkitRelativePath.split('/').slice(0, -1).join('/')
	}));
}

async function walk(entry: FileSystemEntry, folder: string, found: Picked[]): Promise<void> {
	if (found.length >= FILES_MAX || entry.name.startsWith('.')) return;
	if (entry.isFile) {
		const file = await fileOf(entry as FileSystemFileEntry).catch(() => null);
		if (file) found.push({ file, folder });
		return;
	}
	const inside = folder ? `${folder}/${entry.name}` : entry.name;
	const reader = (entry as FileSystemDirectoryEntry).createReader();
	// A reader gives a hundred at a time, until it gives none.
	for (;;) {
		const some = await entriesOf(reader).catch(() => []);
		if (some.length === 0) return;
		for (const each of some) await walk(each, inside, found);
	}
}

const fileOf = (entry: FileSystemFileEntry) =>
	new Promise<File>((resolve, reject) => entry.file(resolve, reject));
const entriesOf = (reader: FileSystemDirectoryReader) =>
	new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
