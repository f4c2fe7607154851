import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { api, expectClean } from './person.ts';

const HEIC = join(import.meta.dirname, 'pictures/two-colours.heic');

// A camera and a screen that are always there, and a browser that is always allowed to look.
test.use({
	launchOptions: [
		async ({ launchOptions }, use) => {
			const more = [
				'--use-fake-device-for-media-stream',
				'--use-fake-ui-for-media-stream',
				'--auto-select-desktop-capture-source=Entire screen'
			];
			await use({ ...launchOptions, args: [...(launchOptions.args ?? []), ...more] });
		},
		{ scope: 'worker' }
	]
});

const attached = (page: Page) => page.getByRole('list', { name: 'Attached' }).getByRole('listitem');
const pick = async (page: Page, action: string) => {
	await page.getByRole('button', { name: 'Attach', exact: true }).click();
	await page.getByRole('menuitem', { name: action }).click();
};

interface Seen {
	type: string;
	size: number;
	width: number;
	height: number;
	/** The colours of the left and the right edge. */
	left: number[];
	right: number[];
}

/** The newest file of this name, as the server gives it out. */
async function seen(page: Page, name: string): Promise<Seen> {
	const { data } = await api(page, 'GET', `/files?query=${encodeURIComponent(name)}`);
	const { id } = data.items![0]!;
	return page.evaluate(async (address) => {
		const blob = await (await fetch(address)).blob();
		const picture = await createImageBitmap(blob);
		const { width, height } = picture;
		const context = new OffscreenCanvas(width, height).getContext('2d')!;
		context.drawImage(picture, 0, 0);
		const at = (x: number) => [...context.getImageData(x, height >> 1, 1, 1).data];
		const { type, size } = blob;
		return { type, size, width, height, left: at(2), right: at(width - 3) };
	}, `/api/v1/files/${id}/content?inline=true`);
}

/** A picture with much in it, made by the browser itself. */
async function pictureOf(page: Page, width: number, height: number, type: string): Promise<Buffer> {
	const bytes = await page.evaluate(
		async ([width, height, type]) => {
			const canvas = new OffscreenCanvas(width, height);
			const context = canvas.getContext('2d')!;
			for (let at = 0; at < 600; at += 1) {
				context.fillStyle = `hsl(${(at * 37) % 360} 70% 50%)`;
				context.fillRect((at * 131) % width, (at * 197) % height, 40, 40);
			}
			const blob = await canvas.convertToBlob({ type, quality: 0.95 });
			return [...new Uint8Array(await blob.arrayBuffer())];
		},
		[width, height, type] as const
	);
	return Buffer.from(bytes);
}

/** Says in a JPEG that its right side is up. */
function turned(jpeg: Buffer): Buffer {
	const exif = Buffer.from(
		'ffe1002245786966' +
			'0000' +
			'4d4d002a00000008' +
			'0001' +
			'011200030000000100060000' +
			'00000000',
		'hex'
	);
	return Buffer.concat([jpeg.subarray(0, 2), exif, jpeg.subarray(2)]);
}

const choose = (page: Page, name: string, mimeType: string, buffer: Buffer) =>
	page.locator('[data-upload]').setInputFiles({ name, mimeType, buffer });

async function chooseSide(page: Page, name: string) {
	await page.goto('/settings/appearance');
	const group = page.getByRole('group', { name: 'Pictures you attach' });
	await group.getByRole('button', { name }).click();
	await expect(group.getByRole('button', { name })).toHaveAttribute('aria-pressed', 'true');
}

test('a photo and a picture of the screen go with a question', async ({ page }) => {
	await page.goto('/');
	await pick(page, 'Take a photo');
	const dialog = page.getByRole('dialog', { name: 'Take a photo' });
	const shutter = dialog.getByRole('button', { name: 'Take the photo' });
	await expect(shutter).toBeEnabled();
	await expect(shutter).toBeFocused();
	await expectClean(page);
	await shutter.click();
	await expect(dialog).toBeHidden();
	await expect(attached(page)).toHaveCount(1);
	await expect(attached(page)).toContainText(/Photo \d{4}-\d\d-\d\d .*\.jpg/);
	const photo = /Photo \S+ \S+\.jpg/.exec((await attached(page).textContent())!)![0];
	await expect(attached(page).first()).not.toContainText(' of ');
	const shot = await seen(page, photo);
	expect(shot.type).toBe('image/jpeg');
	expect(shot.width).toBeGreaterThan(300);

	await pick(page, 'Capture the screen');
	await expect(attached(page)).toHaveCount(2);
	const screen = attached(page).nth(1);
	await expect(screen).toContainText(/Screen \d{4}-\d\d-\d\d .*\.png/);
	await expect(screen).toHaveAttribute('data-attached', /queued|reading|indexing|ready|failed/);
	const name = /Screen \S+ \S+\.png/.exec((await screen.textContent())!)![0];
	expect((await seen(page, name)).type).toBe('image/png');
});

