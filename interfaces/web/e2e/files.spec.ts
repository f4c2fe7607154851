import { expect, test } from '@playwright/test';
import { act, api, chooseFiles, expectClean, rowOf, textFile } from './person.ts';

const READY = 60_000;
const name = (what: string) => `${what}-${Date.now() % 1_000_000}.txt`;

test('a file is uploaded with progress, read, opened and edited', async ({ page }) => {
	test.setTimeout(150_000);
	const lantern = name('lantern');
	await page.goto('/files');
	// Slowly enough to be seen on its way.
	let held = 0;
	await page.route('**/uploads/*', async (route) => {
		if (route.request().method() !== 'PATCH') return route.continue();
		held += 1;
		await new Promise((resolve) => setTimeout(resolve, 800));
		await route.continue();
	});
	await chooseFiles(page, textFile(lantern, 'Paper lanterns are lit at dusk.\n\nThey float.'));
	const upload = page.getByRole('list', { name: 'Uploads' });
	await expect(upload.getByRole('progressbar', { name: lantern })).toBeVisible();
	const row = rowOf(page, lantern);
	await expect(row).toHaveAttribute('data-state', 'ready', { timeout: READY });
	await expect(upload).toHaveCount(0);
	expect(held).toBe(1);
	await page.unroute('**/uploads/*');

	await page.getByRole('link', { name: lantern }).click();
	await expect(page.getByText('Paper lanterns are lit at dusk.')).toBeVisible();
	await expectClean(page);
	await page.getByRole('tab', { name: 'Text' }).click();
	await page.getByRole('button', { name: 'Edit', exact: true }).click();
	const box = page.getByRole('textbox', { name: 'Text' });
	await box.fill('Silk lanterns are lit at dawn.');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByText('Edited by a person.')).toBeVisible();
	await expect(page.getByRole('main').getByText('Ready')).toBeVisible({ timeout: READY });
	await page.getByRole('tab', { name: 'Passages' }).click();
	await expect(page.getByRole('listitem').getByText('Silk lanterns are lit')).toBeVisible();
	await page.reload();
	await page.getByRole('tab', { name: 'Text' }).click();
	await expect(page.getByText('Silk lanterns are lit at dawn.')).toBeVisible();

	await chooseFiles(page, textFile(lantern, `Glass lanterns are lit by no one, ${lantern}.`));
	await expect(page.getByText('Glass lanterns are lit by no one')).toBeVisible({ timeout: READY });
	await expect(page.getByText('What was read from the file.')).toBeVisible();
});

test('a file is renamed, goes to the trash, comes back, and is gone for good', async ({ page }) => {
	const [first, second] = [name('old'), name('new')];
	await page.goto('/files');
	await chooseFiles(page, textFile(first, 'Something old.'));
	await expect(rowOf(page, first)).toBeVisible();
	await act(page, first, 'Rename');
	const dialog = page.getByRole('dialog', { name: 'Rename' });
	await dialog.getByRole('textbox', { name: 'Name' }).fill(second);
	await dialog.getByRole('button', { name: 'Save' }).click();
	await expect(rowOf(page, second)).toBeVisible();

	await act(page, second, 'Move to trash');
	await expect(rowOf(page, second)).toHaveCount(0);
	const trash = page.getByRole('main').locator('..').getByRole('button', { name: 'Trash' }).last();
	await trash.click();
	await expect(page.getByRole('heading', { name: 'Files in the trash' })).toBeVisible();
	await act(page, second, 'Restore');
	await expect(rowOf(page, second)).toHaveCount(0);
	await trash.click();
	await expect(rowOf(page, second)).toBeVisible();

	await act(page, second, 'Move to trash');
	await expect(rowOf(page, second)).toHaveCount(0);
	await trash.click();
	await act(page, second, 'Delete for good');
	await page.getByRole('dialog').getByRole('button', { name: 'Delete for good' }).click();
	await expect(rowOf(page, second)).toHaveCount(0);
	const { data } = await api(page, 'GET', `/files?trash=true&query=${second}`);
	expect(data.items).toEqual([]);
});

