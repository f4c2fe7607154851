import { expect, test, type Page } from '@playwright/test';
import { UPSTREAM } from './address.ts';
import { answers, begin, chatOf, ended, NEEDS_UPSTREAM, say, stored, textOf } from './person.ts';

test.skip(!UPSTREAM, NEEDS_UPSTREAM);

const SLOW = 't20-n60';
const SLOWER = 't10-n100';
const plain = (text: string) => text.replace(/\s+/g, ' ').trim();

/** Nothing lost, nothing doubled: what is shown is what is stored. */
async function expectStored(page: Page): Promise<string> {
	await expect(ended(page)).toHaveCount(1);
	const [, answer] = await stored(page);
	// A page in the background is not laid out: what is shown is what one sees who looks.
	await page.bringToFront();
	const shown = async () => plain(await textOf(answers(page).first()));
	await expect.poll(shown).toBe(plain(answer!.content));
	return answer!.content;
}

/** What the first answer showed, again and again while it was written. */
async function watched(page: Page): Promise<string[]> {
	const first = answers(page).first();
	const seen: string[] = [];
	while ((await first.getAttribute('data-status')) === 'running') {
		const text = plain((await first.locator('.md').allInnerTexts()).join(''));
		seen.push(text);
		await page.waitForTimeout(50);
	}
	return seen;
}

test('an answer grows on the page', async ({ page }) => {
	await begin(page, 'Say something. #grow', SLOW);
	const seen = await watched(page);
	const text = plain(await expectStored(page));
	expect(new Set(seen).size).toBeGreaterThan(2);
	for (const each of seen) expect(text.startsWith(each), each).toBe(true);
});

test('a reload in the middle loses and doubles nothing', async ({ page }) => {
	await begin(page, 'Say something. #reload', SLOWER);
	await expect(answers(page).first().locator('.md')).toBeVisible();
	for (let times = 0; times < 3; times += 1) {
		await page.waitForTimeout(500);
		await page.reload();
	}
	await expect(answers(page)).toHaveCount(1);
	const seen = await watched(page);
	const text = plain(await expectStored(page));
	for (const each of seen) expect(text.startsWith(each), each).toBe(true);
});

test('two tabs show the same answer while it is written', async ({ page, context }) => {
	await begin(page, 'Say something. #tabs', SLOWER);
	const other = await context.newPage();
	await other.goto(page.url());
	await expect(answers(other).first()).toHaveAttribute('data-status', 'running');
	await expectStored(page);
	await expectStored(other);
	// And what is asked there comes here.
	await say(other, 'Once more. #tabs2');
	await expect(answers(page)).toHaveCount(2);
	await expect(ended(page)).toHaveCount(2);
	await other.close();
});

test('an answer can be stopped, and goes on', async ({ page }) => {
	await begin(page, 'Say something. #stop', SLOWER);
	await expect(answers(page).first().locator('.md')).toBeVisible();
	await page.getByRole('button', { name: 'Stop', exact: true }).click();
	await expect(answers(page).first()).toHaveAttribute('data-status', 'stopped');
	const text = await expectStored(page);
	await page.getByRole('button', { name: 'Continue' }).last().click();
	await expect(answers(page).first()).toHaveAttribute('data-status', 'running');
	await expect(answers(page).first()).toHaveAttribute('data-status', 'completed');
	const [, whole] = await stored(page);
	expect(whole!.content.startsWith(text.trimEnd())).toBe(true);
	await expectStored(page);
});

test('several models answer beside each other, the same one twice', async ({ page }) => {
	await begin(page, 'Say something. #beside', SLOWER, 'instant', SLOWER);
	const group = page.getByRole('group', { name: 'Answers beside each other' });
	await expect(group.locator('article')).toHaveCount(3);
	await page.getByRole('button', { name: 'Stop all answers' }).click();
	await expect(ended(page)).toHaveCount(3);
	await page.reload();
	await expect(group.locator('article')).toHaveCount(3);
	await group.getByRole('button', { name: 'Go on with this' }).first().click();
	await expect(group.getByRole('button', { name: 'Going on with this' })).toHaveCount(1);
	await say(page, 'And further. #beside2');
	await expect(answers(page)).toHaveCount(6);
});

test('an answer that ends elsewhere is marked', async ({ page }) => {
	await begin(page, 'Say something. #unread', SLOW);
	const chat = chatOf(page);
	await page.getByRole('link', { name: 'New chat', exact: true }).click();
	const row = page.locator(`[data-chat="${chat}"]`);
	await expect(row.locator('[data-running]')).toBeVisible();
	await expect(row.locator('[data-unread]')).toBeVisible();
	await row.click();
	await expect(row.locator('[data-unread]')).toHaveCount(0);
	await page.goto('/');
	await expect(row).toBeVisible();
	await expect(row.locator('[data-unread]')).toHaveCount(0);
});

test('a stream that is cut goes on without a word lost', async ({ page, context }) => {
	await begin(page, 'Say something. #offline', SLOW);
	await expect(answers(page).first().locator('.md')).toBeVisible();
	await context.setOffline(true);
	await expect(page.getByText('You are offline')).toBeVisible();
	await page.waitForTimeout(800);
	await context.setOffline(false);
	await expect(page.getByText('You are offline')).toHaveCount(0);
	await expectStored(page);
});
