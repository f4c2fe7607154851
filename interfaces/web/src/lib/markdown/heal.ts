/** The end of a text that is still being written, with its unfinished marks closed or held back. */

const OPEN_LINK = /!?\[([^\][]*)(?:\](?:\([^()\s]*)?)?$/;

export function heal(text: string): string {
	const ticks = text.match(/`+/g) ?? [];
	const open = openTicks(ticks);
	if (open) return text.endsWith(open) ? text.slice(0, -open.length) : text + open;
	const bare = withoutCode(text);
	if (OPEN_LINK.test(bare) && !/\[[ xX]?\]?$/.test(bare) && OPEN_LINK.test(text))
		return heal(text.replace(OPEN_LINK, (_, label: string) => label));
	for (const mark of ['**', '~~']) {
		const count = bare.split(mark).length - 1;
		if (count % 2 === 1)
			return text.endsWith(mark) ? text.slice(0, -mark.length) : text.trimEnd() + mark;
	}
	return /(^|[^*])\*$/.test(bare) ? text.slice(0, -1) : text;
}

/** The run of backticks that has no partner yet. */
function openTicks(runs: string[]): string | null {
	let open: string | null = null;
	for (const run of runs)
		if (open === null) open = run;
		else if (run.length === open.length) open = null;
	return open;
}

const withoutCode = (text: string) =>
	text.replace(/(`+)[\s\S]*?[^`]\1(?!`)/g, (code) => ' '.repeat(code.length));
