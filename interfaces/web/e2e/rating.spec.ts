import { expect, test, type Page } from '@playwright/test';
import { api, begin, ended, expectClean } from './person.ts';

const SHOTS = process.env.SHOTS;
const shot = async (page: Page, name: string) => {
	if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name}.png` });
};
const card = (page: Page) => page.getByRole('form', { name: 'Your rating' });
const up = (page: Page) => page.getByRole('button', { name: 'Good answer' });
const down = (page: Page) => page.getByRole('button', { name: 'Bad answer' });

test('an answer is rated, changed, seen in the list, and taken back', async ({ page }) => {
	test.setTimeout(120_000);
	await api(page, 'DELETE', '/evaluations/ratings');
	await begin(page, 'How do I back up my data?');
	await expect(ended(page)).toHaveCount(1);
	await up(page).click();
	await expect(up(page)).toHaveAttribute('aria-pressed', 'true');
	await expect(card(page)).toBeFocused();
	await expect(card(page).getByRole('radio', { name: '5 of 10' })).toBeDisabled();
	await card(page).getByRole('radio', { name: '8 of 10' }).check();
	await card(page).getByRole('button', { name: 'Accurate' }).click();
	await card(page).getByRole('textbox', { name: 'Comment' }).fill('Just what I needed.');
	await card(page).getByRole('textbox', { name: 'Tags' }).fill('Backup');
	await shot(page, 'card-light');
	await expectClean(page);
	await shot(page, 'card-dark');
	await page.setViewportSize({ width: 375, height: 800 });
	await card(page).scrollIntoViewIfNeeded();
	await shot(page, 'card-phone');
	const wide = () => document.documentElement.scrollWidth <= window.innerWidth;
	expect(await page.evaluate(wide)).toBe(true);
	await page.setViewportSize({ width: 1280, height: 800 });
	await card(page).getByRole('button', { name: 'Save' }).click();
	await expect(card(page)).toHaveCount(0);
	await expect(page.getByText('Thank you. Your rating is kept.')).toBeVisible();
	await expect(up(page)).toBeFocused();

	await page.reload();
	await expect(up(page)).toHaveAttribute('aria-pressed', 'true');
	await up(page).click();
	await expect(card(page).getByRole('radio', { name: '8 of 10' })).toBeChecked();
	await expect(card(page).getByRole('textbox', { name: 'Comment' })).toHaveValue(
		'Just what I needed.'
	);
	await expect(card(page).getByRole('button', { name: 'Remove the tag backup' })).toBeVisible();
	await page.keyboard.press('Escape');
	await expect(card(page)).toHaveCount(0);
	await down(page).click();
	await expect(down(page)).toHaveAttribute('aria-pressed', 'true');
	await expect(up(page)).toHaveAttribute('aria-pressed', 'false');
	await expect(card(page).getByRole('radio', { name: '8 of 10' })).toBeDisabled();
	await card(page).getByRole('radio', { name: '3 of 10' }).check();
	await card(page).getByRole('button', { name: 'Too wordy' }).click();
	await card(page).getByRole('button', { name: 'Save' }).click();
	await expect(card(page)).toHaveCount(0);
	const chat = page.url();

	await page.getByRole('link', { name: 'Feedback' }).click();
	const row = page.getByRole('row').filter({ hasText: 'Reader' });
	await expect(row).toHaveCount(1);
	await expect(row).toContainText('3');
	await page.evaluate(() => (document.documentElement.dataset.theme = 'light'));
	await shot(page, 'list-light');
	await expectClean(page);
	await shot(page, 'list-dark');
	await page.setViewportSize({ width: 375, height: 800 });
	await shot(page, 'list-phone');
	expect(await page.evaluate(wide)).toBe(true);
	await page.setViewportSize({ width: 1280, height: 800 });
	await page.getByRole('combobox', { name: 'Rating' }).selectOption('1');
	await expect(page.getByText('No rating fits.')).toBeVisible();
	await page.getByRole('combobox', { name: 'Rating' }).selectOption('-1');
	await row.getByRole('button', { name: 'Details of Reader' }).click();
	const details = page.getByRole('dialog', { name: 'Rating' });
	await expect(details).toContainText('Too wordy');
	await expect(details).toContainText('Just what I needed.');
	await shot(page, 'details');
	await details.getByRole('button', { name: 'Close' }).click();
	const file = page.waitForEvent('download');
	await page.getByRole('link', { name: 'Download as CSV' }).click();
	expect((await file).suggestedFilename()).toBe('ratings.csv');

	await page.goto(chat);
	await down(page).click();
	await card(page).getByRole('button', { name: 'Withdraw' }).click();
	await expect(down(page)).toHaveAttribute('aria-pressed', 'false');
	await page.goto('/feedback');
	await expect(page.getByText('No ratings yet')).toBeVisible();
	await shot(page, 'list-empty');
});

test('a rating that the server refuses is not shown as kept', async ({ page }) => {
	await begin(page, 'How do I connect a model?');
	await expect(ended(page)).toHaveCount(1);
	await page.route('**/rating', (route) => route.abort());
	await up(page).click();
	await expect(page.getByText('The server cannot be reached.')).toBeVisible();
	await expect(up(page)).toHaveAttribute('aria-pressed', 'false');
	await expect(card(page)).toHaveCount(0);
	await page.unroute('**/rating');
	await up(page).click();
	await expect(card(page)).toBeVisible();
	await page.keyboard.press('Escape');
	await page.goto('/feedback');
	await page.getByRole('button', { name: 'Delete the rating of Reader' }).first().click();
	await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
	await expect(page.getByText('No ratings yet')).toBeVisible();
});
