/** What administrators may choose for documents: one description of all forms. */

import type { SectionName, SettingValue, SettingValues } from '#lib/api/document-types.ts';
import { t, type Key } from '#lib/i18n/index.ts';

export type FieldKind =
	'select' | 'text' | 'url' | 'number' | 'check' | 'key' | 'lines' | 'pairs' | 'connection';

export interface SettingField {
	/** Where the value is, with a dot for what lies inside. */
	path: string;
	kind: FieldKind;
	options?: string[];
	min?: number;
	max?: number;
	step?: number;
	/** Only asked for when this holds. */
	when?: (values: SettingValues) => boolean;
}

export interface Section {
	name: SectionName;
	/** Whether the server can be asked to try it. */
	testable: boolean;
	/** A change makes a new index beside the old one. */
	rebuilds?: boolean;
	fields: SettingField[];
}

const not =
	(path: string, ...values: string[]) =>
	(all: SettingValues) =>
		!values.includes(String(valueAt(all, path) ?? ''));
const is =
	(path: string, ...values: string[]) =>
	(all: SettingValues) =>
		values.includes(String(valueAt(all, path) ?? ''));
const on = (path: string) => (all: SettingValues) => valueAt(all, path) === true;

const OUTSIDE = ['weaviate', 'qdrant', 'chroma', 'milvus', 'elasticsearch', 'opensearch'];
const ENGINES = [
	...['off', 'searxng', 'brave', 'bing', 'google_pse', 'duckduckgo', 'tavily', 'serper', 'jina'],
	'http'
];

export const SECTIONS: Section[] = [
	{
		name: 'store',
		testable: true,
		rebuilds: true,
		fields: [
			{ path: 'kind', kind: 'select', options: ['pgvector', ...OUTSIDE] },
			{ path: 'url', kind: 'url', when: not('kind', 'pgvector') },
			{ path: 'key', kind: 'key', when: not('kind', 'pgvector') }
		]
	},
	{
		name: 'embedding',
		testable: true,
		rebuilds: true,
		fields: [
			{ path: 'kind', kind: 'select', options: ['local', 'openai', 'ollama'] },
			{ path: 'connection_id', kind: 'connection', when: not('kind', 'local') },
			{ path: 'model', kind: 'text', when: not('kind', 'local') }
		]
	},
	{
		name: 'cutting',
		testable: false,
		rebuilds: true,
		fields: [
			{ path: 'tokens', kind: 'number', min: 32, max: 8192, step: 1 },
			{ path: 'overlap', kind: 'number', min: 0, max: 4096, step: 1 },
			{ path: 'contextual', kind: 'check' }
		]
	},
	{
		name: 'retrieval',
		testable: true,
		fields: [
			{ path: 'mode', kind: 'select', options: ['hybrid', 'words', 'meaning'] },
			{ path: 'passages', kind: 'number', min: 1, max: 50, step: 1 },
			{ path: 'budget_tokens', kind: 'number', min: 100, step: 1 },
			{ path: 'neighbours', kind: 'number', min: 0, max: 10, step: 1 },
			{ path: 'threshold', kind: 'number', min: -1, max: 1, step: 0.01 },
			{ path: 'rewrite', kind: 'check' },
			{ path: 'whole', kind: 'check' },
			{ path: 'reranker.kind', kind: 'select', options: ['none', 'built_in', 'http', 'local'] },
			{ path: 'reranker.url', kind: 'url', when: is('reranker.kind', 'http') },
			{ path: 'reranker.model', kind: 'text', when: is('reranker.kind', 'http', 'local') },
			{ path: 'reranker.key', kind: 'key', when: is('reranker.kind', 'http') }
		]
	},
	{
		name: 'reading',
		testable: true,
		fields: [
			{ path: 'engine', kind: 'select', options: ['built_in', 'tika', 'docling', 'http'] },
			{ path: 'url', kind: 'url', when: not('engine', 'built_in') },
			{ path: 'key', kind: 'key', when: not('engine', 'built_in') },
			{ path: 'ocr', kind: 'check' },
			{ path: 'languages', kind: 'text' }
		]
	},
	{
		name: 'hearing',
		testable: true,
		fields: [
			{ path: 'engine', kind: 'select', options: ['off', 'openai'] },
			{ path: 'url', kind: 'url', when: not('engine', 'off') },
			{ path: 'key', kind: 'key', when: not('engine', 'off') },
			{ path: 'model', kind: 'text', when: not('engine', 'off') },
			{ path: 'language', kind: 'text', when: not('engine', 'off') },
			{ path: 'bytes_max', kind: 'number', min: 1, step: 1, when: not('engine', 'off') }
		]
	},
	{
		name: 'web',
		testable: true,
		fields: [
			{ path: 'engine', kind: 'select', options: ENGINES },
			{ path: 'url', kind: 'url', when: is('engine', 'searxng', 'http') },
			{ path: 'key', kind: 'key', when: not('engine', 'off', 'searxng', 'duckduckgo') },
			{ path: 'extra', kind: 'pairs', when: is('engine', 'google_pse', 'http') },
			{ path: 'results', kind: 'number', min: 1, max: 20, step: 1, when: not('engine', 'off') },
			{ path: 'pages', kind: 'number', min: 0, max: 10, step: 1, when: not('engine', 'off') },
			{ path: 'allow', kind: 'lines', when: not('engine', 'off') },
			{ path: 'deny', kind: 'lines', when: not('engine', 'off') }
		]
	},
	{
		name: 'limits',
		testable: false,
		fields: [
			{ path: 'file_bytes_max', kind: 'number', min: 1, step: 1 },
			{ path: 'extensions', kind: 'lines' }
		]
	},
	{
		name: 'drives',
		testable: false,
		fields: [
			{ path: 'google.enabled', kind: 'check' },
			{ path: 'google.client_id', kind: 'text', when: on('google.enabled') },
			{ path: 'google.key', kind: 'key', when: on('google.enabled') },
			{ path: 'microsoft.enabled', kind: 'check' },
			{ path: 'microsoft.client_id', kind: 'text', when: on('microsoft.enabled') },
			{ path: 'microsoft.key', kind: 'key', when: on('microsoft.enabled') },
			{ path: 'microsoft.tenant', kind: 'text', when: on('microsoft.enabled') }
		]
	}
];

