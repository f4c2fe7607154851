import { describe, expect, it } from 'vitest';
import { scaleOf } from './scale.ts';

describe('a scale of ratings', () => {
	it('holds every value, in order', () => {
		const scale = scaleOf([900, 1100]);
		expect(scale.place(900)).toBeGreaterThan(0);
		expect(scale.place(1100)).toBeLessThan(100);
		expect(scale.place(1000)).toBeCloseTo(50);
		expect(scale.ticks).toEqual([900, 950, 1000, 1050, 1100]);
	});

	it('has a place for a single value, and nothing to say of none', () => {
		expect(scaleOf([1000]).place(1000)).toBeCloseTo(50);
		expect(scaleOf([]).ticks).toEqual([]);
	});
});
