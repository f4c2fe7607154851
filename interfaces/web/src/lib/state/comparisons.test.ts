import { expect, test } from 'vitest';
import { bestOf, odd } from './comparisons.ts';

const pair = (better_id: string, other_id: string) => ({ better_id, other_id });

test('one is best when it was said to be better than all others', () => {
	const ids = ['a', 'b', 'c'];
	expect(bestOf([], ids)).toBe(null);
	expect(bestOf([pair('b', 'a')], ids)).toBe(null);
	expect(bestOf([pair('b', 'a'), pair('b', 'c'), pair('a', 'x')], ids)).toBe('b');
	expect(bestOf([], ['a'])).toBe(null);
});

test('what is said of others goes when another is best', () => {
	const pairs = [pair('a', 'b'), pair('a', 'c'), pair('a', 'x')];
	expect(odd(pairs, ['a', 'b', 'c'], 'b')).toEqual([pair('a', 'c')]);
	expect(odd(pairs, ['a', 'b', 'c'], 'a')).toEqual([]);
	expect(odd(pairs, ['a', 'b', 'c'], null)).toEqual([pair('a', 'b'), pair('a', 'c')]);
});
