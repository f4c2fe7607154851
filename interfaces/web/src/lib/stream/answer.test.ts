import { describe, expect, it } from 'vitest';
import type { Piece } from '#lib/api/types.ts';
import { addPiece, emptyAnswer } from './answer.ts';

function after(...pieces: [Piece['kind'], Piece['data']][]) {
	const answer = emptyAnswer();
	pieces.forEach(([kind, data], at) => addPiece(answer, { id: String(at), kind, data }));
	return answer;
}

describe('the pieces of an answer', () => {
	it('add up to its text', () => {
		const answer = after(
			['status', { kind: 'queued' }],
			['start', { model: 'reader', attempt: 1 }],
			['reasoning', { text: 'hm' }],
			['delta', { text: 'Hel' }],
			['delta', { text: 'lo' }],
			['done', { status: 'completed', usage: { input_tokens: 3, output_tokens: 2 } }]
		);
		expect(answer).toMatchObject({ text: 'Hello', reasoning: 'hm', done: true, note: null });
		expect(answer.usage?.output_tokens).toBe(2);
	});

	it('are forgotten when it begins anew', () => {
		const answer = after(
			['delta', { text: 'wrong' }],
			['restarted', { attempt: 2 }],
			['delta', { text: 'right' }]
		);
		expect(answer.text).toBe('right');
		expect(answer.attempt).toBe(2);
	});

	it('tell what could not be asked, to the end', () => {
		const answer = after(
			['status', { kind: 'external_failed', problems: ['Handbook: no answer.'] }],
			['status', { kind: 'web_failed', problems: ['example.org: no answer.'] }],
			['delta', { text: 'x' }],
			['done', { status: 'completed' }]
		);
		expect(answer.problems).toEqual(['Handbook: no answer.', 'example.org: no answer.']);
	});

	it('tell what it waits for, until it goes on', () => {
		const waiting = after(['status', { kind: 'waiting', seconds: 3 }]);
		expect(waiting.note).toEqual({ kind: 'waiting', seconds: 3, count: undefined });
		addPiece(waiting, { id: '9', kind: 'delta', data: { text: 'x' } });
		expect(waiting.note).toBeNull();
	});

	it('keep what was left out, and the sources', () => {
		const answer = after(
			['status', { kind: 'left_out', count: 4 }],
			['status', { kind: 'citations', items: [{ n: 1, title: 't', quote: 'q', source: 's' }] }]
		);
		expect(answer.leftOut).toBe(4);
		expect(answer.citations).toHaveLength(1);
	});
});
