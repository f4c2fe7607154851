/** Sizes as people say them. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

export function bytes(n: number): string {
	let unit = 0;
	while (n >= 999.5 && unit < UNITS.length - 1) {
		n /= 1000;
		unit += 1;
	}
	const digits = unit === 0 || n >= 99.5 ? 0 : 1;
	return `${n.toLocaleString('en', { maximumFractionDigits: digits })} ${UNITS[unit]}`;
}

export const number = (n: number) => n.toLocaleString('en');
export const percent = (part: number, whole: number) =>
	whole > 0 ? Math.min(100, Math.floor((100 * part) / whole)) : 0;
