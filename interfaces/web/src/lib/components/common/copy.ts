/** Puts text on the clipboard. On plain http there is no clipboard API, so the old way follows. */
export async function copyText(text: string): Promise<boolean> {
	if (navigator.clipboard) {
		try {
			await navigator.clipboard.writeText(text);
			return true;
		} catch {
			// Not allowed here; the old way may be.
		}
	}
	const area = document.createElement('textarea');
	const focused = document.activeElement as HTMLElement | null;
	area.value = text;
	area.style.position = 'fixed';
	area.style.opacity = '0';
	(document.querySelector('dialog[open]') ?? document.body).append(area);
	area.select();
	const done = document.execCommand('copy');
	area.remove();
	focused?.focus();
	return done;
}