test('a broken file says why, and others are found by their state', async ({ page }) => {
	const broken = `broken-${Date.now() % 1_000_000}.pdf`;
	await page.goto('/files');
	await page.locator('[data-upload]').setInputFiles({
		name: broken,
		mimeType: 'application/pdf',
		buffer: Buffer.from(`%PDF-1.4\nnothing of this is true ${broken}`)
	});
	const row = rowOf(page, broken);
	await expect(row).toHaveAttribute('data-state', 'failed', { timeout: READY });
	await expect(row.getByText(/damaged/).filter({ visible: true })).toHaveCount(1);
	await page.getByRole('combobox', { name: 'State' }).selectOption('ready');
	await expect(row).toHaveCount(0);
	await page.getByRole('combobox', { name: 'State' }).selectOption('failed');
	await expect(row).toBeVisible();
	await page.getByRole('searchbox', { name: 'Search files' }).fill('no such name');
	await expect(page.getByText('Nothing found.')).toBeVisible();
});

test('an upload goes on where the line broke', async ({ page }) => {
	test.setTimeout(120_000);
	const large = name('large');
	const offsets: number[] = [];
	let broken = false;
	await page.route('**/uploads/*', async (route) => {
		const offset = Number(route.request().headers()['upload-offset']);
		if (route.request().method() !== 'PATCH') return route.continue();
		offsets.push(offset);
		if (offset > 0 && !broken) {
			broken = true;
			return route.abort('connectionreset');
		}
		return route.continue();
	});
	await page.goto('/files');
	const line = 'All work and no play makes a dull day. ';
	const text = line.repeat(Math.ceil((5 * 1024 * 1024) / line.length));
	await chooseFiles(page, textFile(large, text));
	await expect(rowOf(page, large)).toBeVisible({ timeout: READY });
	expect(broken).toBe(true);
	// The first part was sent once, the second one twice.
	expect(offsets[0]).toBe(0);
	expect(offsets.slice(1)).toEqual([offsets[1], offsets[1]]);
	const { data } = await api(page, 'GET', `/files?query=${large}`);
	expect(data.items![0]!.size).toBe(text.length);
	await act(page, large, 'Move to trash');
});

test('files are dropped on the page', async ({ page }) => {
	const dropped = name('dropped');
	await page.goto('/files');
	const data = await page.evaluateHandle((called) => {
		const transfer = new DataTransfer();
		transfer.items.add(new File(['Dropped from above.'], called, { type: 'text/plain' }));
		return transfer;
	}, dropped);
	await expect(page.getByRole('searchbox', { name: 'Search files' })).toBeVisible();
	const main = page.locator('#main');
	// Whoever holds something over a page does so for longer than an instant.
	await expect(async () => {
		await main.dispatchEvent('dragover', { dataTransfer: data });
		await expect(page.getByText('Drop files to upload them')).toBeVisible({ timeout: 100 });
	}).toPass();
	await main.dispatchEvent('drop', { dataTransfer: data });
	await expect(rowOf(page, dropped)).toBeVisible();
});

test('files are listed in the order that is wished, page after page', async ({ page }) => {
	const run = Date.now() % 1_000_000;
	const names: string[] = [];
	const before = Number((await api(page, 'GET', '/files/counts')).data.ready);
	for (let at = 0; at < 45; at += 1) {
		const name = `order-${run}-${String((at * 7) % 45).padStart(2, '0')}.txt`;
		const text = `Order ${run}. ${'x'.repeat(at + 1)}`;
		const { status } = await api(page, 'POST', '/files/text', { name, text });
		expect(status).toBe(201);
		names.push(name);
	}
	const ready = async () => Number((await api(page, 'GET', '/files/counts')).data.ready);
	await expect.poll(ready, { timeout: READY }).toBeGreaterThanOrEqual(names.length + before);
	await page.goto('/files');
	await page.getByRole('searchbox', { name: 'Search files' }).fill(`order-${run}`);
	const orders: [string, string[]][] = [
		['Oldest first', names],
		['By name', names.toSorted()],
		['Largest first', names.toReversed()],
		['Newest first', names.toReversed()]
	];
	const links = page.getByRole('link', { name: `order-${run}` });
	const order = page.getByRole('combobox', { name: 'Order' });
	for (const [words, expected] of orders) {
		await order.selectOption(words);
		await expect(links).toHaveText(expected.slice(0, 40));
		await page.getByRole('button', { name: 'More', exact: true }).click();
		await expect(links).toHaveText(expected);
	}
	await page.getByRole('columnheader', { name: 'Added' }).getByRole('button').click();
	await expect(order).toHaveValue('oldest');
	await expectClean(page);
});
