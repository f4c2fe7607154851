import { describe, expect, it } from 'vitest';
import { asJpeg, fitted, isHeic, isWritable, named } from './kinds.ts';

const bytes = (text: string) => Uint8Array.from(text, (each) => each.charCodeAt(0));
const box = (brands: string) => bytes(`\0\0\0\x1cftyp${brands}`);

describe('pictures', () => {
	it('are known by their first bytes', () => {
		expect(isHeic(box('heic\0\0\0\0mif1heic'))).toBe(true);
		expect(isHeic(box('mif1\0\0\0\0heic'))).toBe(true);
		expect(isHeic(box('mif1\0\0\0\0avifmif1'))).toBe(false);
		expect(isHeic(box('avif\0\0\0\0mif1'))).toBe(false);
		expect(isHeic(box('mp42\0\0\0\0'))).toBe(false);
		expect(isHeic(bytes('GIF89a heic'))).toBe(false);
		expect(isHeic(new Uint8Array())).toBe(false);
	});

	it('are drawn anew only where nothing is lost by it', () => {
		expect(isWritable('image/jpeg', bytes('x'))).toBe(true);
		expect(isWritable('image/png', bytes('\x89PNG IHDR IDAT'))).toBe(true);
		expect(isWritable('image/png', bytes('\x89PNG IHDR acTL IDAT'))).toBe(false);
		expect(isWritable('image/webp', bytes('RIFF WEBPVP8X ANIM'))).toBe(false);
		expect(isWritable('image/webp', bytes('RIFF WEBPVP8 '))).toBe(true);
		for (const type of ['image/gif', 'image/svg+xml', 'image/avif', 'text/plain', ''])
			expect(isWritable(type, bytes('x')), type).toBe(false);
	});

	it('keep their shape when they become smaller', () => {
		expect(fitted(4000, 3000, 2048)).toEqual({ width: 2048, height: 1536 });
		expect(fitted(3000, 4000, 1024)).toEqual({ width: 768, height: 1024 });
		expect(fitted(9000, 2, 1024)).toEqual({ width: 1024, height: 1 });
		expect(fitted(1024, 500, 1024)).toBeNull();
		expect(fitted(4000, 3000, 0)).toBeNull();
	});

	it('have names that say what they are', () => {
		expect(asJpeg('IMG_1.HEIC')).toBe('IMG_1.jpg');
		expect(asJpeg('a.b.heif')).toBe('a.b.jpg');
		expect(asJpeg('photo')).toBe('photo.jpg');
		expect(named('Photo', 'jpg', new Date(2026, 0, 2, 3, 4, 5))).toBe(
			'Photo 2026-01-02 03.04.05.jpg'
		);
	});
});
