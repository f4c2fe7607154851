/** What people think of answers. */

import { BASE, get, post, put, remove } from './client.ts';
import type { Page } from './types.ts';

export type Thumb = -1 | 0 | 1;

export interface Opinion {
	value: Thumb;
	score: number | null;
	reasons: string[];
	comment: string;
	tags: string[];
}

export interface Rating extends Opinion {
	id: string;
	chat_id: string;
	answer_id: string;
	user_id: string;
	user_name: string;
	user_email: string;
	model: string;
	base_model: string;
	created_at: string;
	changed_at: string;
}

export type RatingSort = 'date' | 'user' | 'model' | 'value';

export interface RatingQuery {
	mine: boolean;
	model: string;
	value: string;
	user: string;
	from: string;
	until: string;
	sort: RatingSort;
	order: 'asc' | 'desc';
}

const LIST = '/evaluations/ratings';
const of = (chat: string, answer: string) => `/chats/${chat}/messages/${answer}/rating`;

export const rate = (chat: string, answer: string, opinion: Opinion) =>
	put<Rating>(of(chat, answer), opinion);
export const withdraw = (chat: string, answer: string) => remove(of(chat, answer));
export const suggestTags = (chat: string, answer: string) =>
	post<{ tags: string[] }>(`${of(chat, answer)}/tags`);

export const ratings = (query: Partial<RatingQuery>, cursor?: string | null) =>
	get<Page<Rating>>(LIST, { query: { ...query, cursor } });
export const ratedModels = (mine: boolean) =>
	get<{ items: string[] }>(`${LIST}/models`, { query: { mine } });
export const drop = (id: string) => remove(`${LIST}/${id}`);
export const dropAll = () => remove(LIST);

/** Where the file is that holds all of a list. */
export function fileOf(query: Partial<RatingQuery>, format: 'csv' | 'json'): string {
	const found = new URLSearchParams({ format });
	for (const [name, value] of Object.entries(query)) if (value !== '') found.set(name, `${value}`);
	return `${BASE}${LIST}/file?${found}`;
}
