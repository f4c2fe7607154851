import { expect, test, type Page } from '@playwright/test';
import { UPSTREAM } from './address.ts';
import { answers, api, begin, chatOf, ended, expectClean, NEEDS_UPSTREAM } from './person.ts';

const SHOTS = process.env.SHOTS;
const shot = async (page: Page, name: string) => {
	if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });
};
const MODELS = ['t50-n40', 't100-n60'];
const fits = (page: Page) =>
	page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
const part = (page: Page, name: string) => page.getByRole('form', { name });
const save = async (page: Page, name: string) => {
	await part(page, name).getByRole('button', { name: 'Save' }).click();
	await expect(part(page, name).getByText('Saved')).toBeVisible();
};

test('administrators choose who may, entries, weights and caps', async ({ page }) => {
	const before = await api(page, 'GET', '/evaluations/settings');
	const version = before.data.policy_version as number;
	await page.goto('/settings/evaluation');
	const basics = part(page, 'Who may, and how');
	await basics.getByLabel('Who may rate and compare answers').selectOption('Administrators');
	await basics.getByLabel('Who may use the arena').selectOption('Nobody');
	await expectClean(page);
	await shot(page, 'settings-evaluation-dark');
	await save(page, 'Who may, and how');
	await expect(page.getByRole('link', { name: 'Arena', exact: true })).toHaveCount(0);
	await basics.getByLabel('Who may use the arena').selectOption('Everybody');
	await basics.getByLabel('Who may rate and compare answers').selectOption('Everybody');
	await basics.getByLabel('Votes of one person in a minute').fill('200');
	await save(page, 'Who may, and how');
	await expect(page.getByRole('link', { name: 'Arena', exact: true })).toBeVisible();

	const entries = part(page, 'Entries of the list of models');
	await entries.getByRole('button', { name: 'Add an entry' }).click();
	await entries.getByLabel('Name', { exact: true }).last().fill('Short ones');
	await entries.getByLabel('Only these, one a line').last().fill(MODELS.join('\n'));
	await save(page, 'Entries of the list of models');
	await expect(entries.getByText('arena-short-ones')).toBeVisible();

	if (UPSTREAM) {
		const weights = part(page, 'How often models are drawn');
		await weights.getByLabel(`Weight of ${MODELS[0]}`, { exact: true }).fill('2.5');
		await weights.getByLabel(`Outage of ${MODELS[1]}`, { exact: true }).check();
		await save(page, 'How often models are drawn');
		await weights.scrollIntoViewIfNeeded();
		await shot(page, 'settings-weights');
	}
	const caps = part(page, 'Which votes count');
	await caps.getByLabel('Votes on the same question').fill('21');
	await expect(caps.getByText(`version ${version + 1} of the policy; every table`)).toBeVisible();
	await save(page, 'Which votes count');
	await expect(page.getByText(`This is version ${version + 1} of the policy.`)).toBeVisible();

	const { data } = await api(page, 'GET', '/evaluations/settings');
	const all = data.all as Record<string, Record<string, unknown>>;
	expect(all.ratings).toEqual({ enabled: true, who: 'everybody' });
	expect(all.policy).toMatchObject({ prompt_votes_max: 21, version: version + 1 });
	expect(all.arena!.votes_minute_max).toBe(200);
	expect(all.arena!.entries).toContainEqual({
		id: 'arena-short-ones',
		name: 'Short ones',
		include: MODELS,
		exclude: []
	});
	if (UPSTREAM) {
		expect(all.arena!.weights).toEqual({ [MODELS[0]!]: 2.5 });
		expect(all.arena!.outages).toEqual([MODELS[1]]);
	}

	await page.reload();
	await entries.getByRole('button', { name: 'Remove Short ones' }).click();
	await save(page, 'Entries of the list of models');
	await page.evaluate(() => (document.documentElement.dataset.theme = 'light'));
	await shot(page, 'settings-evaluation-light');
	await page.setViewportSize({ width: 390, height: 800 });
	expect(await fits(page)).toBe(true);
	await shot(page, 'settings-evaluation-phone');
	const tall = () => document.documentElement.scrollHeight <= window.innerHeight;
	expect(await page.evaluate(tall)).toBe(true);
	await page.route('**/api/v1/evaluations/settings', (route) => route.abort());
	await page.reload();
	await expect(page.getByText('The settings could not be read')).toBeVisible();
	await shot(page, 'settings-evaluation-error');
	await page.unroute('**/api/v1/evaluations/settings');
	await page.getByRole('button', { name: 'Try again' }).click();
	await expect(basics).toBeVisible();
	const reset = { weights: {}, outages: [] };
	expect((await api(page, 'PATCH', '/evaluations/settings', { arena: reset })).status).toBe(200);
});

