import { expect, test, type Page } from '@playwright/test';
import { begin, ended } from './person.ts';

test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

async function expectFits(page: Page) {
	const width = await page.evaluate(() => document.documentElement.scrollWidth);
	expect(width).toBeLessThanOrEqual(390);
}

test('a phone has one bar, and the sidebar as a sheet', async ({ page }) => {
	await page.goto('/');
	await expectFits(page);
	await expect(page.getByRole('navigation', { name: 'Sidebar' })).toHaveCount(0);
	await page.getByRole('textbox', { name: 'Message' }).fill('How do I connect a model?');
	await page.getByRole('button', { name: 'Send' }).click();
	await expect(ended(page)).toHaveCount(1);
	await expectFits(page);
	await page.getByRole('button', { name: 'Open sidebar' }).click();
	const sheet = page.getByRole('dialog', { name: 'Sidebar' });
	await sheet.getByRole('link', { name: 'New chat' }).click();
	await expect(sheet).toHaveCount(0);
	await expect(page).toHaveURL(/\/$/);
	const tabs = ['account', 'keys', 'connections', 'users', 'documents'];
	for (const path of ['/files', '/knowledge', ...tabs.map((each) => `/settings/${each}`)]) {
		await page.goto(path);
		await page.waitForTimeout(400);
		await expectFits(page);
	}
});

test('wide code and tables scroll inside', async ({ page }) => {
	await begin(page, 'x'.repeat(300));
	await expect(ended(page)).toHaveCount(1);
	await expectFits(page);
});
