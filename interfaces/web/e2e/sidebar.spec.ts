import { expect, test } from '@playwright/test';
import { begin, chatOf, ended } from './person.ts';

test('a chat is renamed here, and its name changes in the other tab', async ({ page, context }) => {
	await begin(page, 'How do I connect a model?');
	await expect(ended(page)).toHaveCount(1);
	const other = await context.newPage();
	await other.goto('/');
	const row = page.locator(`li:has([data-chat="${chatOf(page)}"])`);
	await row.hover();
	await row.getByRole('button', { name: /^More for/ }).click();
	await page.getByRole('menuitem', { name: 'Rename' }).click();
	const box = page.getByRole('textbox', { name: 'Title of the chat' });
	await expect(box).toBeFocused();
	await box.fill('A name of its own');
	await box.press('Enter');
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('A name of its own');
	await expect(other.locator(`[data-chat="${chatOf(page)}"]`)).toContainText('A name of its own');
	await other.close();
});

test('a chat goes to the trash and comes back', async ({ page }) => {
	await begin(page, 'How do I back up my data?');
	await expect(ended(page)).toHaveCount(1);
	const url = page.url();
	const id = chatOf(page);
	const row = page.locator(`[data-chat="${id}"]`);
	await row.hover();
	await page
		.locator(`li:has([data-chat="${id}"])`)
		.getByRole('button', { name: /^More for/ })
		.click();
	await page.getByRole('menuitem', { name: 'Move to trash' }).click();
	await expect(row).toHaveCount(0);
	await expect(page).not.toHaveURL(url);
	await page.getByRole('button', { name: 'Trash', exact: true }).click();
	const dialog = page.getByRole('dialog', { name: 'Trash' });
	await dialog.getByRole('button', { name: 'Restore' }).first().click();
	await page.keyboard.press('Escape');
	await expect(row).toBeVisible();
	await row.click();
	await expect(ended(page)).toHaveCount(1);
});

test('a chat can be deleted for good', async ({ page }) => {
	await begin(page, 'gone for good');
	await expect(ended(page)).toHaveCount(1);
	const id = chatOf(page);
	await page
		.locator(`li:has([data-chat="${id}"])`)
		.getByRole('button', { name: /^More for/ })
		.click();
	await page.getByRole('menuitem', { name: 'Move to trash' }).click();
	await page.getByRole('button', { name: 'Trash', exact: true }).click();
	const dialog = page.getByRole('dialog', { name: 'Trash' });
	await dialog.getByRole('button', { name: 'Delete for good' }).first().click();
	await dialog.getByRole('button', { name: 'Really delete?' }).click();
	await expect(dialog.getByText('gone for good')).toHaveCount(0);
});

test('keys lead everywhere', async ({ page }) => {
	await begin(page, 'How do I connect a model?');
	await expect(ended(page)).toHaveCount(1);
	await page.keyboard.press('Control+k');
	const palette = page.getByRole('dialog', { name: 'Search and commands' });
	await expect(palette.getByRole('combobox')).toBeFocused();
	await page.keyboard.type('API keys');
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(/\/settings\/keys/);
	await page.keyboard.press('Control+Slash');
	await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
	await page.keyboard.press('Escape');
	await expect(page.getByRole('dialog')).toHaveCount(0);
	await page.keyboard.press('Control+Shift+O');
	await expect(page).toHaveURL(/\/$/);
	await page.keyboard.press('Control+Shift+S');
	await expect(page.getByRole('navigation', { name: 'Sidebar' })).toHaveCount(0);
	await page.keyboard.press('Control+Shift+S');
	await expect(page.getByRole('navigation', { name: 'Sidebar' })).toBeVisible();
	await page.keyboard.press('Shift+Escape');
	await expect(page.getByRole('textbox', { name: 'Message' })).toBeFocused();
});
