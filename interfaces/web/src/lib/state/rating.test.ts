import { expect, test } from 'vitest';
import { fits, turned, withTag } from './rating.ts';

test('scores go with their thumb', () => {
	expect([1, 5, 6, 10].map((score) => fits(1, score))).toEqual([false, false, true, true]);
	expect([1, 5, 6, 10].map((score) => fits(-1, score))).toEqual([true, true, false, false]);
	expect(fits(0, 3)).toBe(true);
});

test('another thumb lets go of what does not fit, and keeps the words', () => {
	const up = {
		value: 1 as const,
		score: 9,
		reasons: ['accurate', 'other'],
		comment: 'a',
		tags: ['b']
	};
	expect(turned(up, 1)).toBe(up);
	expect(turned(up, -1)).toEqual({
		value: -1,
		score: null,
		reasons: ['other'],
		comment: 'a',
		tags: ['b']
	});
	expect(turned(null, 1).tags).toEqual([]);
});

test('tags are small, each once', () => {
	expect(withTag(['tea'], ' Tea, Green Tea ,,')).toEqual(['tea', 'green tea']);
	expect(withTag([], 'x'.repeat(60))[0]).toHaveLength(50);
});
