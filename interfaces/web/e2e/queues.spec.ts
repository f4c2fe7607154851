import { expect, test, type Page } from '@playwright/test';
import { UPSTREAM } from './address.ts';
import { api, expectClean, NEEDS_UPSTREAM } from './person.ts';

const MODELS = ['t100-n10', 't100-n20'];
const JUDGE = 'fast-n5';

/** A battle that is over; its id. */
async function fought(page: Page): Promise<string> {
	const entry = { id: 'arena', name: 'Arena', include: MODELS, exclude: [] };
	const set = await api(page, 'PATCH', '/evaluations/settings', { arena: { entries: [entry] } });
	expect(set.status).toBe(200);
	const { data } = await api(page, 'POST', '/arena/battles', { prompt: 'Which of you is it?' });
	const id = data.battle_id as string;
	const ended = async () => {
		const found = await api(page, 'GET', `/arena/battles/${id}`);
		const sides = (found.data.sides ?? []) as { status: string | null }[];
		return sides.length === 2 && sides.every((each) => each.status !== null);
	};
	await expect.poll(ended).toBe(true);
	return id;
}

test('a queue is opened, judged by keys without names, and closed', async ({ page }) => {
	test.skip(!UPSTREAM, NEEDS_UPSTREAM);
	test.setTimeout(90_000);
	await fought(page);
	await page.goto('/queues');
	await page.getByRole('button', { name: 'New queue' }).click();
	const name = `Queue ${Date.now()}`;
	await page.getByRole('textbox', { name: 'Name', exact: true }).fill(name);
	await page.getByLabel('Instructions').fill('Be **strict**.');
	await page.getByLabel('Battles at most').fill('1');
	await page.getByLabel('People per battle').fill('1');
	await page.getByLabel('Models').fill(MODELS[0]!);
	await expectClean(page);
	await page.getByRole('button', { name: 'Open the queue' }).click();
	const card = page.getByRole('region', { name });
	await expect(card.getByText('0 of 1 done')).toBeVisible();
	await expectClean(page);

	await card.getByRole('link', { name: 'Judge' }).click();
	await expect(page.getByRole('region', { name: 'Model A' })).toBeVisible();
	const main = page.locator('#main');
	await expect(main.getByText('Which of you is it?')).toBeVisible();
	for (const each of MODELS) await expect(main).not.toContainText(each);
	await expectClean(page);
	await page.getByRole('textbox', { name: 'Why? (if you like)' }).fill('1 is enough');
	await main.press('4');
	await expect(page.getByText('Nothing is left for you')).toBeVisible();

	await page.getByRole('link', { name: 'Queues' }).click();
	await expect(card.getByText('1 of 1 done')).toBeVisible();
	const [saved] = await Promise.all([
		page.waitForEvent('download'),
		card.getByRole('link', { name: 'Annotations as CSV' }).click()
	]);
	expect(saved.suggestedFilename()).toContain('.csv');
	await card.getByRole('button', { name: 'Close' }).click();
	await expect(card.getByText('closed')).toBeVisible();
	await expect(card.getByRole('link', { name: 'Judge' })).toHaveCount(0);
});

test('a judge that gives no verdict is told apart, and no vote of people is made', async ({
	page
}) => {
	test.skip(!UPSTREAM, NEEDS_UPSTREAM);
	test.setTimeout(90_000);
	await fought(page);
	const before = (await api(page, 'GET', '/evaluations/votes')).data.count;
	await page.goto('/judgings');
	await page.getByLabel('Let a model judge battles').selectOption(JUDGE);
	await page.getByLabel('Battles at most').fill('1');
	await page.getByRole('button', { name: 'Start' }).click();
	const run = page.getByRole('listitem').filter({ hasText: JUDGE }).first();
	await expect(run.getByText('finished')).toBeVisible();
	await expect(run.getByText('1 of 1 battles')).toBeVisible();
	await run.getByRole('button', { name: 'Verdicts' }).click();
	await expect(run.getByText('no clear verdict')).toBeVisible();
	await expect(page.getByRole('rowheader', { name: JUDGE })).toBeVisible();
	await expectClean(page);
	expect((await api(page, 'GET', '/evaluations/votes')).data.count).toBe(before);
});
