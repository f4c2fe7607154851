import { expect, it } from 'vitest';
import { newId } from './ids.ts';

it('makes UUIDs of version 7 that sort by time', () => {
	const made = Array.from({ length: 2000 }, () => newId());
	expect(new Set(made).size).toBe(made.length);
	for (const id of made)
		expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
	expect([...made].sort()).toEqual(made);
	expect(newId(0x0123456789ab).slice(0, 13) > '0').toBe(true);
});
