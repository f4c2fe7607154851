import { expect, test } from '@playwright/test';
import { api, expectClean } from './person.ts';

test.beforeEach(async ({ page }) => {
	await page.goto('/leaderboard');
	await page.getByRole('tab', { name: 'Sinks' }).click();
});

test('a sink is added, shows its secret once, is tried, paused and removed', async ({ page }) => {
	await page.getByRole('button', { name: 'Add a sink' }).click();
	const dialog = page.getByRole('dialog');
	await dialog.getByLabel('Name', { exact: true }).fill('Quality');
	await dialog.getByLabel('Address').fill('http://10.0.0.1:22/hook');
	await dialog.getByRole('button', { name: 'Save' }).click();
	await expect(dialog.getByRole('alert')).toContainText('Port 22');
	await dialog.getByLabel('Address').fill('https://hooks.example.org/quire');
	await dialog.getByLabel('Votes too').check();
	await expectClean(page);
	await dialog.getByRole('button', { name: 'Save' }).click();
	await expect(dialog.getByText(/^whsec_/)).toBeVisible();
	await dialog.getByText('Close', { exact: true }).click();
	const card = page.getByRole('listitem').filter({ hasText: 'Quality' });
	await expect(card.getByText('ratings and votes')).toBeVisible();
	await expect(card.getByText('Up to date')).toBeVisible();
	await expectClean(page);
	await card.getByRole('button', { name: 'Test' }).click();
	await expect(card.getByText('hooks.example.org cannot be reached.')).toBeVisible();
	await card.getByRole('button', { name: 'Pause' }).click();
	await expect(card.getByText('Paused by an administrator.')).toBeVisible();
	await card.getByRole('button', { name: 'Replay' }).click();
	await dialog.getByRole('button', { name: 'Replay' }).click();
	await expect(card.getByRole('button', { name: 'Pause' })).toBeVisible();
	await card.getByRole('button', { name: 'Remove' }).click();
	await dialog.getByRole('button', { name: 'Remove' }).click();
	await expect(card).toHaveCount(0);
});

test('one that fails says why, and when it is tried again', async ({ page }) => {
	const sink = {
		id: '00000000-0000-4000-8000-000000000001',
		kind: 'otlp',
		name: 'Collector',
		url: 'https://otel.example.org',
		votes: false,
		has_secret: false,
		header_names: [],
		state: 'failing',
		paused: null,
		position: 1200,
		lag: 34,
		delivered: 56,
		delivered_at: '2026-11-26T04:00:00.000Z',
		failures: 3,
		failing_since: '2026-11-26T04:10:00.000Z',
		error: 'otel.example.org answered 503: it is out of order.',
		next_try_at: '2026-11-26T04:20:00.000Z',
		created_at: '2026-11-01T00:00:00.000Z'
	};
	await page.route('**/api/v1/evaluations/sinks', (route) =>
		route.fulfill({ json: { items: [sink], next_cursor: null } })
	);
	const card = page.getByRole('listitem').filter({ hasText: 'Collector' });
	await expect(card.getByText('Failing')).toBeVisible();
	await expect(card.getByText('it is out of order')).toBeVisible();
	await expect(card.getByText('Failed 3 times; next try')).toBeVisible();
	await expectClean(page);
});

test('voters without enough votes are told so', async ({ page }) => {
	const voters = await api(page, 'GET', '/evaluations/voters');
	expect(voters.status).toBe(200);
	await page.getByRole('tab', { name: 'Voters' }).click();
	await page.getByRole('button', { name: 'Reckon and record now' }).click();
	if (voters.data.items!.length === 0)
		await expect(page.getByText('No voters to look at')).toBeVisible();
	else await expect(page.getByRole('columnheader', { name: 'Against the odds' })).toBeVisible();
	await expectClean(page);
});
