/** What the pieces of an answer add up to. Pure, so it can be the same in the worker and on the page. */

import type { AnswerStatus, Citation, Failure, Piece, Usage } from '#lib/api/types.ts';

export interface AnswerText {
	lastId: string;
	text: string;
	reasoning: string;
	model: string | null;
	attempt: number;
	status: AnswerStatus;
	note: { kind: string; count?: number; seconds?: number; queries?: string[] } | null;
	/** Files that were asked about, and could not be used yet. */
	notReady?: string[];
	/** What could not be asked for this answer, and why. */
	problems?: string[];
	leftOut: number | null;
	citations: Citation[] | null;
	usage: Usage | null;
	error: Failure | null;
	done: boolean;
}

export function emptyAnswer(): AnswerText {
	return {
		lastId: '',
		text: '',
		reasoning: '',
		model: null,
		attempt: 0,
		status: 'queued',
		note: null,
		leftOut: null,
		citations: null,
		usage: null,
		error: null,
		done: false
	};
}

/** The answer after one more piece. Changes `answer` in place: a long text is not copied. */
export function addPiece(answer: AnswerText, piece: Piece): void {
	const { kind, data, id } = piece;
	if (id) answer.lastId = id;
	if (kind === 'start') begin(answer, data.model ?? null, data.attempt ?? 1);
	else if (kind === 'delta') grow(answer, 'text', data.text);
	else if (kind === 'reasoning') grow(answer, 'reasoning', data.text);
	else if (kind === 'restarted') restart(answer, data.attempt);
	else if (kind === 'status') note(answer, data);
	else if (kind === 'done') {
		answer.done = true;
		answer.note = null;
		answer.status = data.status ?? 'completed';
		answer.usage = data.usage ?? answer.usage;
		answer.error = data.error ?? null;
	}
}

function begin(answer: AnswerText, model: string | null, attempt: number): void {
	answer.model = model;
	answer.attempt = attempt;
	answer.status = 'running';
	answer.note = null;
}

function grow(answer: AnswerText, field: 'text' | 'reasoning', text: string | undefined): void {
	answer[field] += text ?? '';
	answer.status = 'running';
	answer.note = null;
}

function restart(answer: AnswerText, attempt: number | undefined): void {
	answer.text = '';
	answer.reasoning = '';
	answer.attempt = attempt ?? answer.attempt + 1;
	answer.status = 'running';
	answer.note = null;
}

function note(answer: AnswerText, data: Piece['data']): void {
	if (data.kind === 'left_out') answer.leftOut = data.count ?? null;
	else if (data.kind === 'citations') answer.citations = data.items ?? [];
	else if (data.kind === 'not_ready') answer.notReady = data.files ?? [];
	else if (data.problems) answer.problems = [...(answer.problems ?? []), ...data.problems];
	else if (data.kind !== 'reconnect')
		answer.note = {
			kind: data.kind ?? '',
			count: data.count,
			seconds: data.seconds,
			...(data.queries ? { queries: data.queries } : {})
		};
}
