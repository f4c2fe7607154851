import { expect, test, type Page } from '@playwright/test';
import { api, expectClean } from './person.ts';

const SHOTS = process.env.SHOTS;
const shot = async (page: Page, name: string) => {
	if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });
};
const SPACE = `club-${Date.now()}`;

const rows = (count: number) =>
	Array.from({ length: count }, (_, number) => ({
		question_id: `q${number}`,
		model_a: 'one-chat',
		model_b: 'two-chat',
		winner: number % 3 ? 'model_a' : 'model_b',
		judge: `voter-${number}`,
		language: number % 4 ? 'en' : 'fr',
		tstamp: 1_760_000_000 + number
	}));

function jsonl(name: string, lines: unknown[]) {
	const text = lines.map((each) => JSON.stringify(each)).join('\n');
	return { name, mimeType: 'application/jsonl', buffer: Buffer.from(text) };
}

async function opened(page: Page) {
	await page.getByRole('button', { name: 'Import', exact: true }).click();
	return page.getByRole('dialog', { name: 'Import' });
}

test('a table of battles is brought in, and what is not usable is told', async ({ page }) => {
	await page.goto(`/leaderboard?space=${SPACE}`);
	const dialog = await opened(page);
	await dialog.getByLabel('A flat table of battles').check();
	const start = dialog.getByRole('button', { name: 'Import', exact: true });
	await expect(start).toBeDisabled();
	const table = jsonl('club.jsonl', [...rows(40), { winner: 'model_a' }, 'odd']);
	await dialog.getByLabel('Table (JSON lines or Parquet)').setInputFiles(table);
	await expect(dialog.getByText(/club\.jsonl · /)).toBeVisible();
	await dialog.getByLabel('Data set').fill(SPACE);
	await shot(page, 'import-chosen');
	await start.click();
	const card = dialog.getByRole('listitem').filter({ hasText: 'club.jsonl' }).first();
	await expect(card.getByText('42 read: 40 imported, 0 there already, 2 not usable')).toBeVisible();
	await expect(card.getByText('done', { exact: true })).toBeVisible();
	await card.getByText('Why 2 are not usable').click();
	await expect(card.getByText('table, line 42: not an object')).toBeVisible();
	await expectClean(page);
	await shot(page, 'import-done');

	await dialog.getByLabel('Table (JSON lines or Parquet)').setInputFiles(table);
	await start.click();
	await expect(
		dialog.getByText('42 read: 0 imported, 40 there already, 2 not usable')
	).toBeVisible();
	await page.keyboard.press('Escape');
	await expect(dialog).toHaveCount(0);
	await expect(page.getByText('one-chat').first()).toBeVisible();
	const board = await api(page, 'GET', `/evaluations/leaderboard?space=${SPACE}`);
	expect((board.data.totals as { votes: number }).votes).toBe(40);
	await page.getByLabel('Language').selectOption({ label: 'French' });
	await expect(page.getByText(/^10 of 10 votes/)).toBeVisible();
	await page.getByLabel('Data set').selectOption({ label: 'Our own' });
	await expect(page).not.toHaveURL(/language=/);
	const files = await api(page, 'GET', '/files');
	expect(files.data.items!.filter((each) => each.name === 'club.jsonl')).toEqual([]);
});

test('a file can be dropped, and one that is wrong fails with its reason', async ({ page }) => {
	await page.setViewportSize({ width: 390, height: 780 });
	await page.emulateMedia({ colorScheme: 'dark' });
	await page.goto('/leaderboard');
	const dialog = await opened(page);
	await dialog.getByLabel('Feedback that Open WebUI exported').check();
	await expect(dialog.getByLabel('Data set')).toHaveCount(0);
	const data = await page.evaluateHandle(() => {
		const transfer = new DataTransfer();
		transfer.items.add(new File(['{"no": "array"}'], 'thumbs.json'));
		return transfer;
	});
	const target = dialog.getByText('Choose a file or drop it here');
	await target.dispatchEvent('drop', { dataTransfer: data });
	await expect(dialog.getByText(/thumbs\.json · /)).toBeVisible();
	await dialog.getByRole('button', { name: 'Import', exact: true }).press('Enter');
	await expect(dialog.getByText('A file cannot be read: not a JSON array.').first()).toBeVisible();
	const fits = await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
	expect(fits).toBe(true);
	await expectClean(page);
	await shot(page, 'import-phone-dark');
});
