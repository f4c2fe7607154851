import { describe, expect, it } from 'vitest';
import { addressIn, hashAt, offered, without } from './hash.ts';

const bases = [
	{ id: 'k1', name: 'Garden' },
	{ id: 'k2', name: 'Old gardens' },
	{ id: 'k3', name: 'Café notes' }
];
const files = [
	{ id: 'f1', name: 'gardening-tips.pdf' },
	{ id: 'f2', name: 'Report 2024.docx' }
];
const names = (query: string) => offered(query, bases, files).map((each) => each.name);

describe('the mark', () => {
	it('counts at the start of a word only', () => {
		expect(hashAt('#', 1)).toEqual({ at: 0, query: '' });
		expect(hashAt('see #gar', 8)).toEqual({ at: 4, query: 'gar' });
		expect(hashAt('see\n(#g', 7)).toEqual({ at: 5, query: 'g' });
		expect(hashAt('issue#3', 7)).toBeNull();
		expect(hashAt('a # b', 5)).toBeNull();
		expect(hashAt('## heading', 2)).toBeNull();
	});

	it('is looked at where the caret is', () => {
		expect(hashAt('#garden and more', 4)).toEqual({ at: 0, query: 'gar' });
		expect(hashAt('#garden and more', 16)).toBeNull();
	});

	it('goes, and what is around it stays', () => {
		expect(without('see #gar please', { at: 4, query: 'gar' })).toEqual({
			text: 'see please',
			caret: 4
		});
		expect(without('#gar', { at: 0, query: 'gar' })).toEqual({ text: '', caret: 0 });
		expect(without('(#gar)', { at: 1, query: 'gar' })).toEqual({ text: '()', caret: 1 });
	});
});

describe('the menu', () => {
	it('has what begins with the words before what has them inside', () => {
		expect(names('gar')).toEqual(['Garden', 'gardening-tips.pdf', 'Old gardens']);
	});

	it('has all there is without words', () => {
		expect(names('')).toHaveLength(5);
	});

	it('looks past capitals, accents and separators', () => {
		expect(names('CAFE')).toEqual(['Café notes']);
		expect(names('tips')).toEqual(['gardening-tips.pdf']);
		expect(names('2024')).toEqual(['Report 2024.docx']);
		expect(names('nothing')).toEqual([]);
	});

	it('offers an address that was pasted, first of all', () => {
		const [first] = offered('https://example.org/garden', bases, files);
		expect(first).toMatchObject({ kind: 'web', url: 'https://example.org/garden', id: null });
	});

	it('is never too long', () => {
		const many = Array.from({ length: 30 }, (_, at) => ({ id: `${at}`, name: `note ${at}` }));
		expect(offered('note', many, many)).toHaveLength(8);
	});
});

describe('an address', () => {
	it('is seen with and without its scheme', () => {
		expect(addressIn('https://example.org')).toBe('https://example.org');
		expect(addressIn('http://example.org:8080/a?b=c')).toBe('http://example.org:8080/a?b=c');
		expect(addressIn('www.example.org')).toBe('https://www.example.org');
		expect(addressIn('example.org/page')).toBe('https://example.org/page');
	});

	it('is not taken for a name of a file', () => {
		expect(addressIn('report.pdf')).toBeNull();
		expect(addressIn('garden')).toBeNull();
		expect(addressIn('')).toBeNull();
		expect(addressIn('javascript:alert(1)')).toBeNull();
	});
});
