/** What one can do in a chat. Each says what the page shows at once, and asks the server. */

import * as api from '#lib/api/chats.ts';
import { ApiError } from '#lib/api/client.ts';
import { newId } from '#lib/api/ids.ts';
import type { Attachment } from '#lib/api/document-types.ts';
import type { Message, Params } from '#lib/api/types.ts';
import { chats } from './chats.svelte.ts';
import type { Conversation } from './conversation.svelte.ts';
import { models } from './models.svelte.ts';
import type { Letter } from './outbox.svelte.ts';

export interface Asked {
	content: string;
	models: string[];
	params?: Params;
	/** Left out: after what is shown. Null: at the beginning. */
	parent_id?: string | null;
	attachments?: Attachment[];
	web_search?: boolean;
	first?: Letter['first'];
}

export async function ask(conversation: Conversation, asked: Asked): Promise<boolean> {
	models.remember(asked.models);
	const letter: Letter = {
		...asked,
		id: newId(),
		created_at: new Date().toISOString(),
		error: null,
		sending: true
	};
	return send(conversation, letter);
}

export async function send(conversation: Conversation, letter: Letter): Promise<boolean> {
	const accepted = await conversation.outbox.send(letter, (each) => begin(conversation, each));
	if (!accepted) return false;
	conversation.add(accepted.message, accepted.answers);
	const chat = conversation.chat;
	if (chat) chats.put({ ...chat, running: accepted.answers.length, updated_at: now() });
	return true;
}

/** The chat itself, when this is its first message. Beginning twice under one id is no harm. */
async function begin(conversation: Conversation, letter: Letter): Promise<void> {
	if (!letter.first || conversation.chat?.created_at) return;
	try {
		const { system, params } = letter.first;
		conversation.chat = await api.start({
			id: conversation.id,
			models: letter.models,
			...(system ? { system } : {}),
			...(params ? { params } : {})
		});
	} catch (error) {
		if (!(error instanceof ApiError) || error.kind !== 'conflict') throw error;
	}
}

const now = () => new Date().toISOString().replace(/\.\d+Z$/, 'Z');

/** Another answer to the question of `message`, by these models or the same one. */
export async function answerAgain(
	conversation: Conversation,
	message: Message,
	options: { models?: string[]; hint?: string } = {}
): Promise<void> {
	const ids = (options.models ?? ['']).map(() => newId());
	const accepted = await api.answerAgain(conversation.id, message.id, { ids, ...options });
	conversation.add(null, accepted.answers);
	await conversation.refresh();
}

export async function editInPlace(
	conversation: Conversation,
	message: Message,
	content: string
): Promise<void> {
	conversation.replace(await api.edit(conversation.id, message.id, content));
}

export async function removeMessage(conversation: Conversation, message: Message): Promise<void> {
	await api.removeMessage(conversation.id, message.id);
	await conversation.refresh();
}

/** Shows the branch of another message. */
export async function choose(conversation: Conversation, message_id: string): Promise<void> {
	await api.choose(conversation.id, message_id);
	await conversation.refresh();
}

export const stopAll = (conversation: Conversation) => api.stopAll(conversation.id);
export const stopOne = (message: Message) => api.stopAnswer(message.id);

export async function goOn(conversation: Conversation, message: Message): Promise<void> {
	conversation.goesOn(await api.continueAnswer(message.id));
}
