import { describe, expect, it } from 'vitest';
import { ApiError } from './client.ts';
import type { FinishedFile, StoredFile, UploadState } from './document-types.ts';
import { ChunkedUpload, Gate, type Source, type Target, type Transport } from './uploads.ts';

const CHUNK = 4;
const NOT_THERE = () => new ApiError(404, 'not_found', 'There is no such upload.');

function fileOf(text: string, name = 'a.txt'): Source {
	return Object.assign(new Blob([text], { type: 'text/plain' }), { name });
}

/** A server of its own: keeps what arrives, and fails when it is told to. */
class Server implements Transport {
	uploads = new Map<string, { name: string; size: number; text: string }>();
	files = new Map<string, string>();
	calls: string[] = [];
	/** What goes wrong, by the number of the call. */
	troubles = new Map<number, 'lost' | 'cut' | ApiError>();
	running = 0;
	most = 0;

	private trouble(name: string): 'cut' | null {
		this.calls.push(name);
		const trouble = this.troubles.get(this.calls.length);
		if (trouble instanceof ApiError) throw trouble;
		if (trouble === 'lost') throw new ApiError(0, 'unreachable', 'gone');
		return trouble ?? null;
	}

	private state(id: string): UploadState {
		const found = this.uploads.get(id);
		if (!found) throw NOT_THERE();
		const { name, size, text } = found;
		return { id, name, size, received: text.length, chunk_bytes: CHUNK };
	}

	private cut(trouble: 'cut' | null): void {
		if (trouble) throw new ApiError(0, 'unreachable', 'the answer was lost');
	}

	async begin({ id, name, size }: { id: string; name: string; size: number }) {
		const trouble = this.trouble('begin');
		if (!this.uploads.has(id)) this.uploads.set(id, { name, size, text: '' });
		this.cut(trouble);
		return this.state(id);
	}

	async look(id: string) {
		this.trouble('look');
		return this.state(id);
	}

	async chunk(id: string, offset: number, body: Blob, tell: (sent: number) => void) {
		this.running += 1;
		this.most = Math.max(this.most, this.running);
		try {
			const trouble = this.trouble(`chunk ${offset}`);
			const found = this.uploads.get(id);
			if (!found) throw NOT_THERE();
			if (found.text.length !== offset) throw new ApiError(409, 'conflict', 'wrong offset');
			tell(body.size);
			found.text += await body.text();
			await new Promise((resolve) => setTimeout(resolve, 1));
			this.cut(trouble);
			return this.state(id);
		} finally {
			this.running -= 1;
		}
	}

	async finish(id: string, target: Target): Promise<FinishedFile> {
		const trouble = this.trouble('finish');
		const found = this.uploads.get(id);
		if (!found) throw NOT_THERE();
		expect(found.text.length).toBe(found.size);
		this.files.set(target.file_id, found.text);
		this.uploads.delete(id);
		this.cut(trouble);
		return this.file(target.file_id);
	}

	async file(id: string): Promise<StoredFile> {
		const text = this.files.get(id);
		if (text === undefined) throw NOT_THERE();
		return { id, size: text.length } as StoredFile;
	}

	async drop(id: string) {
		this.trouble('drop');
		this.uploads.delete(id);
	}
}

function upload(server: Server, text: string, options: { onprogress?: (n: number) => void } = {}) {
	return new ChunkedUpload(
		fileOf(text),
		{ file_id: 'f1' },
		{ transport: server, pauses: [1], gate: new Gate(), ...options }
	);
}

