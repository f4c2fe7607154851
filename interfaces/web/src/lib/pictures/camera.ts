/** One picture by the camera, or of the screen. */

import { drawn } from './canvas.ts';
import { named } from './kinds.ts';

export type Trouble = 'none' | 'denied' | 'busy' | 'insecure' | 'failed';

const TROUBLES: Record<string, Trouble> = {
	NotFoundError: 'none',
	OverconstrainedError: 'none',
	NotAllowedError: 'denied',
	SecurityError: 'denied',
	NotReadableError: 'busy',
	AbortError: 'busy'
};

/** Why there is no picture. */
export const troubleOf = (error: unknown): Trouble =>
	TROUBLES[error instanceof DOMException ? error.name : ''] ?? 'failed';

/** Phones have an own page for it, which is better than any of ours. */
export const hasOwnCamera = () => matchMedia('(pointer: coarse) and (hover: none)').matches;
export const canCapture = () => Boolean(globalThis.navigator?.mediaDevices?.getDisplayMedia);

export const end = (stream: MediaStream | null) =>
	stream?.getTracks().forEach((each) => each.stop());

/** What a playing video shows now. */
export async function frameOf(video: HTMLVideoElement, type: string): Promise<Blob> {
	const { videoWidth: width, videoHeight: height } = video;
	const blob = width && height ? await drawn(video, { width, height }, type) : null;
	if (!blob) throw new Error('There is no picture.');
	return blob;
}

export async function photoOf(video: HTMLVideoElement, name: string): Promise<File> {
	const type = 'image/jpeg';
	return new File([await frameOf(video, type)], named(name, 'jpg'), { type });
}

/** The screen, window or tab a person chooses; the browser asks, and shows that it is looked at. */
export async function captureScreen(name: string): Promise<File> {
	const stream = await navigator.mediaDevices.getDisplayMedia({ video: true, audio: false });
	const video = document.createElement('video');
	try {
		video.muted = true;
		video.srcObject = stream;
		await video.play();
		await nextFrame(video);
		const type = 'image/png';
		return new File([await frameOf(video, type)], named(name, 'png'), { type });
	} finally {
		end(stream);
		video.srcObject = null;
	}
}

const FRAME_MS_MAX = 500;

/** The first one may still be black. */
const nextFrame = (video: HTMLVideoElement) =>
	new Promise<void>((resolve) => {
		setTimeout(resolve, FRAME_MS_MAX);
		if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(() => resolve());
	});
