const names = new Intl.DisplayNames(['en'], { type: 'language' });

/** How a language is called; what is no code of one is its own name. */
export function languageName(code: string): string {
	try {
		return names.of(code) ?? code;
	} catch {
		return code;
	}
}
