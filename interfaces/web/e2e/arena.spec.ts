import { expect, test, type Page } from '@playwright/test';
import { ADDRESS, UPSTREAM } from './address.ts';
import { api, expectClean, NEEDS_UPSTREAM } from './person.ts';
import { recorder } from './recorder.ts';

const SHOTS = process.env.SHOTS;
const shot = async (page: Page, name: string) => {
	if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name}.png` });
};
const MODELS = ['t50-n40', 't100-n60'];
const HOST = new URL(UPSTREAM || 'http://nowhere.example').host;

const battles = async (page: Page) => {
	const { data } = await api(page, 'GET', '/evaluations/leaderboard');
	const entries = data.entries as { model: string; battles: number }[];
	return entries.reduce((sum, each) => sum + each.battles, 0);
};

test('a battle: two answers without names, a vote, the names, and the table moves', async ({
	page
}) => {
	test.skip(!UPSTREAM, NEEDS_UPSTREAM);
	test.setTimeout(90_000);
	const entry = { id: 'arena', name: 'Arena', include: MODELS, exclude: [] };
	const set = await api(page, 'PATCH', '/evaluations/settings', { arena: { entries: [entry] } });
	expect(set.status).toBe(200);
	const before = await battles(page);
	const { address, bytes, close } = await recorder(ADDRESS);
	await page.goto(`${address}/arena`);
	await expectClean(page);
	await page.getByRole('textbox', { name: 'Ask both models' }).fill('Which of you is it?');
	await page.keyboard.press('Enter');
	const sides = page.getByRole('region', { name: /^Model [AB]$/ });
	await expect(sides).toHaveCount(2);
	await expect(page.getByRole('button', { name: 'A is better' })).toBeDisabled();
	await expect(page.getByRole('button', { name: 'A is better' })).toBeEnabled({ timeout: 30_000 });
	await shot(page, 'arena-judge');
	await page.waitForTimeout(300);
	const sent = bytes();
	expect(sent).toContain('event: side');
	for (const name of [...MODELS, HOST]) expect(sent.includes(name), name).toBe(false);

	await page.keyboard.press('Escape');
	await page.locator('#main').press('1');
	await expect(page.getByText('You said: A is better.')).toBeVisible();
	for (const name of MODELS)
		await expect(page.getByRole('region', { name, exact: true })).toBeVisible();
	await shot(page, 'arena-revealed');
	await expectClean(page);
	for (const name of MODELS) expect(bytes().includes(name), name).toBe(true);
	close();
	await expect.poll(() => battles(page)).toBe(before + 2);

	await page.goto('/leaderboard');
	for (const name of MODELS) await expect(page.getByRole('rowheader', { name })).toBeVisible();
	await expectClean(page);
	await page.getByRole('tab', { name: 'Head to head' }).click();
	await expect(page.getByText('How often the model in the row')).toBeVisible();
	await expectClean(page);
	await page.getByRole('tab', { name: 'Votes' }).click();
	await expect(page.getByRole('cell', { name: 'counts' }).first()).toBeVisible();
	await page.getByRole('button', { name: 'Export' }).click();
	await page.getByRole('button', { name: 'Start' }).click();
	const file = page.getByRole('link', { name: 'trl-preference-00000.jsonl' });
	await expect(file.first()).toBeVisible({ timeout: 30_000 });
	await shot(page, 'export');
	const [saved] = await Promise.all([page.waitForEvent('download'), file.first().click()]);
	expect(saved.suggestedFilename()).toBe('trl-preference-00000.jsonl');
});
