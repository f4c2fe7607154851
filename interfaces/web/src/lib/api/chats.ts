import { get, patch, post, put, remove } from './client.ts';
import type { Accepted, Branch, Chat, Message, Page, Params } from './types.ts';

export interface NewChat {
	id: string;
	title?: string;
	system?: string | null;
	params?: Params;
	models?: string[];
	messages?: (Pick<Message, 'id' | 'parent_id' | 'role' | 'content' | 'model' | 'citations'> &
		Pick<NewMessage, 'attachments' | 'web_search'>)[];
}

export interface NewMessage {
	id: string;
	parent_id?: string | null;
	content: string;
	models: string[];
	params?: Params;
	attachments?: { kind: string; id?: string; url?: string; whole?: boolean }[];
	web_search?: boolean;
}

export type ChatFields = Partial<Pick<Chat, 'title' | 'system' | 'params' | 'models'>>;

const one = (chat: string, message?: string) =>
	`/chats/${chat}/messages` + (message ? `/${message}` : '');

export const chats = (options: { cursor?: string; trash?: boolean; limit?: number } = {}) =>
	get<Page<Chat>>('/chats', { query: { limit: 40, ...options } });
export const chat = (id: string, after?: number) => get<Chat>(`/chats/${id}`, { after });
export const start = (fields: NewChat) => post<Chat>('/chats', fields, `chat-${fields.id}`);
export const change = (id: string, fields: ChatFields) => patch<Chat>(`/chats/${id}`, fields);
export const trash = (id: string) => remove(`/chats/${id}`);
export const erase = (id: string) => remove(`/chats/${id}?forever=true`);
export const restore = (id: string) => post<Chat>(`/chats/${id}/restore`);
export const clone = (id: string, copy: string) => post<Chat>(`/chats/${id}/clone`, { id: copy });
export const markRead = (id: string) => post<void>(`/chats/${id}/read`);
export const stopAll = (id: string) => post<void>(`/chats/${id}/stop`);

export const branch = (id: string, query: { leaf?: string; cursor?: string; limit?: number }) =>
	get<Branch>(one(id), { query });
export const children = (id: string, parent_id: string, cursor?: string) =>
	get<Page<Message>>(one(id), { query: { parent_id, cursor, limit: 100 } });
export const message = (id: string, mid: string) => get<Message>(one(id, mid));
export const ask = (id: string, fields: NewMessage) =>
	post<Accepted>(one(id), fields, `message-${fields.id}`);
export const edit = (id: string, mid: string, content: string) =>
	patch<Message>(one(id, mid), { content });
export const removeMessage = (id: string, mid: string) => remove(one(id, mid));
export const answerAgain = (
	id: string,
	mid: string,
	fields: { ids?: string[]; models?: string[]; hint?: string }
) => post<Omit<Accepted, 'message'>>(`${one(id, mid)}/answers`, fields, fields.ids?.[0]);
export const choose = (id: string, message_id: string) =>
	put<{ leaf_id: string }>(`/chats/${id}/leaf`, { message_id });

export const stopAnswer = (id: string) => post<void>(`/answers/${id}/stop`);
export const continueAnswer = (id: string) => post<Message>(`/answers/${id}/continue`);
