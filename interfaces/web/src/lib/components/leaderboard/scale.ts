/** A scale for ratings: where on a strip of the page a number stands, in per cent. */

export interface Scale {
	place(value: number): number;
	ticks: number[];
}

const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
const TICKS_MAX = 6;

/** A scale that holds all values with a little room at both ends. */
export function scaleOf(values: number[]): Scale {
	const low = Math.min(...values, Infinity);
	const high = Math.max(...values, -Infinity);
	if (!Number.isFinite(low)) return { place: () => 50, ticks: [] };
	const room = Math.max((high - low) * 0.04, 1);
	const [from, to] = [low - room, high + room];
	const step = STEPS.find((each) => (to - from) / each <= TICKS_MAX) ?? 2000;
	const ticks: number[] = [];
	for (let each = Math.ceil(from / step) * step; each <= to; each += step) ticks.push(each);
	return { place: (value) => ((value - from) / (to - from)) * 100, ticks };
}
