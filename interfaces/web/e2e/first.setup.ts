import { expect, test } from '@playwright/test';
import { PERSON_STATE, UPSTREAM } from './address.ts';
import { api, PERSON } from './person.ts';

test('the first person creates the administrator', async ({ page }) => {
	await page.goto('/c/00000000-0000-7000-8000-000000000000');
	await expect(page).toHaveURL(/\/auth\?next=/);
	const create = page.getByRole('button', { name: 'Create administrator' });
	await expect(create.or(page.getByRole('button', { name: 'Sign in' }))).toBeVisible();
	if (await create.isVisible()) {
		await expect(page.getByRole('heading', { name: 'Welcome to Quire' })).toBeVisible();
		await page.getByLabel('Name').fill(PERSON.name);
		await page.getByLabel('E-mail').fill(PERSON.email);
		await page.getByLabel('Password').fill('short');
		await create.click();
		// The browser itself holds back a password that is too short.
		await expect(page).toHaveURL(/\/auth/);
	} else await page.getByLabel('E-mail').fill(PERSON.email);
	await page.getByLabel('Password').fill(PERSON.password);
	await page.getByRole('button', { name: /Create administrator|Sign in/ }).click();
	// Back at the page that was asked for, which does not exist.
	await expect(page.getByText('There is no such chat')).toBeVisible();
	await page.getByRole('link', { name: 'New chat' }).click();
	await expect(page.getByRole('heading', { name: /What should we work on, Mira/ })).toBeVisible();
	await page.context().storageState({ path: PERSON_STATE });
	if (UPSTREAM) await api(page, 'POST', '/connections', { kind: 'openai', base_url: UPSTREAM });
});
