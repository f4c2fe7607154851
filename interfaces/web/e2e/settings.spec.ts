import { expect, test } from '@playwright/test';
import { ADDRESS, UPSTREAM } from './address.ts';
import { api, PERSON } from './person.ts';

test('an API key is shown once, works, and is refused when deleted', async ({ page, request }) => {
	await page.goto('/settings/keys');
	await page.getByLabel('Name of the key').fill('A program');
	await page.getByRole('button', { name: 'Create key' }).click();
	const dialog = page.getByRole('dialog', { name: 'Your new key' });
	const key = (await dialog.locator('[data-key]').textContent())!;
	expect(key).toMatch(/^sk-quire-/);
	await dialog.getByRole('button', { name: 'Done' }).click();
	await expect(page.getByText(key)).toHaveCount(0);
	const ask = () =>
		request.get(`${ADDRESS}/v1/models`, {
			headers: { Authorization: `Bearer ${key}`, Cookie: '' }
		});
	expect((await ask()).status()).toBe(200);
	const row = page.getByRole('listitem').filter({ hasText: 'A program' });
	await row.getByRole('button', { name: 'Delete' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
	await expect(row).toHaveCount(0);
	expect((await ask()).status()).toBe(401);
});

test('a connection that does not answer says why, and can be put right', async ({ page }) => {
	await page.goto('/settings/connections');
	await page.getByRole('button', { name: 'Add connection' }).click();
	const dialog = page.getByRole('dialog', { name: 'Add connection' });
	await dialog.getByLabel('Address').fill('http://127.0.0.1:9/v1');
	await dialog.getByText('More', { exact: true }).click();
	await dialog.getByLabel('Prefix').fill('test/');
	await dialog.getByRole('button', { name: 'Save and test' }).click();
	const row = page.getByRole('listitem').filter({ hasText: '127.0.0.1:9/' });
	await expect(row.getByText(/does not answer/)).toBeVisible();
	if (UPSTREAM) {
		await row.getByRole('button', { name: 'Edit' }).click();
		const edit = page.getByRole('dialog', { name: 'Edit connection' });
		await edit.getByLabel('Address').fill(UPSTREAM);
		await edit.getByRole('button', { name: 'Save and test' }).click();
		const right = page.getByRole('listitem').filter({ hasText: 'prefix test/' });
		await expect(right.getByText(/It answers/)).toBeVisible();
		await right.getByRole('button', { name: 'Test' }).click();
		await expect(right.getByText(/It answers/)).toBeVisible();
	}
	const last = page.getByRole('listitem').filter({ hasText: 'prefix test/' });
	await last.getByRole('button', { name: 'Delete' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
	await expect(last).toHaveCount(0);
});

test('the theme is kept, and shown before anything else', async ({ page }) => {
	await page.goto('/settings/appearance');
	await page.getByRole('button', { name: 'Dark', exact: true }).click();
	await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
	await expect(page.getByRole('button', { name: 'Dark', exact: true })).toHaveAttribute(
		'aria-pressed',
		'true'
	);
	await page.getByRole('button', { name: '125 %' }).click();
	await page.reload();
	await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
	expect(await page.evaluate(() => document.documentElement.style.fontSize)).toBe('125%');
	await page.getByRole('button', { name: 'Light', exact: true }).click();
	await page.getByRole('button', { name: '100 %' }).click();
	await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
});

test('somebody signs up, waits, is let in, and sees nothing of others', async ({
	page,
	browser
}) => {
	await page.goto('/settings/users');
	const open = page.getByRole('checkbox', { name: 'Sign-up is open' });
	await open.check();
	const email = `ana${Date.now()}@example.org`;
	const context = await browser.newContext({
		storageState: undefined,
		baseURL: ADDRESS
	});
	const ana = await context.newPage();
	await ana.goto('/');
	await ana.getByRole('button', { name: 'Sign up' }).click();
	await ana.getByLabel('Name').fill('Ana');
	await ana.getByLabel('E-mail').fill(email);
	await ana.getByLabel('Password').fill('another long password');
	await ana.getByRole('button', { name: 'Sign up' }).click();
	await expect(ana.getByRole('heading', { name: 'Waiting for approval' })).toBeVisible();
	await page.reload();
	const row = page.getByRole('listitem').filter({ hasText: email });
	await row.getByRole('combobox', { name: 'Role of Ana' }).selectOption('user');
	await expect(page.getByText('Saved.')).toBeVisible();
	await ana.getByRole('button', { name: 'Look again' }).click();
	await expect(ana.getByRole('heading', { name: /What should we work on, Ana/ })).toBeVisible();
	await expect(ana.getByText('Your chats will stand here.')).toBeVisible();
	await ana.goto('/settings/users');
	await expect(ana.getByText('There is no such page')).toBeVisible();
	await open.uncheck();
	await context.close();
});

test('the account is renamed, and signs out', async ({ browser }) => {
	const context = await browser.newContext({
		baseURL: ADDRESS,
		storageState: undefined
	});
	const page = await context.newPage();
	await page.goto('/auth');
	await page.getByLabel('E-mail').fill(PERSON.email);
	await page.getByLabel('Password').fill('not the password');
	await page.getByRole('button', { name: 'Sign in' }).click();
	await expect(page.getByRole('alert')).toBeVisible();
	await page.getByLabel('Password').fill(PERSON.password);
	await page.getByRole('button', { name: 'Sign in' }).click();
	await page.getByRole('link', { name: 'Settings' }).click();
	const name = page.getByRole('textbox', { name: 'Name', exact: true });
	await name.fill('Mira Renamed');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByText('Saved.')).toBeVisible();
	await expect(page.getByText('this one')).toBeVisible();
	await name.fill(PERSON.name);
	await page.getByRole('button', { name: 'Save' }).click();
	await page.getByRole('button', { name: 'Sign out' }).click();
	await expect(page).toHaveURL(/\/auth/);
	expect((await api(page, 'GET', '/chats')).status).toBe(401);
	await context.close();
});
