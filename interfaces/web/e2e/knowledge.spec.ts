import { expect, test } from '@playwright/test';
import { ADDRESS } from './address.ts';
import {
	act,
	answers,
	api,
	choose,
	chooseFiles,
	composer,
	ended,
	expectClean,
	questions,
	rowOf,
	textFile
} from './person.ts';

const READY = 60_000;
const RUN = Date.now() % 1_000_000;
const NAME = `Harbour ${RUN}`;
const FACT = 'The harbour master of Lindow keeps seven grey cats.';

test('a knowledge base is made, filled, ordered, shared, and used by its mark', async ({
	page,
	browser
}) => {
	test.setTimeout(240_000);
	await page.goto('/knowledge');
	await page.getByRole('button', { name: 'New knowledge base' }).first().click();
	const dialog = page.getByRole('dialog', { name: 'New knowledge base' });
	await dialog.getByRole('textbox', { name: 'Name' }).fill(NAME);
	await dialog.getByLabel('Description').fill('What is known of the harbour.');
	await dialog.getByRole('button', { name: 'Create' }).click();
	await expect(page).toHaveURL(/\/knowledge\/./);
	const id = page.url().split('/').pop()!;

	const cats = `cats-${RUN}.txt`;
	await chooseFiles(page, textFile(cats, `${FACT} They sleep on ropes.`));
	await expect(rowOf(page, cats)).toHaveAttribute('data-state', 'ready', { timeout: READY });
	await expect(page.getByText('1 file · 1 ready')).toBeVisible();

	await page.getByRole('button', { name: 'Add', exact: true }).click();
	await page.getByRole('menuitem', { name: 'New folder' }).click();
	await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('Animals');
	await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
	const folder = page.getByRole('button', { name: 'Animals', exact: true });
	await expect(folder).toBeVisible();
	await rowOf(page, cats).dragTo(page.getByRole('row').filter({ has: folder }));
	await expect(rowOf(page, cats)).toHaveCount(0);
	await folder.click();
	await expect(rowOf(page, cats)).toBeVisible();
	await act(page, cats, 'Move');
	await page.getByRole('dialog').getByRole('button', { name: 'Move here' }).click();
	await expect(rowOf(page, cats)).toHaveCount(0);
	await page.getByRole('navigation', { name: 'Folders' }).getByText(NAME).click();
	await expect(rowOf(page, cats)).toBeVisible();
	await expectClean(page);

	const email = `lin${RUN}@example.org`;
	const password = 'another long password';
	await api(page, 'POST', '/users', { email, name: `Lin ${RUN}`, password, role: 'user' });
	await page.getByRole('button', { name: 'Share' }).click();
	const share = page.getByRole('dialog', { name: `Share ${NAME}` });
	await share.getByRole('combobox', { name: 'Name or e-mail' }).fill(email);
	await share.getByRole('option', { name: new RegExp(email) }).click();
	await expect(share.getByRole('combobox', { name: `Access of Lin ${RUN}` })).toHaveValue('read');
	await expectClean(page);
	await share.getByRole('button', { name: 'Save' }).click();
	await expect(share).toHaveCount(0);

	const context = await browser.newContext({ storageState: undefined, baseURL: ADDRESS });
	const lin = await context.newPage();
	await lin.goto('/auth?next=/knowledge');
	await lin.getByLabel('E-mail').fill(email);
	await lin.getByLabel('Password').fill(password);
	await lin.getByRole('button', { name: 'Sign in' }).click();
	await lin.getByRole('link', { name: NAME }).click();
	await expect(rowOf(lin, cats)).toBeVisible();
	await expect(lin.getByRole('button', { name: 'Add', exact: true })).toHaveCount(0);
	await api(page, 'PATCH', `/knowledge/${id}`, { description: 'Ropes and cats.' });
	await expect(lin.getByText('Ropes and cats.')).toBeVisible();
	// A file that is ready is not looked for again and again: its new name must be told.
	const { data: files } = await api(page, 'GET', `/files?query=${cats}`);
	const file = `/files/${files.items![0]!.id as string}`;
	await api(page, 'PATCH', file, { name: `new-${cats}` });
	await expect(rowOf(lin, `new-${cats}`)).toBeVisible();
	await api(page, 'PATCH', file, { name: cats });
	await expect(rowOf(lin, cats)).toBeVisible();
	await lin.getByRole('link', { name: 'New chat', exact: true }).click();
	await choose(lin, ['reader']);
	await composer(lin).pressSequentially(`#Harb`);
	const option = lin.getByRole('option', { name: new RegExp(NAME) });
	await expect(option).toBeVisible();
	await expect(option).toHaveAttribute('aria-selected', 'true');
	await lin.keyboard.press('Enter');
	await expect(lin.getByRole('list', { name: 'Attached' })).toContainText(NAME);
	await expect(composer(lin)).toHaveValue('');
	await composer(lin).fill('How many cats does the harbour master keep?');
	await lin.keyboard.press('Enter');
	await expect(questions(lin).getByRole('link', { name: NAME })).toBeVisible();
	await expect(ended(lin)).toHaveCount(1, { timeout: READY });
	await expect(answers(lin).first().locator('.md')).toContainText('seven grey cats');
	await context.close();

	await page.getByRole('tab', { name: 'Try it' }).click();
	await page.getByRole('searchbox', { name: 'A question to try' }).fill('cats of the harbour');
	await page.getByRole('main').getByRole('button', { name: 'Search', exact: true }).click();
	const found = page.getByRole('list', { name: 'Passages that were found' });
	await expect(found.getByText(FACT)).toBeVisible();
	await expect(found.locator('[data-score="fused"]').first()).toBeVisible();

	const zip = await page.request.get(`${ADDRESS}/api/v1/knowledge/${id}/export`);
	expect((await zip.body()).subarray(0, 2).toString()).toBe('PK');
	await page.getByRole('button', { name: 'More for this knowledge base' }).click();
	await page.getByRole('menuitem', { name: 'Index all files again' }).click();
	await expect(page.getByText('All files are read and indexed again')).toBeVisible();
	await page.getByRole('button', { name: 'More for this knowledge base' }).click();
	await page.getByRole('menuitem', { name: 'Move to trash' }).click();
	await expect(page).toHaveURL(/\/knowledge$/);
	await expect(page.getByRole('link', { name: NAME })).toHaveCount(0);
	await page.getByRole('button', { name: 'Undo' }).click();
	await expect(page.getByRole('link', { name: NAME })).toBeVisible();
});

test('the menu of the mark is left with Escape, and offers an address', async ({ page }) => {
	await page.goto('/');
	await composer(page).pressSequentially('Read #https://example.org/page');
	const option = page.getByRole('option', { name: /example\.org\/page/ });
	await expect(option).toBeVisible();
	await expectClean(page);
	await page.keyboard.press('Escape');
	await expect(option).toHaveCount(0);
	await expect(composer(page)).toHaveValue('Read #https://example.org/page');
	await composer(page).press('Backspace');
	await composer(page).pressSequentially('e');
	await option.click();
	await expect(page.getByRole('list', { name: 'Attached' })).toContainText('example.org/page');
	await expect(composer(page)).toHaveValue('Read ');
	await page.getByRole('button', { name: 'Remove example.org/page' }).click();
});
