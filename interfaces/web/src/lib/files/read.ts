/** The beginning of a file as text, whatever its letters are written in. */

import { ApiError } from '#lib/api/client.ts';
import { contentOf } from '#lib/api/files.ts';

export const BYTES_MAX = 1_000_000;

export interface Beginning {
	text: string;
	/** There is more than was read. */
	cut: boolean;
}

export async function beginningOf(id: string, size: number): Promise<Beginning> {
	const response = await fetch(contentOf(id), {
		headers: { Range: `bytes=0-${BYTES_MAX - 1}` },
		credentials: 'same-origin'
	}).catch(() => {
		throw new ApiError(0, 'unreachable', 'The server cannot be reached.');
	});
	// An empty file has no range at all.
	if (response.status === 416) return { text: '', cut: false };
	if (!response.ok)
		throw new ApiError(response.status, 'unknown', `The server answered ${response.status}.`);
	const found = new Uint8Array(await response.arrayBuffer()).subarray(0, BYTES_MAX);
	return { text: decoded(found), cut: size > found.length };
}

export function decoded(bytes: Uint8Array): string {
	if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
	if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
	try {
		// A character that was cut in two at the end is no reason to doubt the rest.
		return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
	} catch {
		return new TextDecoder('windows-1252').decode(bytes);
	}
}
