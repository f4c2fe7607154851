import { describe, expect, it } from 'vitest';
import en from '#lib/i18n/locales/en.json';
import { changedValues, fieldName, optionName, pairsOf, pairsText, SECTIONS } from './sections.ts';

describe('the forms of document settings', () => {
	it('send only what has changed, also inside of something', () => {
		const before = { mode: 'hybrid', passages: 8, reranker: { kind: 'none', url: '' } };
		const now = { mode: 'hybrid', passages: 9, reranker: { kind: 'http', url: '', key: 'k' } };
		const paths = ['mode', 'passages', 'reranker.kind', 'reranker.url', 'reranker.key'];
		expect(changedValues(before, now, paths)).toEqual({
			passages: 9,
			reranker: { kind: 'http', key: 'k' }
		});
		expect(changedValues(before, before, paths)).toEqual({});
	});

	it('have words for everything', () => {
		for (const { name, fields } of SECTIONS) {
			expect(en).toHaveProperty([`documents.${name}`]);
			expect(en).toHaveProperty([`documents.${name}.text`]);
			for (const field of fields) {
				expect(fieldName(name, field.path)).toBeTruthy();
				for (const option of field.options ?? []) expect(optionName(option)).toBeTruthy();
			}
		}
	});

	it('read pairs, and write them the same way', () => {
		const pairs = { cx: '01:23', lang: 'en' };
		expect(pairsOf(pairsText(pairs))).toEqual(pairs);
		expect(pairsOf('\n  \n: x\n')).toEqual({});
	});
});
