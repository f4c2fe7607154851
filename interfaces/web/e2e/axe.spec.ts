import { expect, test } from '@playwright/test';
import { ADDRESS } from './address.ts';
import { begin, ended, expectClean } from './person.ts';

for (const path of [
	'/',
	'/temporary',
	'/files',
	'/knowledge',
	'/settings/account',
	'/settings/appearance',
	'/settings/keys',
	'/settings/connections',
	'/settings/documents',
	'/settings/users'
])
	test(`nothing stands in the way at ${path}`, async ({ page }) => {
		await page.goto(path);
		await expect(page.getByRole('navigation', { name: 'Sidebar' })).toBeVisible();
		await page.waitForTimeout(500);
		await expectClean(page);
	});

test('nothing stands in the way in a chat, its dialogs and menus', async ({ page }) => {
	test.setTimeout(150_000);
	await begin(page, 'How do I connect a model?');
	await expect(ended(page)).toHaveCount(1);
	await expectClean(page);
	await page.getByRole('button', { name: 'Answer again' }).click();
	await expectClean(page);
	await page.keyboard.press('Escape');
	await page.getByRole('button', { name: /^Models: / }).click();
	await expectClean(page);
	await page.keyboard.press('Escape');
	await page.getByRole('button', { name: 'Chat controls' }).click();
	await expectClean(page);
	await page.keyboard.press('Escape');
	await page.keyboard.press('Control+k');
	await expectClean(page);
	await page.keyboard.press('Escape');
	await page.getByRole('button', { name: 'Trash', exact: true }).click();
	await expectClean(page);
});

test('nothing stands in the way at the door', async ({ browser }) => {
	const context = await browser.newContext({
		baseURL: ADDRESS,
		storageState: undefined
	});
	const page = await context.newPage();
	await page.goto('/auth');
	await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible();
	await expectClean(page);
	await context.close();
});
