import { expect, test } from '@playwright/test';
import { ADDRESS } from './address.ts';
import { answers, begin, ended, questions, say, stored, textOf } from './person.ts';

test('Reader answers, and all of it is there after a reload', async ({ page }) => {
	await begin(page, 'How do I connect a model?');
	await expect(ended(page)).toHaveCount(1);
	const marks = answers(page).first().locator('.md .cite');
	await expect(marks).not.toHaveCount(0);
	const text = await textOf(answers(page).first());
	expect(text.toLowerCase()).toContain('connect');
	await expect(page.getByRole('region', { name: 'Chats' }).locator('a[aria-current]')).toHaveText(
		/connect a model/
	);
	await page.getByRole('textbox', { name: 'Message' }).fill('How do I back up my data?');
	await page.keyboard.press('Enter');
	await expect(ended(page)).toHaveCount(2);
	await page.reload();
	await expect(ended(page)).toHaveCount(2);
	await expect(marks).not.toHaveCount(0);
	expect(await textOf(answers(page).first())).toBe(text);
	expect((await stored(page)).map((each) => each.role)).toEqual([
		'user',
		'assistant',
		'user',
		'assistant'
	]);
});

test('words that cannot be sent stay, and are sent once when asked again', async ({ page }) => {
	await begin(page, 'first words');
	await expect(ended(page)).toHaveCount(1);
	await page.route('**/messages', (route) =>
		route.request().method() === 'POST' ? route.abort() : route.continue()
	);
	await say(page, 'words that must not be lost');
	const retry = page.getByRole('button', { name: 'Send again' });
	await expect(retry).toBeVisible();
	await expect(page.getByText('words that must not be lost')).toBeVisible();
	await page.unroute('**/messages');
	await page.reload();
	await expect(page.getByText('words that must not be lost')).toBeVisible();
	await retry.click();
	await expect(ended(page)).toHaveCount(2);
	await expect(questions(page)).toHaveCount(2);
	const said = (await stored(page)).filter((each) => each.content.includes('must not be lost'));
	expect(said).toHaveLength(1);
});

test('an answer of the server that is lost does not double the question', async ({ page }) => {
	await begin(page, 'before');
	await expect(ended(page)).toHaveCount(1);
	let lost = 0;
	await page.route('**/messages', async (route) => {
		if (route.request().method() !== 'POST' || lost > 0) return route.continue();
		lost += 1;
		await route.fetch();
		await route.abort();
	});
	await say(page, 'once and only once');
	await expect(ended(page)).toHaveCount(2);
	expect(lost).toBe(1);
	await expect(questions(page).filter({ hasText: 'once and only once' })).toHaveCount(1);
	await page.unroute('**/messages');
	const said = (await stored(page)).filter((each) => each.content === 'once and only once');
	expect(said).toHaveLength(1);
});

test('a draft is kept', async ({ page }) => {
	await begin(page, 'a chat with a draft');
	await expect(ended(page)).toHaveCount(1);
	await page.getByRole('textbox', { name: 'Message' }).fill('half a thought');
	await page.reload();
	await expect(page.getByRole('textbox', { name: 'Message' })).toHaveValue('half a thought');
});

test('a temporary chat is not stored, until it is saved', async ({ page }) => {
	await page.goto('/temporary');
	await say(page, 'How do I connect a model?');
	await expect(ended(page)).toHaveCount(1);
	const text = await textOf(answers(page).first());
	await page.getByRole('button', { name: 'Save chat' }).click();
	await expect(page).toHaveURL(/\/c\//);
	await expect(ended(page)).toHaveCount(1);
	expect(await textOf(answers(page).first())).toBe(text);
});

test('raw HTML is shown as text, and outside images are not loaded', async ({ page }) => {
	const outside: string[] = [];
	page.on('request', (request) => {
		if (!request.url().startsWith(ADDRESS)) outside.push(request.url());
	});
	await page.goto('/');
	const id = '01a20000-0000-7000-8000-00000000e2e1';
	const words = [
		'<img src=x onerror="window.bad=1"> <script>window.bad=1</script>',
		'[bad](javascript:alert(1)) ![pic](https://example.org/a.png) [good](https://example.org)',
		'```js\nconst a = "<b>";\n```',
		'$a^2$'
	].join('\n\n');
	const base = ADDRESS;
	const made = await page.request.post(`${base}/api/v1/chats`, {
		headers: { Origin: base, 'Idempotency-Key': id },
		data: {
			id,
			title: 'Marks',
			messages: [
				{ id: id.replace(/1$/, '2'), parent_id: null, role: 'user', content: 'marks' },
				{
					id: id.replace(/1$/, '3'),
					parent_id: id.replace(/1$/, '2'),
					role: 'assistant',
					content: words,
					model: 'reader'
				}
			]
		}
	});
	expect([201, 409]).toContain(made.status());
	await page.goto(`/c/${id}`);
	await expect(page.locator('.md')).toContainText('<script>window.bad=1</script>');
	await expect(page.locator('.md .katex')).toBeVisible();
	await expect(page.locator('.md .hl-keyword')).toHaveText('const');
	await expect(page.locator('.md a[href^="javascript"]')).toHaveCount(0);
	await expect(page.locator('.md img')).toHaveCount(0);
	const link = page.getByRole('link', { name: 'good' });
	await expect(link).toHaveAttribute('rel', /noopener/);
	expect(await page.evaluate(() => 'bad' in window)).toBe(false);
	expect(outside).toEqual([]);
});
