/** Reads one HEIC picture by libheif (LGPL-3.0), which is loaded for it from a file of its own. */

import libheif from 'libheif-js/libheif-wasm/libheif.js';
import wasm from 'libheif-js/libheif-wasm/libheif.wasm?url';

export type HeicAnswer = ImageData | null;

interface HeifImage {
	get_width(): number;
	get_height(): number;
	display(into: ImageData, done: (image: ImageData | null) => void): void;
}
interface Heif {
	HeifDecoder: new () => { decode(bytes: Uint8Array): HeifImage[] };
}

/** More than any phone takes; a file that claims more is not worth the memory. */
const PIXELS_MAX = 120_000_000;

async function loaded(): Promise<Heif> {
	const wasmBinary = await (await fetch(wasm)).arrayBuffer();
	let heif: unknown;
	await new Promise<void>((resolve, onAbort) => {
		heif = libheif({ wasmBinary, onRuntimeInitialized: resolve, onAbort });
	});
	return heif as Heif;
}

async function read(file: Blob): Promise<HeicAnswer> {
	const heif = await loaded();
	const [image] = new heif.HeifDecoder().decode(new Uint8Array(await file.arrayBuffer()));
	if (!image || image.get_width() * image.get_height() > PIXELS_MAX) return null;
	const into = new ImageData(image.get_width(), image.get_height());
	return new Promise((resolve) => image.display(into, resolve));
}

addEventListener('message', ({ data }: MessageEvent<Blob>) => {
	void read(data)
		.catch(() => null)
		.then((answer) => postMessage(answer));
});
