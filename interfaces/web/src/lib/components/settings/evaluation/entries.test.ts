import { expect, test } from 'vitest';
import { draftOf, entryOf, idFor } from './entries.ts';

test('a form gives back what it was given, and tidies what was typed', () => {
	const entry = { id: 'arena', name: 'Arena', include: ['a', 'b/c'], exclude: [] };
	expect(entryOf(draftOf(entry, 0))).toEqual(entry);
	const typed = { key: 1, id: ' arena-x ', name: ' X ', include: ' a \n\nb\na', exclude: '\n' };
	expect(entryOf(typed)).toEqual({ id: 'arena-x', name: 'X', include: ['a', 'b'], exclude: [] });
});

test('an id is made of the name, and is nobody else’s', () => {
	expect(idFor('Code & maths', [])).toBe('arena-code-maths');
	expect(idFor('Größe', [])).toMatch(/^arena(-[a-z0-9]+)+$/);
	expect(idFor('日本', [])).toBe('arena');
	expect(idFor('', ['arena', 'arena-2'])).toBe('arena-3');
	expect(idFor('x'.repeat(200), []).length).toBeLessThan(100);
});
