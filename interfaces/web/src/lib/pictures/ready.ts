/** A picture as it is sent: one that every server can read, and no larger than wanted. */

import { drawn } from './canvas.ts';
import { asJpeg, fitted, HEAD_BYTES, isHeic, isWritable } from './kinds.ts';

export class Unreadable extends Error {}

/**
 * `side`: how long the longest side may be; 0 keeps it. What is no picture, what moves and what
 * would not become smaller stays as it is.
 */
export async function readyPicture(file: File, side: number): Promise<File> {
	const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
	if (isHeic(head)) return fromHeic(file, side);
	if (side <= 0 || !isWritable(file.type, head)) return file;
	const picture = await createImageBitmap(file).catch(() => null);
	if (!picture) return file;
	try {
		const size = fitted(picture.width, picture.height, side);
		const blob = size && (await drawn(picture, size, file.type));
		return blob && blob.size < file.size ? fileOf(blob, file.name, file) : file;
	} finally {
		picture.close();
	}
}

async function fromHeic(file: File, side: number): Promise<File> {
	const { readHeic } = await import('./heic.ts');
	const picture = await readHeic(file).catch(() => null);
	if (!picture) throw new Unreadable();
	try {
		const { width, height } = picture;
		const size = fitted(width, height, side) ?? { width, height };
		const blob = await drawn(picture, size, 'image/jpeg');
		if (!blob) throw new Unreadable();
		return fileOf(blob, asJpeg(file.name), file);
	} finally {
		picture.close();
	}
}

const fileOf = (blob: Blob, name: string, { lastModified }: File) =>
	new File([blob], name, { type: blob.type, lastModified });
