/** What can be done to a picture before it is sent. Pure. */

/** Pictures that a canvas can draw and write again as what they were. */
const WRITABLE = new Set(['image/jpeg', 'image/png', 'image/webp']);
const HEIC_BRANDS = new Set(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1']);
/** How much of a file tells what it is. */
export const HEAD_BYTES = 4096;

const latin = new TextDecoder('latin1');

/** By its first bytes: names and types are often missing, or lie. */
export function isHeic(head: Uint8Array): boolean {
	const text = latin.decode(head.subarray(0, 64));
	if (text.slice(4, 8) !== 'ftyp') return false;
	const [major = '', ...others] = text.slice(8).match(/[a-z0-9]{4}/g) ?? [];
	// AVIF files are of the same family, and browsers read them.
	if (major === 'avif' || major === 'avis' || others.includes('avif')) return false;
	return HEIC_BRANDS.has(major);
}

/** Whether a picture may be drawn anew: one that moves would stand still. */
export function isWritable(type: string, head: Uint8Array): boolean {
	if (!WRITABLE.has(type)) return false;
	const moves = type === 'image/png' ? 'acTL' : type === 'image/webp' ? 'ANIM' : '';
	return !moves || !latin.decode(head).includes(moves);
}

/** The measures in which the longest side is no longer than `side`; null when they fit already. */
export function fitted(
	width: number,
	height: number,
	side: number
): { width: number; height: number } | null {
	const longest = Math.max(width, height);
	if (side <= 0 || longest <= side) return null;
	const scale = side / longest;
	return {
		width: Math.max(1, Math.round(width * scale)),
		height: Math.max(1, Math.round(height * scale))
	};
}

export const asJpeg = (name: string) => `${name.replace(/\.(hei[cf]s?|hif)$/i, '')}.jpg`;

/** A name with the time, for what has none. */
export function named(what: string, ending: string, at = new Date()): string {
	const two = (n: number) => String(n).padStart(2, '0');
	const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
	return `${what} ${day} ${two(at.getHours())}.${two(at.getMinutes())}.${two(at.getSeconds())}.${ending}`;
}
