import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test, type Page } from '@playwright/test';
import { answers, api, choose, composer, ended, expectClean, questions } from './person.ts';

const KEY = 'a-key-of-the-archive';
const QUESTION = 'How high was the lighthouse of Pharos?';
const PASSAGES = [
	{
		content: 'The lighthouse of Pharos was about a hundred metres high.',
		meta: { title: 'Wonders', link: 'https://example.org/wonders', page: 12 }
	},
	{ content: 'Bread is baked from flour, water and salt.', meta: { title: 'Kitchen', page: 3 } }
];

/** An archive of somebody else, strict about how it is asked. */
class Archive {
	asked: string[] = [];
	private server: Server = createServer((request, response) => {
		const say = (status: number, body: unknown) => {
			response.writeHead(status, { 'content-type': 'application/json' });
			response.end(JSON.stringify(body));
		};
		if (request.method !== 'POST' || request.url !== '/ask') return say(404, {});
		if (request.headers.authorization !== `Bearer ${KEY}`) return say(401, {});
		let text = '';
		request.on('data', (part) => (text += part));
		request.on('end', () => {
			const body = JSON.parse(text) as { query: string; k: number };
			if (Object.keys(body).sort().join() !== 'k,query') return say(422, {});
			this.asked.push(body.query);
			say(200, { passages: PASSAGES.slice(0, body.k) });
		});
	});

	async open(): Promise<string> {
		await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
		return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/ask`;
	}

	close = () => new Promise((done) => this.server.close(done));
}

const archive = new Archive();
let url = '';
test.beforeAll(async () => {
	url = await archive.open();
});
test.afterAll(() => archive.close());

async function connect(page: Page, name: string) {
	await page.goto('/settings/documents');
	await page.getByRole('button', { name: 'Connect a source' }).click();
	const form = page.getByRole('dialog', { name: 'Connect a source' });
	await form.getByLabel('Name', { exact: true }).fill(name);
	await form.getByLabel('Address').fill(url);
	await form.getByLabel('Text', { exact: true }).fill('content');
	await form.getByLabel('Title', { exact: true }).fill('meta.title');
	await form.getByLabel('Link', { exact: true }).fill('meta.link');
	await form.getByLabel('Page', { exact: true }).fill('meta.page');
	return form;
}

const keyBox = (page: Page) => page.getByRole('dialog').locator('input[type=password]');
const rowOf = (page: Page, name: string) => page.getByRole('listitem').filter({ hasText: name });

test('external knowledge is connected, asked by #, cited and removed', async ({ page }) => {
	test.setTimeout(120_000);
	const name = `Archive ${Date.now() % 1_000_000}`;
	const form = await connect(page, name);
	await keyBox(page).fill('wrong');
	await form.getByLabel('Question to test with').fill(QUESTION);
	await form.getByRole('button', { name: 'Test' }).click();
	await expect(form.getByRole('status')).toContainText('refused the key');
	await keyBox(page).fill(KEY);
	await form.getByRole('button', { name: 'Test' }).click();
	await expect(form.getByRole('status')).toContainText('2 passages.');
	await expect(form.getByRole('list', { name: 'Passages it answers' })).toContainText('Wonders');
	await expectClean(page);
	await form.getByRole('button', { name: 'Save' }).click();
	await expect(form).toBeHidden();
	await expect(rowOf(page, name)).toContainText(url);

	await page.goto('/');
	await choose(page, ['reader']);
	await composer(page).pressSequentially(`#${name.split(' ')[1]}`);
	await page.getByRole('option', { name }).click();
	await expect(page.getByRole('list', { name: 'Attached' })).toContainText(name);
	await composer(page).fill(QUESTION);
	await page.getByRole('button', { name: 'Send', exact: true }).click();
	await expect(page).toHaveURL(/\/c\//);
	await expect(questions(page).getByRole('link', { name })).toBeVisible();
	await expect(ended(page)).toHaveCount(1);
	await expect(answers(page).first().locator('.md')).toContainText('hundred metres');
	expect(archive.asked).toContain(QUESTION);
	await page.getByRole('region', { name: 'Sources' }).getByText('Wonders').click();
	const source = page.getByRole('complementary', { name: 'Source' });
	await expect(source).toContainText('about a hundred metres high');
	await expect(source.locator('a[href="https://example.org/wonders"]')).toBeVisible();

	await page.goto('/settings/documents');
	await rowOf(page, name).getByRole('button', { name: 'Delete' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
	await expect(rowOf(page, name)).toHaveCount(0);
	const { data } = await api(page, 'GET', `/knowledge?query=${encodeURIComponent(name)}`);
	expect(data.items).toEqual([]);
});

test('its page says what it is, tests it, and takes its source along', async ({ page }) => {
	test.setTimeout(120_000);
	const name = `Reading room ${Date.now() % 1_000_000}`;
	const form = await connect(page, name);
	await keyBox(page).fill(KEY);
	await form.getByRole('button', { name: 'Save' }).click();
	await expect(form).toBeHidden();

	await page.goto('/knowledge');
	await page.getByRole('link', { name }).click();
	const source = page.getByRole('region', { name: 'Source' });
	await expect(source).toContainText(url);
	await expect(source).toContainText('HTTP server');
	await expect(source.locator('[data-fields]')).toContainText('meta.title');
	await expect(source).toContainText('Not tested in this browser yet');
	await expect(page.getByText('directory is empty')).toHaveCount(0);
	await source.getByRole('button', { name: 'Test' }).click();
	await expect(source.getByRole('status')).toContainText('2 passages.');
	await expect(source).toContainText(/Last tested .*\d+ ms/);
	await page.reload();
	await expect(source).toContainText(/Last tested .*\d+ ms/);

	const trial = page.getByRole('region', { name: 'Try it' });
	await trial.getByRole('searchbox').fill(QUESTION);
	await trial.getByRole('button', { name: 'Search' }).click();
	await expect(trial.locator('[data-passage]').first()).toContainText('hundred metres');
	await expectClean(page);

	await source.getByRole('button', { name: 'Change' }).click();
	const change = page.getByRole('dialog', { name });
	await change.getByLabel('Page', { exact: true }).fill('');
	await change.getByRole('button', { name: 'Save' }).click();
	await expect(change).toBeHidden();
	await expect(source.locator('[data-fields]')).not.toContainText('meta.page');

	await page.getByRole('button', { name: 'More for this knowledge base' }).click();
	await expect(page.getByRole('menuitem', { name: /Export/ })).toHaveCount(0);
	await page.getByRole('menuitem', { name: 'Move to trash' }).click();
	await expect(page).toHaveURL(/\/knowledge$/);
	const { data } = await api(page, 'GET', '/knowledge?trash=true');
	const base = data.items!.find((each) => each.name === name)!;
	const path = `/knowledge/${base.id as string}?forever=true`;
	expect((await api(page, 'DELETE', path)).status).toBe(204);
	await expect
		.poll(async () => {
			const left = await api(page, 'GET', '/knowledge-sources');
			return left.data.items!.filter((each) => each.id === base.id).length;
		})
		.toBe(0);
});
