import { expect, test, type Page } from '@playwright/test';
import { api, begin, choose, composer, expectClean, rowOf, say } from './person.ts';

// `pytest tests/e2e/test_drives.py` starts the product beside doubles of both drives, and this.
const READY = 60_000;
test.skip(!process.env.QUIRE_DRIVES, 'needs doubles of drives');

async function openDrive(page: Page, name: string) {
	await page.goto('/');
	await page.getByRole('button', { name: 'Attach', exact: true }).click();
	await page.getByRole('menuitem', { name }).click();
	const dialog = page.getByRole('dialog', { name });
	await expect(dialog).toBeVisible();
	return dialog;
}

const files = (page: Page) => page.getByRole('list', { name: 'Attached' }).getByRole('listitem');

for (const name of ['Google Drive', 'OneDrive'])
	test(`a file of ${name} is linked to, picked and asked about`, async ({ page, context }) => {
		let dialog = await openDrive(page, name);
		await expect(dialog.getByText(`${name} is not linked yet`)).toBeVisible();
		await expectClean(page);

		// Saying yes happens in another tab; the double's page says it at once.
		const opened = context.waitForEvent('page');
		await dialog.getByRole('link', { name: `Link ${name}` }).click();
		const tab = await opened;
		await expect(tab.getByText(`${name} is linked`)).toBeVisible();
		expect(new URL(tab.url()).pathname).toBe('/drives');
		await expectClean(tab);
		await tab.close();

		// The dialog has heard of it, and lists page by page.
		await expect(dialog.getByRole('button', { name: 'Recipes' })).toBeVisible();
		await dialog.getByRole('button', { name: 'More' }).click();
		await expect(dialog.getByText('Salt.txt')).toBeVisible();
		await expectClean(page);
		await dialog.getByRole('checkbox', { name: /notes\.txt/ }).check();

		// Into a folder by keyboard; what was chosen stays chosen.
		await dialog.getByRole('button', { name: 'Recipes' }).press('Enter');
		await dialog.getByRole('checkbox', { name: /Soup\.txt/ }).check();
		await expect(dialog.getByText('2 files chosen')).toBeVisible();
		await dialog.getByRole('searchbox').fill('bread');
		await expect(dialog.getByRole('checkbox', { name: /Bread\.txt/ })).toBeVisible();
		await expect(dialog.getByRole('checkbox')).toHaveCount(1);
		await dialog.getByRole('searchbox').fill('nothing like it');
		await expect(dialog.getByText('Nothing found')).toBeVisible();
		await dialog.getByRole('button', { name: 'Attach' }).click();
		await expect(dialog).toBeHidden();
		await expect(files(page)).toHaveCount(2);
		await expect(page.locator('[data-attached="ready"]')).toHaveCount(2, { timeout: READY });

		await choose(page, ['reader']);
		await say(page, 'How hot is water for green tea?');
		await expect(page.locator('[data-role="assistant"] .md')).toContainText('seventy', {
			timeout: READY
		});

		dialog = await openDrive(page, name);
		await expect(dialog.getByRole('button', { name: 'Recipes' })).toBeVisible();
		await page.keyboard.press('Escape');
		await expect(dialog).toBeHidden();
		await page.goto('/settings/account');
		const row = page.locator(`[data-drive="${name === 'OneDrive' ? 'microsoft' : 'google'}"]`);
		await expect(row).toContainText('ana@');
		await row.getByRole('button', { name: `Unlink ${name}` }).click();
		await expect(row).toContainText('Not linked');
	});

test('files of a drive go into a knowledge base and among the files', async ({ page, context }) => {
	const { data } = await api(page, 'POST', '/knowledge', { name: 'Kitchen' });
	const pick = async (place: string, file: RegExp) => {
		await page.goto(place);
		await page.getByRole('button', { name: 'Add', exact: true }).click();
		await page.getByRole('menuitem', { name: 'Google Drive' }).click();
		const dialog = page.getByRole('dialog', { name: 'Google Drive' });
		const link = dialog.getByRole('link', { name: 'Link Google Drive' });
		await expect(link.or(dialog.getByRole('checkbox').first())).toBeVisible();
		if (await link.isVisible()) {
			const opened = context.waitForEvent('page');
			await link.click();
			const tab = await opened;
			await expect(tab.getByText('Google Drive is linked')).toBeVisible();
			await tab.close();
		}
		await dialog.getByRole('checkbox', { name: file }).check();
		await dialog.getByRole('button', { name: 'Add', exact: true }).click();
	};
	await pick(`/knowledge/${String(data.id)}`, /Bread\.txt/);
	await expect(rowOf(page, 'Bread.txt')).toBeVisible();
	await pick('/files', /notes\.txt/);
	await expect(rowOf(page, "Tea's notes.txt")).toBeVisible();
	await expect(page.getByRole('list', { name: 'Uploads' })).toHaveCount(0);
});

test('administrators see what to register, and keep the secret', async ({ page }) => {
	await page.goto('/settings/documents');
	const form = page.getByRole('form', { name: 'Drives' });
	await expect(form).toContainText('/api/v1/drives/google/callback');
	await expect(form.getByLabel('Google Drive')).toBeChecked();
	await expect(form.getByLabel('Client secret of Google')).toHaveValue('');
	await form.getByLabel('Google Drive').uncheck();
	await form.getByRole('button', { name: 'Save' }).click();
	await expect(form.getByRole('status')).toContainText('Saved');
	await page.goto('/');
	await page.getByRole('button', { name: 'Attach', exact: true }).click();
	await expect(page.getByRole('menuitem', { name: 'OneDrive' })).toBeVisible();
	await expect(page.getByRole('menuitem', { name: 'Google Drive' })).toHaveCount(0);
});

test('a drive is picked from on a phone', async ({ page }) => {
	await page.setViewportSize({ width: 390, height: 844 });
	const dialog = await openDrive(page, 'OneDrive');
	await expect(dialog).toBeVisible();
	const box = await dialog.boundingBox();
	expect(box && box.x >= 0 && box.x + box.width <= 390).toBe(true);
	await page.keyboard.press('Escape');
	await expect(composer(page)).toBeVisible();
	await begin(page, 'Hello');
});