const NAMES: Record<string, string> = {
	pgvector: 'PostgreSQL (pgvector)',
	weaviate: 'Weaviate',
	qdrant: 'Qdrant',
	chroma: 'Chroma',
	milvus: 'Milvus',
	elasticsearch: 'Elasticsearch',
	opensearch: 'OpenSearch',
	ollama: 'Ollama',
	tika: 'Apache Tika',
	docling: 'Docling',
	searxng: 'SearXNG',
	brave: 'Brave',
	bing: 'Bing',
	google_pse: 'Google PSE',
	duckduckgo: 'DuckDuckGo',
	tavily: 'Tavily',
	serper: 'Serper',
	jina: 'Jina'
};

export const optionName = (option: string) =>
	NAMES[option] ?? t(`documents.option.${option}` as Key);
export const fieldName = (section: SectionName, path: string) =>
	t(`documents.${section}.${path}` as Key);

export function valueAt(values: SettingValues, path: string): SettingValue | undefined {
	const [first, second] = path.split('.') as [string, string?];
	const found = values[first];
	if (second === undefined) return found as SettingValue | undefined;
	return (found as Record<string, SettingValue> | undefined)?.[second];
}

export function withValue(
	values: SettingValues,
	path: string,
	value: SettingValue | undefined
): SettingValues {
	const [first, second] = path.split('.') as [string, string?];
	if (second === undefined) return { ...values, [first]: value as SettingValue };
	return { ...values, [first]: { ...(values[first] as object), [second]: value } };
}

/** Only what differs, so that nobody takes back what somebody else has changed meanwhile. */
export function changedValues(
	before: SettingValues,
	now: SettingValues,
	paths: string[]
): SettingValues {
	let found: SettingValues = {};
	for (const path of paths) {
		const value = valueAt(now, path);
		if (value === undefined || same(value, valueAt(before, path))) continue;
		found = withValue(found, path, value);
	}
	return found;
}

const same = (one: unknown, two: unknown) => JSON.stringify(one) === JSON.stringify(two);

export const linesOf = (text: string) =>
	text
		.split('\n')
		.map((each) => each.trim())
		.filter(Boolean);

/** `name: value`, one a line. */
export function pairsOf(text: string): Record<string, string> {
	const pairs = linesOf(text).map((line) => {
		const at = line.indexOf(':');
		return at < 0 ? [line, ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
	});
	return Object.fromEntries(pairs.filter(([name]) => name));
}

export const pairsText = (pairs: unknown) =>
	Object.entries((pairs ?? {}) as Record<string, unknown>)
		.map(([name, value]) => `${name}: ${String(value)}`)
		.join('\n');
