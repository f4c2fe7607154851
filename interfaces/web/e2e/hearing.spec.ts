import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@playwright/test';
import { OWN } from './address.ts';
import { answers, api, begin, ended, expectClean, rowOf } from './person.ts';

const READY = 60_000;
const SAMPLES = 16_000;
const SAID = [
	{ start: 0, end: 45, text: ' Welcome to the guild of clockmakers.' },
	{ start: 65, end: 80, text: ' The great clock of Olmen strikes thirteen on Fridays.' }
];

/** Two seconds of a tone as WAV, at 8,000 samples a second. */
function tone(pitch: number): Buffer {
	const file = Buffer.alloc(44 + 2 * SAMPLES);
	file.write('RIFF', 0);
	file.writeUInt32LE(36 + 2 * SAMPLES, 4);
	file.write('WAVEfmt ', 8);
	file.writeUInt32LE(16, 16);
	[1, 1].forEach((value, at) => file.writeUInt16LE(value, 20 + 2 * at));
	[8000, 16_000].forEach((value, at) => file.writeUInt32LE(value, 24 + 4 * at));
	[2, 16].forEach((value, at) => file.writeUInt16LE(value, 32 + 2 * at));
	file.write('data', 36);
	file.writeUInt32LE(2 * SAMPLES, 40);
	for (let at = 0; at < SAMPLES; at += 1)
		file.writeInt16LE(Math.round(8000 * Math.sin(at * pitch)), 44 + 2 * at);
	return file;
}

/** A server that hears the same in every recording. */
async function ears() {
	let heard = 0;
	const server = createServer((asked, answer) => {
		const form = /^multipart\/form-data; boundary=/.test(asked.headers['content-type'] ?? '');
		const right = asked.method === 'POST' && asked.url === '/v1/audio/transcriptions' && form;
		asked.resume().on('end', () => {
			heard += 1;
			const text = SAID.map((each) => each.text).join('');
			answer.writeHead(right ? 200 : 404, { 'content-type': 'application/json' });
			answer.end(JSON.stringify(right ? { text, segments: SAID } : {}));
		});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
		heard: () => heard,
		close: () => server.close()
	};
}

test('a recording is written down, played and cited with its time', async ({ page }) => {
	test.skip(!OWN, 'needs the product on this machine');
	test.setTimeout(180_000);
	const name = `guild-${Date.now() % 1_000_000}.wav`;
	const server = await ears();
	await page.goto('/files');
	await page
		.locator('[data-upload]')
		.setInputFiles({ name, mimeType: 'audio/wav', buffer: tone(0.3 + Math.random() / 10) });
	const row = rowOf(page, name);
	await expect(row).toHaveAttribute('data-state', 'failed', { timeout: READY });
	await expect(row.getByText(/transcription server/).filter({ visible: true })).toHaveCount(1);

	await page.goto('/settings/documents');
	const form = page.getByRole('form', { name: 'Recordings', exact: true });
	await form.getByRole('combobox', { name: 'Written down by' }).selectOption('openai');
	await form.getByRole('button', { name: 'Save' }).click();
	await expect(form.getByRole('alert')).toContainText('hearing.url is needed');
	await form.getByRole('textbox', { name: /^Address/ }).fill(server.url);
	await form.getByRole('button', { name: 'Test' }).click();
	await expect(form.getByRole('status')).toContainText('whisper-1 answers.');
	await form.getByRole('button', { name: 'Save' }).click();
	await expect(form.getByText('Saved.')).toBeVisible();

	await page.goto('/files');
	await page.getByRole('link', { name, exact: true }).click();
	// Workers look at the settings again every other second.
	await expect(async () => {
		const again = page.getByRole('button', { name: 'Try again' });
		if (await again.isVisible()) await again.click();
		await expect(page.getByText('strikes thirteen on Fridays')).toBeVisible({ timeout: 4000 });
	}).toPass({ timeout: READY });
	await expect(page.getByRole('heading', { name: '1:05 to 1:20' })).toBeVisible();
	const player = page.locator('audio');
	await expect(player).toBeVisible();
	await player.evaluate((each: HTMLAudioElement) => {
		each.muted = true;
		return each.play();
	});
	expect(await player.evaluate((each: HTMLAudioElement) => each.duration)).toBeCloseTo(2, 1);
	await expectClean(page);
	await expect(page.getByRole('main').getByText('Ready')).toBeVisible({ timeout: READY });
	expect(server.heard()).toBe(2);

	await begin(page, 'On which days does the great clock of Olmen strike thirteen?');
	await expect(ended(page)).toHaveCount(1, { timeout: READY });
	await answers(page).first().locator('.md .cite').first().click();
	const panel = page.getByRole('complementary', { name: 'Source' });
	await expect(panel).toContainText(name);
	await expect(panel).toContainText('1:05 to 1:20');
	await api(page, 'PATCH', '/documents/settings', { hearing: { engine: 'off' } });
	server.close();
});
