import { expect, test } from '@playwright/test';
import {
	answers,
	choose,
	chooseFiles,
	composer,
	ended,
	expectClean,
	questions,
	textFile
} from './person.ts';

const READY = 60_000;
const FILLER = Array.from({ length: 60 }, (_, at) => `Paragraph ${at} is about nothing at all.`);
const FACT = 'The lighthouse of Brandel was painted violet in the year 1893.';
const TEXT = [...FILLER.slice(0, 45), FACT, ...FILLER.slice(45)].join('\n\n');

test('a file is attached, asked about, and cited at its place', async ({ page }) => {
	test.setTimeout(180_000);
	const file = `lighthouse-${Date.now() % 1_000_000}.txt`;
	await page.goto('/');
	await choose(page, ['reader']);
	await chooseFiles(page, textFile(file, TEXT));
	const chip = page.getByRole('list', { name: 'Attached' }).getByRole('listitem');
	await expect(chip).toHaveAttribute('data-attached', 'ready', { timeout: READY });
	await composer(page).fill('Which colour was the lighthouse of Brandel painted?');
	await page.getByRole('button', { name: 'Send', exact: true }).click();
	await expect(page).toHaveURL(/\/c\//);
	await expect(questions(page).getByRole('link', { name: file })).toBeVisible();
	await expect(ended(page)).toHaveCount(1, { timeout: READY });
	await expect(answers(page).first().locator('.md')).toContainText('violet');

	const mark = answers(page).first().locator('.md .cite').first();
	await expect(mark).toHaveAccessibleName(new RegExp(`^Source 1: ${file}`));
	await mark.focus();
	await page.keyboard.press('Enter');
	const panel = page.getByRole('complementary', { name: 'Source' });
	await expect(panel.getByText(file)).toBeVisible();
	const marked = panel.locator('mark').first();
	await expect(marked).toContainText('painted violet');
	await expect(marked).toBeInViewport();
	const why = panel.getByText('Why was this found?');
	await why.click();
	await expect(panel.locator('[data-score="meaning"]')).toBeVisible();
	await expectClean(page);

	await page.keyboard.press('Escape');
	await expect(panel).toHaveCount(0);
	await expect(mark).toBeFocused();
	await page.getByRole('region', { name: 'Sources' }).getByRole('button').first().click();
	await panel.getByRole('link', { name: 'Open file' }).click();
	await expect(page).toHaveURL(/\/files\/.*tab=text/);
	await expect(page.locator('mark').first()).toContainText('painted violet');
	await expect(page.locator('mark').first()).toBeInViewport();
});

test('a question waits for the upload it is about', async ({ page }) => {
	await page.goto('/');
	await choose(page, ['reader']);
	await page.route('**/uploads/*', async (route) => {
		if (route.request().method() === 'PATCH')
			await new Promise((resolve) => setTimeout(resolve, 1500));
		await route.continue();
	});
	await chooseFiles(page, textFile('slow.txt', `Slow and steady ${Date.now()}.`));
	await composer(page).fill('What is slow?');
	await page.getByRole('button', { name: 'Send', exact: true }).click();
	await expect(page.getByText('Sending when the upload is done')).toBeVisible();
	await expect(page).toHaveURL(/\/c\//);
	await expect(questions(page).getByRole('link', { name: 'slow.txt' })).toBeVisible();
	await expect(ended(page)).toHaveCount(1, { timeout: READY });
});

test('a long text that is pasted may become a file', async ({ page }) => {
	await page.goto('/');
	const words = `A long story ${Date.now()}. `.repeat(120);
	await composer(page).fill('Summarise: ');
	await composer(page).press('End');
	await page.evaluate((text) => {
		const area = document.querySelector<HTMLTextAreaElement>('[data-composer]')!;
		const data = new DataTransfer();
		data.setData('text/plain', text);
		area.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
		document.execCommand('insertText', false, text);
	}, words);
	await expect(page.getByText(/You pasted [\d,]+ characters/)).toBeVisible();
	await page.getByRole('button', { name: 'Attach as a file' }).click();
	await expect(composer(page)).toHaveValue('Summarise: ');
	const chip = page.getByRole('list', { name: 'Attached' }).getByRole('listitem');
	await expect(chip).toContainText('Pasted text.txt');
	await expect(chip).toHaveAttribute('data-attached', 'ready', { timeout: READY });
	await page.reload();
	await expect(chip).toContainText('Pasted text.txt');
	await chip.getByRole('button', { name: 'Remove Pasted text.txt' }).click();
	await expect(chip).toHaveCount(0);
});