describe('an upload in chunks', () => {
	it('arrives whole and tells how far it is', async () => {
		const server = new Server();
		const told: number[] = [];
		const file = await upload(server, 'abcdefghij', { onprogress: (n) => told.push(n) }).run();
		expect(file.id).toBe('f1');
		expect(server.files.get('f1')).toBe('abcdefghij');
		expect(told).toEqual([0, 4, 4, 8, 8, 10, 10]);
		expect(server.calls).toEqual(['begin', 'chunk 0', 'chunk 4', 'chunk 8', 'finish']);
	});

	it('asks what has arrived after the line broke, and goes on from there', async () => {
		const server = new Server();
		server.troubles.set(3, 'lost');
		await upload(server, 'abcdefghij').run();
		expect(server.files.get('f1')).toBe('abcdefghij');
		const after = ['begin', 'chunk 0', 'chunk 4', 'look', 'chunk 4', 'chunk 8', 'finish'];
		expect(server.calls).toEqual(after);
	});

	it('sends nothing twice when only the answer was lost', async () => {
		const server = new Server();
		server.troubles.set(2, 'cut');
		await upload(server, 'abcdefghij').run();
		expect(server.files.get('f1')).toBe('abcdefghij');
		expect(server.calls.slice(0, 4)).toEqual(['begin', 'chunk 0', 'look', 'chunk 4']);
	});

	it('puts itself right when it is at the wrong place', async () => {
		const server = new Server();
		server.troubles.set(2, new ApiError(409, 'conflict', 'wrong offset'));
		await upload(server, 'abcdef').run();
		expect(server.files.get('f1')).toBe('abcdef');
	});

	it('begins once more when the server has forgotten it', async () => {
		const server = new Server();
		const sent = upload(server, 'abcdefgh', {
			onprogress: (n) => n === 8 && server.calls.length === 3 && server.uploads.clear()
		});
		await sent.run();
		expect(server.files.get('f1')).toBe('abcdefgh');
		expect(server.calls.filter((each) => each === 'begin')).toHaveLength(2);
	});

	it('finds the file when the answer to its end was lost', async () => {
		const server = new Server();
		server.troubles.set(3, 'cut');
		const file = await upload(server, 'abc').run();
		expect(file.id).toBe('f1');
		expect(server.calls).toEqual(['begin', 'chunk 0', 'finish', 'finish']);
	});

	it('sends an empty file without a chunk', async () => {
		const server = new Server();
		await upload(server, '').run();
		expect(server.calls).toEqual(['begin', 'finish']);
	});

	it('gives up at once when it is refused', async () => {
		const server = new Server();
		server.troubles.set(1, new ApiError(422, 'invalid', 'This ending is not allowed.'));
		await expect(upload(server, 'abc').run()).rejects.toThrow('This ending is not allowed.');
		expect(server.calls).toEqual(['begin']);
	});

	it('gives up when nothing comes through for too long', async () => {
		const server = new Server();
		for (let at = 2; at < 60; at += 1) server.troubles.set(at, 'lost');
		await expect(upload(server, 'abc').run()).rejects.toThrow('gone');
		expect(server.calls.length).toBeLessThan(20);
	});

	it('stops when it is told to, and takes back what it sent', async () => {
		const server = new Server();
		const sent: ChunkedUpload = upload(server, 'abcdefghijkl', {
			onprogress: (n) => n === 4 && sent.abort()
		});
		await expect(sent.run()).rejects.toThrow();
		await Promise.resolve();
		expect(server.files.size).toBe(0);
		expect(server.uploads.size).toBe(0);
		expect(server.calls.at(-1)).toBe('drop');
	});

	it('goes three at once, and all arrive', async () => {
		const server = new Server();
		const gate = new Gate();
		const all = Array.from({ length: 10 }, (_, at) =>
			new ChunkedUpload(
				fileOf('x'.repeat(9)),
				{ file_id: `f${at}` },
				{ transport: server, gate }
			).run()
		);
		await Promise.all(all);
		expect(server.files.size).toBe(10);
		expect(server.most).toBe(3);
	});

	it('leaves the line when it is stopped while it waits', async () => {
		const server = new Server();
		const gate = new Gate(1);
		const make = (id: string) =>
			new ChunkedUpload(fileOf('abcdefgh'), { file_id: id }, { transport: server, gate });
		const [first, second, third] = [make('f1'), make('f2'), make('f3')];
		const runs = [first, second, third].map((each) => each.run().catch(() => null));
		second.abort();
		await Promise.all(runs);
		expect([...server.files.keys()]).toEqual(['f1', 'f3']);
	});
});
