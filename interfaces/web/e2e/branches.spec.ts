import { expect, test, type Page } from '@playwright/test';
import { answers, begin, ended, questions, stored } from './person.ts';

const versions = (page: Page) => page.getByRole('group', { name: 'Versions' });

async function editFirst(page: Page, words: string, how: string) {
	await questions(page).first().getByRole('button', { name: 'Edit' }).click();
	const box = page.getByRole('textbox', { name: 'Edit message' });
	await expect(box).toBeFocused();
	await box.fill(words);
	// The list may still settle below the pointer; people click again then.
	await expect(async () => {
		if (await box.count()) await page.getByRole('button', { name: how }).click({ timeout: 2_000 });
		await expect(box).toHaveCount(0, { timeout: 2_000 });
	}).toPass();
}

test('a question in other words is a branch of its own', async ({ page }) => {
	await begin(page, 'How do I connect a model?');
	await expect(ended(page)).toHaveCount(1);
	await editFirst(page, 'How do I back up my data?', 'Send as new version');
	await expect(questions(page).first()).toContainText('back up');
	await expect(ended(page)).toHaveCount(1);
	const first = questions(page).first();
	await expect(versions(page).first()).toContainText('2 / 2');
	await first.getByRole('button', { name: 'Previous version' }).click();
	await expect(first).toContainText('connect a model');
	await expect(versions(page).first()).toContainText('1 / 2');
	await page.reload();
	await expect(questions(page).first()).toContainText('connect a model');
	await page.keyboard.press('Alt+ArrowRight');
	await expect(questions(page).first()).toContainText('back up');
});

test('a question and an answer can be edited in place', async ({ page }) => {
	await begin(page, 'How do I conect a model?');
	await expect(ended(page)).toHaveCount(1);
	await editFirst(page, 'How do I connect a model, then?', 'Save in place');
	await expect(questions(page).first()).toContainText('then?');
	await expect(questions(page).first()).toContainText('edited');
	await answers(page).first().getByRole('button', { name: 'Edit' }).click();
	await page.getByRole('textbox', { name: 'Edit message' }).fill('My own **words**.');
	await page.getByRole('button', { name: 'Save in place' }).click();
	await expect(answers(page).first().locator('strong')).toHaveText('words');
	const [question, answer] = await stored(page);
	expect(question!.content).toBe('How do I connect a model, then?');
	expect(answer!.content).toBe('My own **words**.');
});

test('a question is answered again, also with a hint', async ({ page }) => {
	await begin(page, 'How do I connect a model?');
	await expect(ended(page)).toHaveCount(1);
	await page.getByRole('button', { name: 'Answer again' }).click();
	await page.getByRole('button', { name: 'Again with Reader' }).click();
	await expect(versions(page)).toContainText('2 / 2');
	await expect(ended(page)).toHaveCount(1);
	await page.getByRole('button', { name: 'Answer again' }).click();
	await page.getByRole('textbox', { name: 'Hint for this answer' }).fill('shorter');
	await page.getByRole('textbox', { name: 'Hint for this answer' }).press('Enter');
	await expect(versions(page)).toContainText('3 / 3');
	await expect(ended(page)).toHaveCount(1);
	await page.getByRole('button', { name: 'Previous version' }).click();
	await expect(versions(page)).toContainText('2 / 3');
});

test('a message can be deleted', async ({ page }) => {
	await begin(page, 'How do I connect a model?');
	await expect(ended(page)).toHaveCount(1);
	const opener = answers(page).first().getByRole('button', { name: 'Delete' });
	await opener.click();
	await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
	await expect(opener).toBeFocused();
	await opener.click();
	await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
	await expect(answers(page)).toHaveCount(0);
	await expect(questions(page)).toHaveCount(1);
});

test('a chat has a system prompt and parameters of its own', async ({ page }) => {
	await begin(page, 'How do I connect a model?');
	await expect(ended(page)).toHaveCount(1);
	await page.getByRole('button', { name: 'Chat controls' }).click();
	await page.getByRole('textbox', { name: 'System prompt' }).fill('Be brief.');
	await page.getByRole('spinbutton', { name: 'Temperature' }).fill('0.5');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByText('Saved.')).toBeVisible();
	await page.reload();
	await page.getByRole('button', { name: 'Chat controls' }).click();
	await expect(page.getByRole('textbox', { name: 'System prompt' })).toHaveValue('Be brief.');
	await expect(page.getByRole('spinbutton', { name: 'Temperature' })).toHaveValue('0.5');
});
