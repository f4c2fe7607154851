import { describe, expect, it } from 'vitest';
import type { Message } from '#lib/api/types.ts';
import { isRunning, joinBranch, withNew, withOlder } from './branch.ts';

const message = (id: string, parent_id: string | null, more: Partial<Message> = {}) =>
	({ id, parent_id, role: 'user', content: id, ...more }) as Message;

const chain = (...ids: string[]) => ids.map((id, at) => message(id, ids[at - 1] ?? null));
const ids = (messages: Message[]) => messages.map((each) => each.id).join('');

describe('a branch that is read again', () => {
	it('keeps what was loaded above', () => {
		const joined = joinBranch(chain('a', 'b', 'c', 'd'), chain('a', 'b', 'c', 'd', 'e').slice(2));
		expect(ids(joined.messages)).toBe('abcde');
		expect(joined.kept).toBe(true);
	});

	it('hangs a page below the parent of its first message', () => {
		const joined = joinBranch(chain('a', 'b'), [message('x', 'b'), message('y', 'x')]);
		expect(ids(joined.messages)).toBe('abxy');
	});

	it('lets go of another branch', () => {
		const joined = joinBranch(chain('a', 'b', 'c'), [message('x', 'q'), message('y', 'x')]);
		expect(ids(joined.messages)).toBe('xy');
		expect(joined.kept).toBe(false);
	});

	it('may be empty', () => {
		expect(joinBranch(chain('a'), []).messages).toEqual([]);
	});

	it('takes older messages once', () => {
		expect(ids(withOlder(chain('b', 'c'), chain('a', 'b')))).toBe('abc');
	});
});

describe('a question that was accepted', () => {
	const answers = (parent: string) => [message('z', parent, { role: 'assistant' })];

	it('stands at the end', () => {
		expect(ids(withNew(chain('a', 'b'), message('q', 'b'), answers('q')))).toBe('abqz');
	});

	it('in other words replaces what followed its parent', () => {
		expect(ids(withNew(chain('a', 'b', 'c', 'd'), message('q', 'b'), answers('q')))).toBe('abqz');
		expect(ids(withNew(chain('a', 'b'), message('q', null), answers('q')))).toBe('qz');
	});

	it('is answered again in place of its answer', () => {
		expect(ids(withNew(chain('a', 'b', 'c'), null, answers('a')))).toBe('az');
	});

	it('of a branch that is not shown changes nothing', () => {
		expect(ids(withNew(chain('a', 'b'), message('q', 'x'), answers('q')))).toBe('ab');
	});
});

it('knows which answers still run', () => {
	expect(isRunning(message('a', null))).toBe(false);
	expect(isRunning(message('a', null, { role: 'assistant', status: 'queued' }))).toBe(true);
	expect(isRunning(message('a', null, { role: 'assistant', status: 'stopped' }))).toBe(false);
});
