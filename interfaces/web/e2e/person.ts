/** Who uses the product in these journeys, and what they do again and again. */

import AxeBuilder from '@axe-core/playwright';
import { expect, type Locator, type Page } from '@playwright/test';
import { ADDRESS } from './address.ts';

export const PERSON = {
	name: 'Mira Test',
	email: 'mira@example.org',
	password: 'a long enough password'
};
export const NEEDS_UPSTREAM = 'needs a model server: QUIRE_UPSTREAM';

export interface Answered {
	status: number;
	position: number;
	data: Record<string, unknown> & { items?: Record<string, unknown>[] };
}

/** The HTTP API as the person of this page. */
export async function api(
	page: Page,
	method: string,
	path: string,
	data?: object
): Promise<Answered> {
	const response = await page.request.fetch(`${ADDRESS}/api/v1${path}`, {
		method,
		data,
		headers: { Origin: ADDRESS }
	});
	const text = await response.text();
	return {
		status: response.status(),
		position: Number(response.headers().position ?? 0),
		data: text ? JSON.parse(text) : {}
	};
}

export const composer = (page: Page) => page.getByRole('textbox', { name: 'Message' });
export const questions = (page: Page) => page.locator('[data-role="user"]');
export const answers = (page: Page) => page.locator('[data-role="assistant"]');
export const ended = (page: Page) =>
	page.locator('[data-role="assistant"]:not([data-status="running"])');

/** Asks on the home page, by these models. */
export async function begin(page: Page, words: string, ...models: string[]): Promise<void> {
	await page.goto('/');
	await choose(page, models.length > 0 ? models : ['reader']);
	await say(page, words);
	await expect(page).toHaveURL(/\/c\//);
	await expect(questions(page).filter({ hasText: words })).toBeVisible();
}

export async function choose(page: Page, models: string[]): Promise<void> {
	const names = models.map((each) => (each === 'reader' ? 'Reader' : each));
	await page.getByRole('button', { name: /^Models: / }).click();
	const list = page.getByRole('dialog', { name: /^Models: / });
	const search = list.getByRole('searchbox');
	const find = async (name: string) => {
		if (await search.isVisible()) await search.fill(name);
	};
	await find(names[0]!);
	await list.getByRole('button', { name: names[0], exact: true }).click();
	for (const name of names.slice(1)) {
		if (!(await list.isVisible())) await page.getByRole('button', { name: /^Models: / }).click();
		await find(name);
		await list.getByRole('button', { name: `Also ask ${name}`, exact: true }).click();
	}
	if (await list.isVisible()) await page.keyboard.press('Escape');
}

export async function say(page: Page, words: string): Promise<void> {
	await composer(page).fill(words);
	await page.getByRole('button', { name: 'Send', exact: true }).click();
	await expect(composer(page)).toHaveValue('');
}

export const chatOf = (page: Page) => /\/c\/([0-9a-f-]+)/.exec(page.url())![1]!;

/** All stored messages of the branch that is shown. */
export async function stored(page: Page): Promise<{ role: string; content: string }[]> {
	const { data } = await api(page, 'GET', `/chats/${chatOf(page)}/messages?limit=100`);
	return data.items as { role: string; content: string }[];
}

/** What an answer shows, without its buttons. */
export const textOf = (answer: Locator) => answer.locator('.md').innerText();

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Nothing stands in anybody's way, in the light and in the dark. */
export async function expectClean(page: Page): Promise<void> {
	for (const theme of ['light', 'dark']) {
		await page.evaluate((name) => (document.documentElement.dataset.theme = name), theme);
		await page.waitForTimeout(200);
		const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
		const found = violations.map(({ id, nodes }) => ({
			id,
			nodes: nodes.map((each) => each.html.slice(0, 160))
		}));
		expect(found, `${page.url()} ${theme}`).toEqual([]);
	}
}

/** A file that exists only here. */
export const textFile = (name: string, text: string) => ({
	name,
	mimeType: 'text/plain',
	buffer: Buffer.from(text)
});

/** Chooses files as with the button of the page. */
export const chooseFiles = (page: Page, ...files: ReturnType<typeof textFile>[]) =>
	page.locator('[data-upload]').setInputFiles(files);

/** The row of a file, as it is listed. */
export const rowOf = (page: Page, name: string) =>
	page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });

/** What is in the menu of a row. */
export async function act(page: Page, name: string, action: string): Promise<void> {
	await page.getByRole('button', { name: `More for ${name}` }).click();
	await page.getByRole('menuitem', { name: action, exact: true }).click();
}
