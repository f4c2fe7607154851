import { expect, test, type Page } from '@playwright/test';
import { api, chooseFiles, expectClean, rowOf, textFile } from './person.ts';

const READY = 60_000;
const section = (page: Page, name: string) => page.getByRole('form', { name, exact: true });

test('administrators try the index and see the scores of each stage', async ({ page }) => {
	test.setTimeout(120_000);
	const file = `windmill-${Date.now() % 1_000_000}.txt`;
	await page.goto('/files');
	await chooseFiles(page, textFile(file, 'The windmill of Osten grinds barley on Thursdays.'));
	await expect(rowOf(page, file)).toHaveAttribute('data-state', 'ready', { timeout: READY });
	await page.goto('/settings/documents');
	await page.getByRole('searchbox', { name: 'A question to try' }).fill('When is barley ground?');
	await page.getByRole('main').getByRole('button', { name: 'Search', exact: true }).click();
	const found = page.getByRole('list', { name: 'Passages that were found' });
	await expect(found.locator('[data-passage]').first()).toContainText('windmill of Osten');
	for (const stage of ['words', 'meaning', 'fused'])
		await expect(found.locator(`[data-score="${stage}"]`).first()).toBeVisible();
	await expectClean(page);
});

test('settings are tried, kept, and refused with a reason', async ({ page }) => {
	await page.goto('/settings/documents');
	const store = section(page, 'Vector store');
	await store.getByRole('button', { name: 'Test' }).click();
	await expect(store.getByRole('status')).toContainText(/ms$/);
	await store.getByRole('combobox', { name: 'Store' }).selectOption('qdrant');
	await store.getByRole('textbox', { name: 'Address' }).fill('http://127.0.0.1:9');
	await store.getByRole('button', { name: 'Test' }).click();
	await expect(store.getByRole('status').locator('.text-bad')).toBeVisible();
	await store.getByRole('combobox', { name: 'Store' }).selectOption('pgvector');

	const retrieval = section(page, 'Retrieval');
	const passages = retrieval.getByRole('spinbutton', { name: 'Passages for a question' });
	const before = await passages.inputValue();
	await passages.fill(before === '7' ? '6' : '7');
	await retrieval.getByRole('button', { name: 'Save' }).click();
	await expect(retrieval.getByText('Saved.')).toBeVisible();
	await page.reload();
	await expect(passages).toHaveValue(before === '7' ? '6' : '7');
	await passages.fill(before);
	await retrieval.getByRole('button', { name: 'Save' }).click();
	await expect(retrieval.getByText('Saved.')).toBeVisible();

	const web = section(page, 'Web search');
	await web.getByRole('combobox', { name: 'Search engine' }).selectOption('searxng');
	await web.getByRole('button', { name: 'Save' }).click();
	await expect(web.getByRole('alert')).toBeVisible();
	const { data } = await api(page, 'GET', '/documents/settings');
	expect((data.web as { engine: string }).engine).toBe('off');
});

test('the index is verified, and made anew while it answers', async ({ page }) => {
	test.setTimeout(180_000);
	await page.goto('/settings/documents');
	const live = page.locator('[data-index="live"]');
	await expect(live).toHaveCount(1);
	const made = await live.textContent();
	await page.getByRole('button', { name: 'Verify' }).click();
	await expect(page.locator('[data-verified="0"]')).toBeVisible();
	await page.getByRole('button', { name: 'Rebuild' }).click();
	const ids = async () => {
		const { data } = await api(page, 'GET', '/indexes');
		return data.items!.filter((each) => each.state === 'live').map((each) => each.id);
	};
	const [first] = await ids();
	await expect.poll(async () => (await ids())[0] !== first, { timeout: READY * 2 }).toBe(true);
	expect(made).toContain('PostgreSQL');
	await expect(live).toHaveCount(1);
});