test('one of two answers is said to be better, then the other, then neither', async ({ page }) => {
	test.skip(!UPSTREAM, NEEDS_UPSTREAM);
	await begin(page, 'Which is better?', ...MODELS);
	await expect(ended(page)).toHaveCount(2, { timeout: 30_000 });
	const better = (name: string) =>
		page.getByRole('button', { name: `This one is better: ${name}`, exact: true });
	const pressed = async (name: string, on: boolean) =>
		expect(better(name)).toHaveAttribute('aria-pressed', String(on));
	const [one, other] = MODELS as [string, string];
	await pressed(one, false);
	await better(one).focus();
	await page.keyboard.press('Enter');
	await pressed(one, true);
	await pressed(other, false);
	await expect(page.getByText(`Noted: ${one} is better.`)).toBeVisible();
	await shot(page, 'better');
	await expectClean(page);
	await page.reload();
	await pressed(one, true);
	await better(other).click();
	await pressed(other, true);
	await pressed(one, false);
	const path = `/arena/comparisons?chat_id=${chatOf(page)}`;
	expect((await api(page, 'GET', path)).data.items).toHaveLength(1);
	await page.setViewportSize({ width: 390, height: 800 });
	await expect(answers(page).first()).toBeVisible();
	await shot(page, 'better-phone');
	expect(await fits(page)).toBe(true);
	await better(other).click();
	await pressed(other, false);
	await expect.poll(async () => (await api(page, 'GET', path)).data.items).toEqual([]);
	const blind = await api(page, 'GET', '/evaluations/votes?verdict=counted&limit=100');
	const items = blind.data.items as { model_a: string; model_b: string; reason: string | null }[];
	expect(items.every((each) => each.reason === null)).toBe(true);
});

test('the page of one model, and why hidden models failed', async ({ page }) => {
	test.skip(!UPSTREAM, NEEDS_UPSTREAM);
	test.setTimeout(90_000);
	const entry = { id: 'arena', name: 'Arena', include: MODELS, exclude: [] };
	const settings = { entries: [entry], votes_minute_max: 100 };
	expect((await api(page, 'PATCH', '/evaluations/settings', { arena: settings })).status).toBe(200);
	for (const winner of ['model_a', 'model_b']) {
		const started = await api(page, 'POST', '/arena/battles', { prompt: `Round ${winner}?` });
		const path = `/arena/battles/${started.data.battle_id as string}`;
		await expect
			.poll(async () => (await api(page, 'POST', `${path}/vote`, { winner })).status, {
				timeout: 30_000,
				intervals: [1000]
			})
			.toBe(200);
		expect((await api(page, 'POST', `${path}/reveal`)).status).toBe(200);
	}
	await page.goto('/leaderboard');
	await page.getByRole('link', { name: MODELS[0], exact: true }).click();
	await expect(page).toHaveURL(/leaderboard\/model\?name=/);
	const battles = page.locator('dl > div').filter({ hasText: 'Battles' }).locator('dd');
	await expect(battles).toHaveText(/^[1-9]\d*$/);
	await expect(page.getByRole('heading', { name: 'Over time' })).toBeVisible();
	await expectClean(page);
	await shot(page, 'model-dark');
	await page.setViewportSize({ width: 390, height: 800 });
	expect(await fits(page)).toBe(true);
	await shot(page, 'model-phone');
	await page.goto('/leaderboard/model?name=nobody');
	await expect(page.getByText('No such model has been compared')).toBeVisible();
	await shot(page, 'model-empty');

	await page.setViewportSize({ width: 1280, height: 800 });
	await page.goto('/leaderboard');
	await page.getByRole('tab', { name: 'Failures' }).click();
	await expect(page.getByText('Voters only learn that a side could not')).toBeVisible();
	await expectClean(page);
	await shot(page, 'failures');
});
