import { describe, expect, it } from 'vitest';
import { citedParts } from './cited.ts';

const known = new Map([1, 2, 3].map((n) => [n, `source ${n}`]));
const parts = (text: string) => citedParts(text, known);

describe('the numbers of sources in a text', () => {
	it('become marks where they stand', () => {
		expect(parts('Tea is old [1]. So is rice [2].')).toEqual([
			{ text: 'Tea is old\u00a0' },
			{ n: 1 },
			{ text: '. So is rice\u00a0' },
			{ n: 2 },
			{ text: '.' }
		]);
	});

	it('may stand together', () => {
		expect(parts('Both[1, 3]')).toEqual([{ text: 'Both' }, { n: 1 }, { n: 3 }]);
		expect(parts('Both[1][2]')).toEqual([{ text: 'Both' }, { n: 1 }, { n: 2 }]);
	});

	it('count only when there is such a source', () => {
		expect(parts('see [7] and [1, 9]')).toEqual([{ text: 'see [7] and [1, 9]' }]);
		expect(citedParts('see [1]', new Map())).toEqual([{ text: 'see [1]' }]);
	});

	it('are not what only looks like them', () => {
		for (const text of ['a[i] = [1;2]', '[ 1]', '[]', '[1', '[one]', '[1234]'])
			expect(parts(text)).toEqual([{ text }]);
	});
});
