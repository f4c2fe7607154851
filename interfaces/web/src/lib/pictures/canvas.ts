/** Draws a picture in other measures and gives its bytes. */

const QUALITY = 0.9;

interface Size {
	width: number;
	height: number;
}

/** Null when the browser cannot write this type, or the picture is too large for it. */
export async function drawn(
	picture: CanvasImageSource,
	{ width, height }: Size,
	type: string
): Promise<Blob | null> {
	const canvas = canvasOf(width, height);
	const context = canvas.getContext('2d') as CanvasRenderingContext2D | null;
	if (!context) return null;
	context.imageSmoothingQuality = 'high';
	if (type === 'image/jpeg') {
		context.fillStyle = '#fff';
		context.fillRect(0, 0, width, height);
	}
	context.drawImage(picture, 0, 0, width, height);
	const blob = await bytesOf(canvas, type).catch(() => null);
	// What it cannot write, a browser writes as PNG.
	return blob?.type === type ? blob : null;
}

function canvasOf(width: number, height: number): OffscreenCanvas | HTMLCanvasElement {
	if ('OffscreenCanvas' in globalThis) return new OffscreenCanvas(width, height);
	return Object.assign(document.createElement('canvas'), { width, height });
}

const bytesOf = (
	canvas: OffscreenCanvas | HTMLCanvasElement,
	type: string
): Promise<Blob | null> =>
	'convertToBlob' in canvas
		? canvas.convertToBlob({ type, quality: QUALITY })
		: new Promise((resolve) => canvas.toBlob(resolve, type, QUALITY));
