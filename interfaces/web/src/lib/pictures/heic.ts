/** Pictures as iPhones take them: read by the browser where it can, else by libheif. */

import type { HeicAnswer } from './heic.worker.ts';

const SECONDS_MAX = 60;

/** The picture, upright; throws when nobody here can read it. */
export async function readHeic(file: Blob): Promise<ImageBitmap> {
	try {
		return await createImageBitmap(file);
	} catch {
		return await byLibrary(file);
	}
}

/** In a worker of its own, since it takes seconds; it ends with the picture. */
async function byLibrary(file: Blob): Promise<ImageBitmap> {
	const worker = new Worker(new URL('./heic.worker.ts', import.meta.url), { type: 'module' });
	try {
		return await new Promise((resolve, reject) => {
			const fail = () => reject(new Error('It cannot be read.'));
			setTimeout(fail, SECONDS_MAX * 1000);
			worker.onerror = fail;
			worker.onmessage = ({ data }: MessageEvent<HeicAnswer>) =>
				data ? resolve(createImageBitmap(data)) : fail();
			worker.postMessage(file);
		});
	} finally {
		worker.terminate();
	}
}
