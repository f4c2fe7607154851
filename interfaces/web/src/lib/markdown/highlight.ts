/** Colour for code: the core and each language are loaded when the first such block is seen. */

import type { HLJSApi, LanguageFn } from 'highlight.js';

export interface Span {
	text: string;
	scope: string | null;
}

interface Node {
	scope?: string;
	children: (Node | string)[];
}

type Loader = () => Promise<{ default: LanguageFn }>;

export const SIZE_MAX = 200_000;

const LANGUAGES: Record<string, Loader> = {
	bash: () => import('highlight.js/lib/languages/bash'),
	c: () => import('highlight.js/lib/languages/c'),
	cpp: () => import('highlight.js/lib/languages/cpp'),
	csharp: () => import('highlight.js/lib/languages/csharp'),
	css: () => import('highlight.js/lib/languages/css'),
	diff: () => import('highlight.js/lib/languages/diff'),
	dockerfile: () => import('highlight.js/lib/languages/dockerfile'),
	go: () => import('highlight.js/lib/languages/go'),
	ini: () => import('highlight.js/lib/languages/ini'),
	java: () => import('highlight.js/lib/languages/java'),
	javascript: () => import('highlight.js/lib/languages/javascript'),
	json: () => import('highlight.js/lib/languages/json'),
	kotlin: () => import('highlight.js/lib/languages/kotlin'),
	lua: () => import('highlight.js/lib/languages/lua'),
	makefile: () => import('highlight.js/lib/languages/makefile'),
	markdown: () => import('highlight.js/lib/languages/markdown'),
	nginx: () => import('highlight.js/lib/languages/nginx'),
	php: () => import('highlight.js/lib/languages/php'),
	python: () => import('highlight.js/lib/languages/python'),
	r: () => import('highlight.js/lib/languages/r'),
	ruby: () => import('highlight.js/lib/languages/ruby'),
	rust: () => import('highlight.js/lib/languages/rust'),
	scala: () => import('highlight.js/lib/languages/scala'),
	sql: () => import('highlight.js/lib/languages/sql'),
	swift: () => import('highlight.js/lib/languages/swift'),
	typescript: () => import('highlight.js/lib/languages/typescript'),
	xml: () => import('highlight.js/lib/languages/xml'),
	yaml: () => import('highlight.js/lib/languages/yaml')
};

const ALIASES: Record<string, string> = {
	'c++': 'cpp',
	'c#': 'csharp',
	cs: 'csharp',
	docker: 'dockerfile',
	golang: 'go',
	html: 'xml',
	js: 'javascript',
	jsx: 'javascript',
	kt: 'kotlin',
	make: 'makefile',
	md: 'markdown',
	postgresql: 'sql',
	py: 'python',
	python3: 'python',
	rb: 'ruby',
	rs: 'rust',
	sh: 'bash',
	shell: 'bash',
	svelte: 'xml',
	toml: 'ini',
	ts: 'typescript',
	tsx: 'typescript',
	vue: 'xml',
	yml: 'yaml',
	zsh: 'bash'
};

/** The coloured pieces of a code; null when its language is not known. */
export async function highlight(code: string, named: string): Promise<Span[] | null> {
	const name = named.toLowerCase();
	const language = ALIASES[name] ?? name;
	const loader = Object.hasOwn(LANGUAGES, language) ? LANGUAGES[language] : undefined;
	if (!loader || code.length > SIZE_MAX) return null;
	const [{ default: hljs }, { default: grammar }] = await Promise.all([
		import('highlight.js/lib/core'),
		loader()
	]);
	if (!hljs.getLanguage(language)) hljs.registerLanguage(language, grammar);
	return spans(hljs, code, language);
}

function spans(hljs: HLJSApi, code: string, language: string): Span[] {
	const result = hljs.highlight(code, { language, ignoreIllegals: true });
	const root = (result._emitter as unknown as { rootNode: Node }).rootNode;
	const found: Span[] = [];
	const walk = (node: Node | string, scope: string | null) => {
		if (typeof node === 'string') found.push({ text: node, scope });
		else for (const each of node.children) walk(each, node.scope ?? scope);
	};
	walk(root, null);
	return found;
}

/** The class of a scope: its first part is enough for our few colours. */
export function classOf(scope: string | null): string | undefined {
	return scope ? `hl-${scope.split('.')[0]}` : undefined;
}
