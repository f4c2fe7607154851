// How much each page loads before it can be used: the gzip of all it imports statically, beside
// what it may be. Run after a build; fails beyond the budget.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const ROOT = join(import.meta.dirname, '..');
const CLIENT = join(ROOT, '.svelte-kit/output/client');
const budget = JSON.parse(readFileSync(join(import.meta.dirname, 'budget.json'), 'utf8'));
const manifest = JSON.parse(readFileSync(join(CLIENT, '.vite/manifest.json'), 'utf8'));

/** Everything a chunk needs before it runs. */
function closure(keys, found = new Set()) {
	for (const key of keys)
		if (!found.has(key)) {
			found.add(key);
			closure(manifest[key].imports ?? [], found);
		}
	return found;
}

const size = (file) => gzipSync(readFileSync(join(CLIENT, file))).length / 1024;
const weigh = (keys) => [...keys].reduce((sum, key) => sum + size(manifest[key].file), 0);

// The manifest names nodes by number; the generated table says which route has which.
const app = readFileSync(join(ROOT, '.svelte-kit/generated/build/client-optimized/app.js'), 'utf8');
const node = (number) =>
	Object.keys(manifest).find((key) => key.endsWith(`client-optimized/nodes/${number}.js`));
const dictionary = /dictionary = (\{[\s\S]*?\n\s*\});/.exec(app)?.[1] ?? '{}';
const table = Object.fromEntries(
	[...dictionary.matchAll(/"([^"]+)": \[~?(-?\d+)(?:,\[([\d,]*)\])?/g)].map(
		([, route, page, layouts]) => [route, [page, ...(layouts ?? '').split(',').filter(Boolean)]]
	)
);

const entries = Object.keys(manifest).filter(
	(key) => manifest[key].isEntry && !/nodes\/\d+\.js$/.test(key)
);
const boot = closure([...entries, node(0)]);
const heavy = [
	...['katex', 'highlight.js/lib/core', 'Palette.svelte', 'Connections.svelte'],
	...['CitationPanel.svelte', 'Documents.svelte', 'PhotoDialog.svelte', 'heic', 'pictures/ready']
];
const rows = [['boot', weigh(boot), budget.boot]];
for (const [route, most] of Object.entries(budget.routes)) {
	const nodes = table[route];
	if (!nodes) throw new Error(`There is no route ${route}: ${Object.keys(table).join(' ')}`);
	const keys = closure([...boot, ...nodes.map(node)]);
	rows.push([route, weigh(keys), most]);
	for (const key of keys)
		if (heavy.some((each) => key.includes(each)))
			throw new Error(`${key} must be loaded only when it is needed, but ${route} imports it.`);
}
const styles = new Set(Object.values(manifest).flatMap((each) => each.css ?? []));
const lazy = new Set(
	Object.entries(manifest)
		.filter(([key]) => key.includes('katex'))
		.flatMap(([, each]) => each.css ?? [])
);
const css = [...styles]
	.filter((file) => !lazy.has(file))
	.reduce((sum, file) => sum + size(file), 0);
rows.push(['css', css, budget.css]);

let failed = false;
for (const [name, found, most] of rows) {
	const over = found > most;
	failed ||= over;
	console.log(
		`${name.padEnd(24)} ${found.toFixed(1).padStart(7)} kB of ${most}${over ? '  TOO MUCH' : ''}`
	);
}
process.exitCode = failed ? 1 : 0;
