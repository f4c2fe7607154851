import { expect, test, type Page } from '@playwright/test';
import { ADDRESS, UPSTREAM } from './address.ts';
import { api, ended, expectClean, NEEDS_UPSTREAM } from './person.ts';
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
	await page.keyboard.press('Escape');
	await page.locator('#main').press('1');
	await expect(page.getByText('You said: A is better.')).toBeVisible();
	await expect(page.getByRole('button', { name: 'A is better' })).toHaveAttribute(
		'aria-pressed',
		'true'
	);
	await page.locator('#main').press('4');
	await expect(page.getByText('You said: B is better.')).toBeVisible();
	await shot(page, 'arena-voted');
	await expectClean(page);
	await page.getByRole('button', { name: 'Take the vote back' }).click();
	await expect(page.getByText('Which answer is better?')).toBeVisible();
	await page.getByRole('button', { name: 'A is better' }).click();
	await expect(page.getByText('You said: A is better.')).toBeVisible();
	await page.reload();
	await expect(page.getByText('You said: A is better.')).toBeVisible();
	await page.getByRole('link', { name: 'My battles' }).click();
	const listed = page.getByRole('main').getByRole('listitem');
	const row = listed.filter({ hasText: 'Which of you is it?' }).first();
	await expect(row).toContainText('voted, names hidden');
	await expectClean(page);
	await shot(page, 'arena-history');
	await row.getByRole('link').click();
	await expect(sides).toHaveCount(2);
	await page.waitForTimeout(300);
	const sent = bytes();
	expect(sent).toContain('event: side');
	for (const name of [...MODELS, HOST]) expect(sent.includes(name), name).toBe(false);

	await page.locator('#main').press('r');
	for (const name of MODELS)
		await expect(page.getByRole('region', { name, exact: true })).toBeVisible();
	await expect(page.getByText('You said: A is better.')).toBeFocused();
	await expect(page.getByRole('button', { name: 'A is better' })).toHaveCount(0);
	await page.getByRole('button', { name: 'Take the vote back' }).click();
	const dialog = page.getByRole('dialog', { name: 'Take the vote back' });
	await expect(dialog).toContainText('counts in no table any more');
	await dialog.getByRole('button', { name: 'Cancel' }).click();
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

test('a pace that is too fast is told with the seconds to wait, and a vote can be let be', async ({
	page
}) => {
	test.skip(!UPSTREAM, NEEDS_UPSTREAM);
	const entry = { id: 'arena', name: 'Arena', include: MODELS, exclude: [] };
	const slow = { entries: [entry], votes_minute_max: 1 };
	expect((await api(page, 'PATCH', '/evaluations/settings', { arena: slow })).status).toBe(200);
	await page.goto('/arena');
	await page.getByRole('textbox', { name: 'Ask both models' }).fill('Once more?');
	await page.keyboard.press('Enter');
	const tie = page.getByRole('button', { name: 'As good as each other' });
	await expect(tie).toBeEnabled({ timeout: 30_000 });
	await tie.click();
	// The vote of the test before may have been within the same minute.
	await page.waitForTimeout(300);
	if (await page.getByRole('button', { name: 'A is better' }).isEnabled())
		await page.getByRole('button', { name: 'A is better' }).click();
	await expect(page.getByRole('alert')).toContainText('At most 1 votes a minute');
	await expect(page.getByText(/You can vote again in \d+ seconds?\./)).toBeVisible();
	await expect(tie).toBeDisabled();
	await shot(page, 'arena-rate');
	await expectClean(page);
	const change = { votes_minute_max: 100 };
	await api(page, 'PATCH', '/evaluations/settings', { arena: change });
	const back = page.getByRole('button', { name: 'Take the vote back' });
	if (await back.isVisible()) await back.click();
	await page.getByRole('button', { name: 'Show the names' }).click();
	const dialog = page.getByRole('dialog', { name: 'Show the names' });
	await expect(dialog).toContainText('You have not voted.');
	await dialog.getByRole('button', { name: 'Show the names' }).click();
	await expect(page.getByText('There was no vote.')).toBeVisible();
	await page.setViewportSize({ width: 390, height: 800 });
	await shot(page, 'arena-phone');
	const wide = () => document.documentElement.scrollWidth <= window.innerWidth;
	expect(await page.evaluate(wide)).toBe(true);
});

test('thumbs of hidden answers wait for the names', async ({ page }) => {
	test.skip(!UPSTREAM, NEEDS_UPSTREAM);
	const { data } = await api(page, 'POST', '/arena/battles', { prompt: 'Who is hidden?' });
	await page.goto(`/c/${data.chat_id as string}`);
	await expect(ended(page)).toHaveCount(2, { timeout: 30_000 });
	const thumb = page.getByRole('button', { name: /^Good answer/ }).first();
	await expect(thumb).toHaveAttribute('aria-disabled', 'true');
	await expect(thumb).toHaveAttribute('title', 'Vote in the arena and have the names shown first.');
	await expect(page.getByRole('button', { name: /^This one is better/ })).toHaveCount(0);
	await expectClean(page);
	const id = data.battle_id as string;
	expect((await api(page, 'POST', `/arena/battles/${id}/reveal`)).status).toBe(200);
	await page.reload();
	await expect(thumb).toHaveAttribute('aria-disabled', 'false');
	await expect(page.getByRole('button', { name: /^This one is better/ })).toHaveCount(2);
});
