/** What kind of thing a file is, by its type and its name: how it is shown, and by which icon. */

import type { IconName } from '../components/common/Icon.svelte';

export type Kind =
	'pdf' | 'image' | 'audio' | 'table' | 'code' | 'markdown' | 'text' | 'office' | 'other';

const IMAGES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);
const OFFICE =
	/\.(docx?|pptx?|xlsx?|xls|ods|odt|odp|rtf|epub|eml|msg|html?|xhtml|zip|ipynb|pages)$/i;
const CODE =
	/\.(py|js|mjs|ts|tsx|jsx|svelte|vue|css|scss|json|ya?ml|toml|xml|sql|sh|bash|go|rs|java|kt|c|h|cc|cpp|hpp|cs|rb|php|swift|lua|r|jl|pl|scala|ini|cfg|conf|dockerfile)$/i;
const LANGUAGES: Record<string, string> = {
	py: 'python',
	js: 'javascript',
	mjs: 'javascript',
	jsx: 'javascript',
	ts: 'typescript',
	tsx: 'typescript',
	yml: 'yaml',
	sh: 'bash',
	rs: 'rust',
	rb: 'ruby',
	kt: 'kotlin',
	cs: 'csharp',
	h: 'c',
	cc: 'cpp',
	hpp: 'cpp',
	svelte: 'xml',
	vue: 'xml',
	toml: 'ini',
	cfg: 'ini',
	conf: 'ini'
};

export const isWorkbook = (name: string) => /\.(xlsx?|xlsm|xlsb|ods)$/i.test(name);
export const ending = (name: string) => /\.([^./\\]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';

export function kindOf(file: { name: string; media_type: string }): Kind {
	const { name, media_type: type } = file;
	if (type === 'application/pdf') return 'pdf';
	if (IMAGES.has(type)) return 'image';
	if (/^(audio|video)\//.test(type)) return 'audio';
	if (/^text\/(csv|tab-separated-values)$/.test(type) || /\.(csv|tsv)$/i.test(name)) return 'table';
	if (OFFICE.test(name) || type === 'text/html') return 'office';
	if (/\.(md|markdown)$/i.test(name) || type === 'text/markdown') return 'markdown';
	if (CODE.test(name) || /^application\/(json|xml|javascript)$/.test(type)) return 'code';
	return type.startsWith('text/') ? 'text' : 'other';
}

export function languageOf(name: string): string {
	const end = ending(name);
	return LANGUAGES[end] ?? end;
}

const ICONS: Partial<Record<Kind, IconName>> = {
	image: 'image',
	audio: 'play',
	table: 'table',
	code: 'code'
};

export const iconOf = (file: { name: string; media_type: string }): IconName =>
	ICONS[kindOf(file)] ?? 'file';
