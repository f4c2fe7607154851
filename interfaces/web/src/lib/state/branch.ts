/** How a branch that was read again fits to what is already on the page. Pure. */

import type { AnswerStatus, Message } from '#lib/api/types.ts';

const ENDED: AnswerStatus[] = ['completed', 'stopped', 'failed', 'interrupted'];

export function isRunning(message: Message): boolean {
	return message.role === 'assistant' && !ENDED.includes(message.status ?? 'completed');
}

export interface Joined {
	messages: Message[];
	/** Whether older messages that were on the page still belong above. */
	kept: boolean;
}

/** The newest page replaces the end; what was loaded further up stays while it is the same branch. */
export function joinBranch(shown: Message[], newest: Message[]): Joined {
	const first = newest[0];
	if (!first) return { messages: [], kept: false };
	const same = shown.findIndex((each) => each.id === first.id);
	const parent = shown.findIndex((each) => each.id === first.parent_id);
	const upTo = same >= 0 ? same : parent + 1;
	return { messages: [...shown.slice(0, upTo), ...newest], kept: upTo > 0 };
}

/** The branch after a question was accepted: it follows its parent, its first answer follows it. */
export function withNew(shown: Message[], message: Message | null, answers: Message[]): Message[] {
	const head = message ?? shown.find((each) => each.id === answers[0]?.parent_id);
	if (!head) return shown;
	const known = shown.findIndex((each) => each.id === head.id);
	const parent = shown.findIndex((each) => each.id === head.parent_id);
	const upTo = known >= 0 ? known : head.parent_id === null ? 0 : parent + 1;
	if (upTo === 0 && head.parent_id !== null && shown.length > 0 && known < 0) return shown;
	return [...shown.slice(0, upTo), head, ...answers.slice(0, 1)];
}

/** The rest of a page above what is shown, without what is there already. */
export function withOlder(shown: Message[], older: Message[]): Message[] {
	const has = new Set(shown.map((each) => each.id));
	return [...older.filter((each) => !has.has(each.id)), ...shown];
}

/** Whether nobody may know yet who gave an answer, because two are judged without their names. */
export function isHidden({ model, batch_id }: Message): boolean {
	return Boolean(batch_id && model?.startsWith(`arena:${batch_id}:`));
}
