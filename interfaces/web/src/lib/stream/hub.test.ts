import { describe, expect, it } from 'vitest';
import { Hub, type ToTab } from './hub.ts';
import type { SseOptions } from './sse.ts';

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

/** A hub whose connections are spoken by the test. */
function told() {
	const links: { options: SseOptions; closed: boolean; url: string }[] = [];
	const hub = new Hub((options) => {
		const link = { options, closed: false, url: '' };
		links.push(link);
		return {
			run: async () => void (link.url = decodeURIComponent(options.url())),
			close: () => void (link.closed = true)
		};
	});
	const tab = (name: string) => {
		const heard: ToTab[] = [];
		return {
			heard,
			say: (message: Parameters<Hub['receive']>[1]) =>
				hub.receive(name, message, (each) => heard.push(structuredClone(each)))
		};
	};
	const piece = (answer_id: string, id: string, kind: string, data: object) =>
		links.at(-1)!.options.onEvent({
			event: 'piece',
			id: undefined,
			data: JSON.stringify({ answer_id, id, kind, data })
		});
	return { hub, links, tab, piece };
}

describe('the one feed of a browser', () => {
	it('opens once for many tabs, and closes with the last', () => {
		const { links, tab } = told();
		const one = tab('one');
		const two = tab('two');
		one.say({ kind: 'hello', user: 'mira' });
		two.say({ kind: 'hello', user: 'mira' });
		expect(links).toHaveLength(1);
		one.say({ kind: 'bye' });
		expect(links[0]!.closed).toBe(false);
		two.say({ kind: 'bye' });
		expect(links[0]!.closed).toBe(true);
	});

	it('gives a tab that comes later what was said before', async () => {
		const { links, tab, piece } = told();
		const one = tab('one');
		one.say({ kind: 'hello', user: 'mira' });
		one.say({ kind: 'follow', answers: ['a'] });
		await settled();
		expect(links.at(-1)!.url).toContain('answers=a~');
		piece('a', '1', 'start', { model: 'reader', attempt: 1 });
		piece('a', '2', 'delta', { text: 'Hello' });
		const two = tab('two');
		two.say({ kind: 'hello', user: 'mira' });
		two.say({ kind: 'follow', answers: ['a'] });
		await settled();
		expect(links).toHaveLength(2);
		piece('a', '3', 'delta', { text: ' you' });
		const [, snapshot, more] = two.heard;
		expect(snapshot).toMatchObject({ kind: 'snapshot', answer: { text: 'Hello' } });
		expect(more).toMatchObject({ kind: 'piece', piece: { data: { text: ' you' } } });
	});

	it('goes on behind the last piece when more is followed', async () => {
		const { links, tab, piece } = told();
		const one = tab('one');
		one.say({ kind: 'hello', user: 'mira' });
		one.say({ kind: 'follow', answers: ['a'] });
		await settled();
		piece('a', '1.5', 'delta', { text: 'x' });
		one.say({ kind: 'follow', answers: ['a', 'b'] });
		await settled();
		expect(links.at(-1)!.url).toContain('answers=a~1.5,b~');
		expect(links.at(-2)!.closed).toBe(true);
	});

	it('hears from its start what was let go and is followed again', async () => {
		const { links, tab, piece } = told();
		const one = tab('one');
		one.say({ kind: 'hello', user: 'mira' });
		one.say({ kind: 'follow', answers: ['a'] });
		await settled();
		piece('a', '1', 'delta', { text: 'x' });
		one.say({ kind: 'follow', answers: [] });
		await settled();
		piece('a', '2', 'delta', { text: 'y' });
		one.say({ kind: 'follow', answers: ['a'] });
		await settled();
		expect(links).toHaveLength(3);
		expect(links.at(-1)!.url).toMatch(/answers=a~$/);
		piece('a', '1', 'delta', { text: 'x' });
		expect(one.heard.filter((each) => each.kind === 'snapshot')).toEqual([]);
	});

	it('hears an answer anew that goes on after its end', async () => {
		const { links, tab, piece } = told();
		const one = tab('one');
		one.say({ kind: 'hello', user: 'mira' });
		one.say({ kind: 'follow', answers: ['a'] });
		await settled();
		piece('a', '1', 'delta', { text: 'x' });
		piece('a', '2', 'done', { status: 'stopped' });
		one.say({ kind: 'again', answer: 'a' });
		await settled();
		expect(links.at(-1)!.url).toContain('answers=a~');
		piece('a', '1', 'delta', { text: 'x' });
		expect(one.heard.at(-1)).toMatchObject({ kind: 'piece', piece: { id: '1' } });
	});

	it('begins afresh for another person', () => {
		const { links, tab } = told();
		const one = tab('one');
		one.say({ kind: 'hello', user: 'mira' });
		links[0]!.options.onEvent({ event: 'change', id: '12', data: '{"position":12,"type":"x"}' });
		one.say({ kind: 'hello', user: 'ana' });
		expect(links).toHaveLength(2);
		expect(links[1]!.options.lastEventId).toBe('');
	});
});