test('a camera that is not there, or not allowed, is said plainly', async ({ page }) => {
	await page.addInitScript(() => {
		const errors = ['NotFoundError', 'NotAllowedError', 'NotReadableError'];
		navigator.mediaDevices.getUserMedia = async () => {
			throw new DOMException('no', errors.shift());
		};
	});
	await page.goto('/');
	await pick(page, 'Take a photo');
	const alert = page.getByRole('dialog').getByRole('alert');
	await expect(alert).toContainText('There is no camera');
	await expectClean(page);
	await page.getByRole('button', { name: 'Try again' }).click();
	await expect(alert).toContainText('The camera may not be used');
	await page.getByRole('button', { name: 'Try again' }).click();
	await expect(alert).toContainText('The camera is in use');
	await page.keyboard.press('Escape');
	await expect(page.getByRole('button', { name: 'Attach', exact: true })).toBeFocused();
});

test.describe('on a phone', () => {
	test.use({ viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true });

	test('the camera is the one of the phone', async ({ page }) => {
		await page.goto('/');
		const asked = page.waitForEvent('filechooser');
		await pick(page, 'Take a photo');
		const chooser = await asked;
		expect(await chooser.element().getAttribute('capture')).toBe('environment');
		expect(await chooser.element().getAttribute('accept')).toBe('image/*');
		const buffer = await pictureOf(page, 400, 300, 'image/jpeg');
		await chooser.setFiles({ name: 'now.jpg', mimeType: 'image/jpeg', buffer });
		await expect(attached(page)).toContainText('now.jpg');
	});
});

test('the screen is offered only where it can be captured', async ({ page }) => {
	await page.addInitScript(() => {
		Object.defineProperty(MediaDevices.prototype, 'getDisplayMedia', { value: undefined });
	});
	await page.goto('/');
	await page.getByRole('button', { name: 'Attach', exact: true }).click();
	await expect(page.getByRole('menuitem', { name: 'Take a photo' })).toBeVisible();
	await expect(page.getByRole('menuitem', { name: 'Capture the screen' })).toHaveCount(0);
});

test('large pictures are sent smaller when that is wanted, and upright', async ({ page }) => {
	const run = Date.now() % 1_000_000;
	await chooseSide(page, '1024 px');
	await page.goto('/');
	const jpeg = turned(await pictureOf(page, 2400, 1600, 'image/jpeg'));
	const small = await pictureOf(page, 300, 200, 'image/png');
	await choose(page, `large-${run}.jpg`, 'image/jpeg', jpeg);
	await expect(attached(page)).toHaveAttribute('data-attached', /ready|failed|queued|reading/);
	const sent = await seen(page, `large-${run}.jpg`);
	expect([sent.width, sent.height, sent.type]).toEqual([683, 1024, 'image/jpeg']);
	expect(sent.size).toBeLessThan(jpeg.length / 2);
	await choose(page, `small-${run}.png`, 'image/png', small);
	await expect(attached(page).nth(1)).toHaveAttribute('data-attached', /ready|failed|queued|read/);
	expect((await seen(page, `small-${run}.png`)).size).toBe(small.length);

	await chooseSide(page, 'Keep size');
	await page.goto('/');
	const png = await pictureOf(page, 1200, 900, 'image/png');
	await choose(page, `kept-${run}.png`, 'image/png', png);
	await expect(attached(page).last()).toContainText(`kept-${run}.png`);
	await expect(attached(page).last()).toHaveAttribute('data-attached', /ready|failed|queued|read/);
	expect((await seen(page, `kept-${run}.png`)).size).toBe(png.length);
});

test('pictures in HEIC become JPEG, in the browser', async ({ page }) => {
	const refused: string[] = [];
	page.on('console', (each) => {
		if (each.text().includes('Content Security Policy')) refused.push(each.text());
	});
	const name = `IMG_${Date.now() % 1_000_000}`;
	await page.goto('/');
	await choose(page, `${name}.HEIC`, '', readFileSync(HEIC));
	await expect(attached(page)).toContainText(`${name}.jpg`, { timeout: 30_000 });
	await expect(attached(page)).toHaveAttribute('data-attached', /ready|failed|queued|reading/);
	const { type, width, height, left, right } = await seen(page, `${name}.jpg`);
	expect([type, width, height]).toEqual(['image/jpeg', 96, 64]);
	expect(left[0]! > 150 && left[2]! < 90, String(left)).toBe(true);
	expect(right[2]! > 150 && right[0]! < 90, String(right)).toBe(true);
	expect(refused).toEqual([]);

	const broken = Buffer.from(readFileSync(HEIC).subarray(0, 200));
	await choose(page, 'broken.heic', 'image/heic', broken);
	await expect(attached(page).last().getByRole('alert')).toContainText('Save it as JPEG');
	await expect(page.getByRole('button', { name: 'Send', exact: true })).toBeDisabled();
	await page.getByRole('button', { name: 'Remove broken.heic' }).click();
	await expect(attached(page)).toHaveCount(1);
});
