import { expect, test } from 'vitest';
import { gathered, short } from './marks.ts';

test('small series are told as one', () => {
	const lines = [1, 9, 5, 2].map((value) => ({ name: `m${value}`, values: [value, 0] }));
	expect(gathered(lines, 4, 'others')).toBe(lines);
	expect(gathered(lines, 3, 'others')).toEqual([
		{ name: 'm9', values: [9, 0] },
		{ name: 'm5', values: [5, 0] },
		{ name: 'others', values: [3, 0] }
	]);
});

test('large numbers are short', () => {
	expect([short(950), short(12_345), short(2_000_000)]).toEqual(['950', '12.3K', '2M']);
});
