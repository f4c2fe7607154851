/** Tables out of text with separators, as programs write them: quoted cells may hold anything. */

export const ROWS_MAX = 500;

export interface Sheet {
	header: string[];
	rows: string[][];
	/** There is more than is shown. */
	cut: boolean;
}

/** The separator that the first line has most of. */
export function separatorOf(text: string): string {
	const line = text.slice(0, text.indexOf('\n') < 0 ? undefined : text.indexOf('\n'));
	const counted = [',', ';', '\t', '|'].map((mark) => [line.split(mark).length, mark] as const);
	return counted.reduce((one, two) => (two[0] > one[0] ? two : one))[1];
}

export function readTable(text: string, most = ROWS_MAX): Sheet {
	const source = text.replace(/^\uFEFF/, '');
	const mark = separatorOf(source);
	const rows: string[][] = [];
	let at = 0;
	while (at < source.length && rows.length <= most) {
		const [row, next] = readRow(source, at, mark);
		if (row.length > 1 || row[0] !== '') rows.push(row);
		at = next;
	}
	const cut = at < source.length || rows.length > most + 1;
	return { header: rows[0] ?? [], rows: rows.slice(1, most + 1), cut };
}

function readRow(source: string, start: number, mark: string): [string[], number] {
	const row: string[] = [];
	for (let at = start; ;) {
		const [cell, end] = source[at] === '"' ? quoted(source, at) : bare(source, at, mark);
		row.push(cell);
		if (source[end] === mark) at = end + 1;
		else return [row, lineEnd(source, end)];
	}
}

function bare(source: string, start: number, mark: string): [string, number] {
	let end = start;
	while (end < source.length && source[end] !== mark && source[end] !== '\n') end += 1;
	return [source.slice(start, end).replace(/\r$/, ''), end];
}

function quoted(source: string, start: number): [string, number] {
	let cell = '';
	let at = start + 1;
	for (;;) {
		const end = source.indexOf('"', at);
		if (end < 0) return [cell + source.slice(at), source.length];
		cell += source.slice(at, end);
		if (source[end + 1] !== '"') return [cell, end + 1];
		cell += '"';
		at = end + 2;
	}
}

function lineEnd(source: string, at: number): number {
	const end = source.indexOf('\n', at);
	return end < 0 ? source.length : end + 1;
}

/** The sheets of a workbook out of the text that was read from it: a heading, then rows. */
export function sheetsOf(text: string, most = ROWS_MAX): { name: string; sheet: Sheet }[] {
	return text
		.split(/^(?=# )/m)
		.map((part) => part.split('\n').filter((line) => line.trim() !== ''))
		.filter((lines) => lines.length > 0)
		.map((lines) => {
			const name = lines[0]!.startsWith('# ') ? lines.shift()!.slice(2) : '';
			const rows = lines.slice(0, most + 1).map((line) => line.split(' | '));
			const sheet = {
				header: rows[0] ?? [],
				rows: rows.slice(1),
				cut: lines.length > most + 1
			};
			return { name, sheet };
		});
}
