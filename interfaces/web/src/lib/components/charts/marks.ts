/** What all charts share: their data, their colours, and how numbers are written. */

export interface Line {
	name: string;
	values: number[];
	/** Something to compare with; drawn broken and grey. */
	faint?: boolean;
}

/** Where the marks of a chart belong, in pixels. */
export interface Plot {
	x: (index: number) => number;
	y: (value: number) => number;
	step: number;
	height: number;
}

const HUES = [195, 40, 290, 140, 0, 250, 95, 330];

/** The colour of the nth series; as light and strong as the accent of the theme. */
export const colorOf = (index: number) =>
	`oklch(from var(--accent) l c ${HUES[index % HUES.length]})`;
export const toneOf = (line: Line, index: number) => (line.faint ? 'var(--ink-3)' : colorOf(index));

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
export const short = (value: number) => compact.format(value);

/** The largest series by themselves, and the rest as one. */
export function gathered(lines: Line[], most: number, rest: string): Line[] {
	if (lines.length <= most) return lines;
	const total = (line: Line) => line.values.reduce((sum, each) => sum + each, 0);
	const order = [...lines].sort((a, b) => total(b) - total(a));
	const others = order.slice(most - 1);
	const values = others[0]!.values.map((_, at) =>
		others.reduce((sum, line) => sum + line.values[at]!, 0)
	);
	return [...order.slice(0, most - 1), { name: rest, values }];
}
