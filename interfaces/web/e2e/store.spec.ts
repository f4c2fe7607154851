import { expect, test, type Page } from '@playwright/test';
import {
	api,
	choose,
	chooseFiles,
	composer,
	ended,
	expectClean,
	questions,
	say,
	textFile,
	type Answered
} from './person.ts';

const READY = 60_000;
const SWITCHED = 120_000;
const FILES = 60;
const AFTER = 2;
const FACT = 'The lighthouse of Brandel was painted violet in the year 1893.';
const QUESTION = 'Which colour was the lighthouse of Brandel painted?';
const FILLER = Array.from({ length: 20 }, (_, at) => `Paragraph ${at} is about nothing at all.`);
const NAMES: Record<string, string> = { pgvector: 'PostgreSQL (pgvector)', chroma: 'Chroma' };

const live = async (page: Page) => {
	const { data } = await api(page, 'GET', '/indexes');
	return data.items!.find((each) => each.state === 'live')?.store;
};

/** Enough that a new index takes a while. */
async function fill(page: Page, run: number): Promise<void> {
	const known = await api(page, 'GET', '/files/counts');
	const missing = Math.max(FILES - Number(known.data.ready), 0);
	const wishes: Promise<Answered>[] = Array.from({ length: missing }, (_, at) =>
		api(page, 'POST', '/files/text', {
			name: `Notes ${run} ${at}.txt`,
			text: FILLER.map((each) => `${each} Note ${at} of ${run}.`).join('\n\n')
		})
	);
	for (const each of await Promise.all(wishes)) expect(each.status).toBe(201);
	const waiting = async () => {
		const { data } = await api(page, 'GET', '/files/counts');
		return Number(data.queued) + Number(data.reading) + Number(data.indexing);
	};
	await expect.poll(waiting, { timeout: SWITCHED }).toBe(0);
}

/** Asks once more in the chat of this page; the answer cites the file. */
async function ask(page: Page, file: string, at: number): Promise<void> {
	// Marks tell the questions apart without saying anything else.
	const marks = '!'.repeat(at + 1);
	await say(page, `${QUESTION}${marks}`);
	const answer = questions(page)
		.filter({ hasText: new RegExp(`[^!]${marks}(?!!)`) })
		.locator('xpath=following::*[@data-role="assistant"][1]');
	await expect(answer).toHaveAttribute('data-status', 'completed', { timeout: READY });
	await expect(answer.locator('.md')).toContainText('violet');
	await expect(answer.locator('.md .cite').first()).toHaveAccessibleName(
		new RegExp(`^Source \\d+: ${file}`)
	);
}

/** Chooses a store and sees the index move there; returns when all questions are put to it. */
async function move(page: Page, store: string): Promise<void> {
	const form = page.getByRole('form', { name: 'Vector store', exact: true });
	await form.getByRole('combobox', { name: 'Store' }).selectOption(store);
	await form.getByRole('button', { name: 'Test' }).click();
	await expect(form.getByRole('status')).toContainText(/ms$/);
	await form.getByRole('button', { name: 'Save' }).click();
	const filling = page.locator('[data-index="filling"]');
	await expect(filling).toContainText(NAMES[store]!);
	await expect(filling.getByRole('progressbar')).toHaveAttribute('aria-valuenow', /^\d+$/);
	const now = page.locator('[data-index="live"]');
	await expect(now).toContainText(NAMES[store]!, { timeout: SWITCHED });
	await expect(now).toContainText('In use');
	await expect(filling).toHaveCount(0);
}

test.afterEach(async ({ page }) => {
	// The other journeys find the store that they began with, also when this one failed.
	if ((await live(page)) === 'pgvector') return;
	await api(page, 'PATCH', '/documents/settings', { store: { kind: 'pgvector', url: '' } });
	await expect.poll(() => live(page), { timeout: SWITCHED }).toBe('pgvector');
});

test('the store is switched while people ask, and every answer is cited', async ({
	page,
	context
}) => {
	test.setTimeout(420_000);
	const run = Date.now() % 1_000_000;
	const file = `lighthouse-${run}.txt`;
	await fill(page, run);

	const asking = await context.newPage();
	await asking.goto('/');
	await choose(asking, ['reader']);
	await chooseFiles(
		asking,
		textFile(file, [...FILLER, FACT, `Written down as ${run}.`].join('\n\n'))
	);
	const chip = asking.getByRole('list', { name: 'Attached' }).getByRole('listitem');
	await expect(chip).toHaveAttribute('data-attached', 'ready', { timeout: READY });
	await composer(asking).fill(QUESTION);
	await asking.getByRole('button', { name: 'Send', exact: true }).click();
	await expect(asking).toHaveURL(/\/c\//);
	await expect(ended(asking)).toHaveCount(1, { timeout: READY });

	await page.goto('/settings/documents');
	await expect(page.locator('[data-index="live"]')).toContainText(NAMES.pgvector!);
	let asked = 0;
	for (const store of ['chroma', 'pgvector']) {
		let moving = true;
		const before = asked;
		const moved = move(page, store).finally(() => (moving = false));
		const asks = (async () => {
			for (let after = 0; after < AFTER; asked += 1) {
				if (!moving) after += 1;
				await ask(asking, file, asked);
			}
		})();
		await Promise.all([moved, asks]);
		expect(asked - before).toBeGreaterThan(AFTER);
		expect(await live(page)).toBe(store);
		if (store === 'chroma') await expectClean(page);
	}
	await asking.close();
});
