import { expect, test, type Page } from '@playwright/test';
import {
	answers,
	api,
	choose,
	chooseFiles,
	composer,
	ended,
	expectClean,
	questions,
	say,
	stored,
	textFile
} from './person.ts';

const READY = 60_000;
const attached = (page: Page) => page.getByRole('list', { name: 'Attached' }).first();

test('a temporary chat answers from files, which stay, and is gone', async ({ page }) => {
	test.setTimeout(120_000);
	const run = Date.now() % 1_000_000;
	const file = `lighthouse-${run}.txt`;
	const question = 'When does the lighthouse of Varn turn off its lamp?';
	await page.goto('/temporary');
	await choose(page, ['reader']);
	await expect(page.getByText('Files you upload here stay in your files')).toBeVisible();
	await chooseFiles(page, textFile(file, `The lighthouse of Varn turns off its lamp at ${run}.`));
	await expect(attached(page).getByRole('listitem')).toHaveAttribute('data-attached', 'ready', {
		timeout: READY
	});
	await say(page, question);
	await expect(ended(page)).toHaveCount(1);
	await expect(questions(page).getByRole('link', { name: file })).toBeVisible();
	await expect(answers(page).first().locator('.md')).toContainText(`at ${run}`);
	await answers(page).first().getByRole('region', { name: 'Sources' }).getByText(file).click();
	const source = page.getByRole('complementary', { name: 'Source' });
	await expect(source).toContainText(`its lamp at ${run}`);
	await expectClean(page);
	await page.keyboard.press('Escape');

	// What is attached holds for later questions too.
	await say(page, 'And which lighthouse is it that turns off its lamp?');
	await expect(ended(page)).toHaveCount(2);
	await expect(answers(page).nth(1).locator('.md')).toContainText('Varn');

	const before = (await api(page, 'GET', '/chats')).data.items!.length;
	await page.reload();
	await expect(questions(page)).toHaveCount(0);
	const after = await api(page, 'GET', '/chats');
	expect(after.data.items).toHaveLength(before);
	const { data } = await api(page, 'GET', `/files?query=${file}`);
	expect(data.items).toHaveLength(1);
});

test('knowledge is named by # in a temporary chat, and saved with it', async ({ page }) => {
	test.setTimeout(120_000);
	const run = Date.now() % 1_000_000;
	const name = `Harbour ${run}`;
	const text = `The harbour of Lund ${run} closes its gates at dusk.`;
	const file = await api(page, 'POST', '/files/text', { name: `gates-${run}.md`, text });
	const base = await api(page, 'POST', '/knowledge', { name });
	await api(page, 'POST', `/knowledge/${base.data.id as string}/files`, {
		file_ids: [file.data.id]
	});
	await expect
		.poll(async () => (await api(page, 'GET', `/files/${file.data.id as string}`)).data.state, {
			timeout: READY
		})
		.toBe('ready');
	await page.goto('/temporary');
	await choose(page, ['reader']);
	await composer(page).pressSequentially(`#harbour`);
	await page.getByRole('option', { name }).click();
	await expect(attached(page)).toContainText(name);
	await say(page, `When does the harbour of Lund ${run} close its gates?`);
	await expect(ended(page)).toHaveCount(1);
	await expect(answers(page).first().locator('.md')).toContainText('at dusk');
	await page.getByRole('button', { name: 'Save chat' }).click();
	await expect(page).toHaveURL(/\/c\//);
	await expect(questions(page).getByRole('link', { name })).toBeVisible();
	await expect(answers(page).getByRole('region', { name: 'Sources' })).toContainText('gates');
	const [question, answer] = (await stored(page)) as unknown as Record<string, unknown[]>[];
	expect(question!.attachments).toHaveLength(1);
	expect(answer!.citations!.length).toBeGreaterThan(0);
});
