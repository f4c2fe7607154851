/** Where a link in an answer may lead. */

const ALLOWED = new Set(['http:', 'https:', 'mailto:']);

/** The address to go to, or null for one that is only shown. */
export function safeHref(href: string): string | null {
	let url: URL;
	try {
		url = new URL(href);
	} catch {
		return null;
	}
	return ALLOWED.has(url.protocol) ? url.href : null;
}

export function hostOf(href: string): string {
	try {
		return new URL(href).host;
	} catch {
		return '';
	}
}

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

/** marked gives some texts with their entities; components escape once more, so they are undone. */
export function plain(text: string): string {
	return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => NAMED[name] ?? '');
}
