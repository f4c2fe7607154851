import { expect, test } from '@playwright/test';
import { api, begin, ended, expectClean } from './person.ts';

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };

test('an administrator sees what was asked, in numbers, in a chart and by model', async ({
	page
}) => {
	await page.setViewportSize(DESKTOP);
	await begin(page, 'How much is asked here?');
	await expect(ended(page)).toHaveCount(1);
	await page.getByRole('link', { name: 'Usage', exact: true }).click();
	await expect(page).toHaveURL(/\/analytics$/);
	const answers = page.locator('[data-total="answers"]');
	await expect(async () => {
		await page.reload();
		await expect(answers.locator('dd').first()).toHaveText(/^[1-9]/, { timeout: 2000 });
	}).toPass();

	// The chart is walked through with keys, and says the same as its table.
	const chart = page.getByRole('slider', { name: 'Usage over time' });
	await chart.focus();
	await page.keyboard.press('End');
	await expect(page.locator('[data-told]')).toHaveText(/Reader|reader/);
	const last = await chart.getAttribute('aria-valuetext');
	await page.keyboard.press('ArrowLeft');
	await expect(chart).not.toHaveAttribute('aria-valuetext', last!);
	await page.getByText('As a table').click();
	await expect(page.getByRole('columnheader', { name: 'When' })).toBeVisible();
	await expectClean(page);

	for (const view of ['Lines', 'Week', 'Bars']) {
		await page.getByRole('button', { name: view, exact: true }).click();
		await expect(page.locator('[data-chart]')).toBeVisible();
	}
	await page.getByRole('button', { name: 'Tokens', exact: true }).click();
	await page.getByRole('button', { name: '24 hours' }).click();
	await expect(page.getByRole('button', { name: '24 hours' })).toHaveAttribute(
		'aria-pressed',
		'true'
	);

	const models = page.getByRole('region', { name: 'Models' });
	await models.getByRole('link', { name: 'reader', exact: true }).click();
	await expect(page).toHaveURL(/model=reader/);
	await expect(page.getByRole('heading', { name: 'Chats in which it answered' })).toBeVisible();
	await expect(
		page.getByRole('list', { name: 'Chats in which it answered' }).getByRole('listitem').first()
	).toContainText('Mira');
	await expectClean(page);

	await page.setViewportSize(PHONE);
	const wider = await page.evaluate(
		() => document.documentElement.scrollWidth - document.documentElement.clientWidth
	);
	expect(wider).toBe(0);
	await page.getByRole('link', { name: 'All models' }).click();
	await expect(chart).toBeVisible();
});

test('what cannot be read is told, and read again', async ({ page }) => {
	await page.route('**/api/v1/analytics/daily**', (route) => route.abort());
	await page.goto('/analytics');
	await expect(page.getByText('Usage could not be read')).toBeVisible();
	await page.unroute('**/api/v1/analytics/daily**');
	await page.getByRole('button', { name: 'Try again' }).click();
	await expect(page.locator('[data-total="answers"]')).toBeVisible();
	expect((await api(page, 'GET', '/analytics/summary?colour=red')).status).toBe(422);
});
