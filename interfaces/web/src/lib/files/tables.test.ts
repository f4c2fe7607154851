import { describe, expect, it } from 'vitest';
import { readTable, separatorOf, sheetsOf } from './tables.ts';

describe('a table', () => {
	it('has a header and rows', () => {
		expect(readTable('name,size\ntea,3\nrice,4\n')).toEqual({
			header: ['name', 'size'],
			rows: [
				['tea', '3'],
				['rice', '4']
			],
			cut: false
		});
	});

	it('may hold anything between quotes', () => {
		const { rows } = readTable('a,b\n"one, ""two""","three\nfour"\r\nx,y');
		expect(rows).toEqual([
			['one, "two"', 'three\nfour'],
			['x', 'y']
		]);
	});

	it('is read by the separator it has', () => {
		expect(separatorOf('a;b;c\n1,5;2;3')).toBe(';');
		expect(readTable('a\tb\n1\t2').rows).toEqual([['1', '2']]);
	});

	it('ends somewhere', () => {
		const text = `n\n${Array.from({ length: 40 }, (_, at) => at).join('\n')}`;
		const { rows, cut } = readTable(text, 10);
		expect(rows).toHaveLength(10);
		expect(cut).toBe(true);
		expect(readTable('n\n"never ends').rows).toEqual([['never ends']]);
		expect(readTable('')).toEqual({ header: [], rows: [], cut: false });
	});

	it('may be one of several sheets', () => {
		const text = '# Stock\nname | count\ntea | 3\n\n# Empty\n\n# More\na | b';
		expect(sheetsOf(text).map(({ name, sheet }) => [name, sheet.header, sheet.rows])).toEqual([
			['Stock', ['name', 'count'], [['tea', '3']]],
			['Empty', [], []],
			['More', ['a', 'b'], []]
		]);
	});
});
