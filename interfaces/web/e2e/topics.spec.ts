import { expect, test, type Page } from '@playwright/test';
import { UPSTREAM } from './address.ts';
import { api, expectClean, NEEDS_UPSTREAM } from './person.ts';

const MODELS = ['t50-n40', 't100-n60'];

/** A battle about a question, with a vote. */
async function judged(page: Page, prompt: string): Promise<void> {
	const { data } = await api(page, 'POST', '/arena/battles', { prompt });
	const vote = `/arena/battles/${data.battle_id as string}/vote`;
	const cast = () => api(page, 'POST', vote, { winner: 'tie' });
	await expect.poll(async () => (await cast()).status, { timeout: 30_000 }).toBe(200);
}

test('a table about a topic: typed, read, in the address, and back', async ({ page }) => {
	test.skip(!UPSTREAM, NEEDS_UPSTREAM);
	test.setTimeout(90_000);
	const entry = { id: 'arena', name: 'Arena', include: MODELS, exclude: [] };
	await page.goto('/leaderboard');
	const arena = { entries: [entry], votes_minute_max: 100 };
	expect((await api(page, 'PATCH', '/evaluations/settings', { arena })).status).toBe(200);
	for (const prompt of ['How do I sort a list in Python?', 'How do I bake a rye bread?'])
		await judged(page, prompt);
	await page.reload();
	const field = page.getByRole('searchbox', { name: 'A topic, to weigh votes by' });
	await field.click();
	await page.keyboard.type('programming');
	await expect(page).toHaveURL(/\?topic=programming$/);
	await expect(page.getByText(/votes were compared with the topic/)).toBeVisible();
	await expect(page.getByText(/Still reading/)).toHaveCount(0, { timeout: 30_000 });
	await expect(page.getByRole('row')).toHaveCount(3);
	await expect(field).toBeFocused();
	await expect(page.getByLabel('Rating by')).toBeDisabled();
	await expect(page.getByLabel('Ties')).toBeEnabled();
	await expectClean(page);
	await page.reload();
	await expect(field).toHaveValue('programming');
	await expect(page.getByText(/votes were compared with the topic/)).toBeVisible();
	await page.setViewportSize({ width: 390, height: 800 });
	const wide = () => document.documentElement.scrollWidth <= window.innerWidth;
	expect(await page.evaluate(wide)).toBe(true);
	await field.fill('');
	await expect(page).toHaveURL(/leaderboard\??$/);
	await expect(page.getByText(/votes were compared with the topic/)).toHaveCount(0);
	await expect(page.getByLabel('Rating by')).toBeEnabled();
});
