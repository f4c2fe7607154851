import { describe, expect, it } from 'vitest';
import { SseLink, type LinkState } from './sse.ts';

const NO_WAIT = [1];

interface Served {
	/** What is sent before the connection breaks, or ends in order. */
	text: string;
	status?: number;
	breaks?: boolean;
	hangs?: boolean;
}

/** A server that answers one connection after the other, cutting in the middle of bytes. */
function server(connections: Served[]) {
	const asked: { id: string | null; url: string }[] = [];
	const fetch = (url: string | URL | Request, init?: RequestInit) => {
		const headers = new Headers(init?.headers);
		asked.push({ id: headers.get('Last-Event-ID'), url: String(url) });
		const served = connections.shift() ?? { text: '', status: 404 };
		const bytes = new TextEncoder().encode(served.text);
		const body = new ReadableStream<Uint8Array>({
			start(controller) {
				for (let at = 0; at < bytes.length; at += 3) controller.enqueue(bytes.slice(at, at + 3));
				init?.signal?.addEventListener('abort', () => {
					if (served.hangs) controller.error(new Error('aborted'));
				});
				if (served.breaks) setTimeout(() => controller.error(new Error('cut')), 5);
				else if (!served.hangs) controller.close();
			}
		});
		return Promise.resolve(new Response(body, { status: served.status ?? 200 }));
	};
	return { asked, fetch: fetch as typeof globalThis.fetch };
}

const event = (id: number, data: string) => `id: ${id}\nevent: delta\ndata: ${data}\n\n`;

function link(connections: Served[], options: { endless?: boolean; silence?: number } = {}) {
	const { asked, fetch } = server(connections);
	const heard: string[] = [];
	const states: LinkState[] = [];
	let lost = 0;
	const made = new SseLink({
		url: () => '/stream',
		fetch,
		backoff: NO_WAIT,
		onEvent: (each) => heard.push(each.data),
		onState: (state) => states.push(state),
		onLost: () => (lost += 1),
		...options
	});
	return { made, asked, heard, states, lost: () => lost };
}

describe('a stream of events', () => {
	it('goes on where it was cut, with nothing lost or doubled', async () => {
		const { made, asked, heard } = link([
			{ text: event(1, 'é') + event(2, 'ü'), breaks: true },
			{ text: event(3, '漢') + 'id: 4\ndata: half', breaks: true },
			{ text: event(4, 'half, whole now') }
		]);
		await made.run();
		expect(heard).toEqual(['é', 'ü', '漢', 'half, whole now']);
		expect(asked.map((each) => each.id)).toEqual([null, '2', '3']);
	});

	it('ends when it ends in order, unless it is endless', async () => {
		const one = link([{ text: event(1, 'a') }, { text: event(2, 'b') }]);
		await one.made.run();
		expect(one.heard).toEqual(['a']);
		const all = link([{ text: event(1, 'a') }, { text: event(2, 'b') }], { endless: true });
		await all.made.run();
		expect(all.heard).toEqual(['a', 'b']);
	});

	it('waits out a server that is busy, and stops where it is refused', async () => {
		const { made, heard, states } = link([
			{ text: '', status: 503 },
			{ text: event(1, 'a'), breaks: true },
			{ text: '', status: 401 }
		]);
		await made.run();
		expect(heard).toEqual(['a']);
		expect(states.at(-1)).toBe('refused');
	});

	it('forgets a place the server does not know', async () => {
		const { made, asked, lost } = link([
			{ text: event(7, 'a'), breaks: true },
			{ text: '', status: 409 },
			{ text: event(1, 'b') }
		]);
		await made.run();
		expect(lost()).toBe(1);
		expect(asked.map((each) => each.id)).toEqual([null, '7', null]);
	});

	it('counts silence as dead', async () => {
		const { made, heard } = link([{ text: event(1, 'a'), hangs: true }, { text: event(2, 'b') }], {
			silence: 30
		});
		await made.run();
		expect(heard).toEqual(['a', 'b']);
	});

	it('can be closed while it waits', async () => {
		const { made } = link([{ text: event(1, 'a'), hangs: true }]);
		const running = made.run();
		setTimeout(() => made.close(), 10);
		await running;
	});
});
