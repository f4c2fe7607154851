/** The shapes of the HTTP API, as its contract has them. */

import type { Attachment } from './document-types.ts';
import type { Opinion } from './ratings.ts';

export type Role = 'administrator' | 'user' | 'pending';

export interface Page<T> {
	items: T[];
	next_cursor: string | null;
}

export interface User {
	id: string;
	email: string;
	name: string;
	role: Role;
	created_at: string;
}

export interface Session {
	id: string;
	created_at: string;
	last_seen_at: string | null;
	user_agent: string | null;
	address: string | null;
	current: boolean;
}

export interface AuthOptions {
	first_run: boolean;
	signup_open: boolean;
}

export interface Installation {
	signup_open: boolean;
	default_role: 'user' | 'pending';
}

export interface ApiKey {
	id: string;
	name: string;
	prefix: string;
	created_at: string;
	last_used_at: string | null;
}

export interface NewApiKey extends Omit<ApiKey, 'last_used_at'> {
	key: string;
}

export interface Model {
	id: string;
	name: string;
	connection_id: string | null;
	kind: string;
	context_tokens: number | null;
}

export interface Models {
	items: Model[];
	unavailable: { connection_id: string; base_url: string; error: string }[];
}

export type ConnectionKind = 'openai' | 'ollama';

export interface ConnectionCheck {
	ok: boolean;
	models: string[];
	error: string | null;
	milliseconds: number;
}

export interface Connection {
	id: string;
	kind: ConnectionKind;
	base_url: string;
	prefix: string | null;
	models: string[] | null;
	header_names: string[];
	has_key: boolean;
	source: 'stored' | 'environment' | 'discovered';
	created_at: string | null;
	check?: ConnectionCheck;
}

export interface ConnectionFields {
	id?: string;
	kind?: ConnectionKind;
	base_url?: string;
	api_key?: string;
	headers?: Record<string, string>;
	prefix?: string;
	models?: string[] | null;
}

export interface Params {
	temperature?: number | null;
	top_p?: number | null;
	max_tokens?: number | null;
	seed?: number | null;
	stop?: string | string[] | null;
	context_tokens?: number | null;
	reasoning_effort?: string | null;
}

export interface Chat {
	id: string;
	title: string;
	title_source: 'derived' | 'automatic' | 'person';
	leaf_id: string | null;
	system: string | null;
	params: Params;
	models: string[];
	created_at: string;
	updated_at: string;
	unread: boolean;
	running: number;
	deleted_at: string | null;
}

export type AnswerStatus =
	'queued' | 'running' | 'completed' | 'stopped' | 'failed' | 'interrupted';

export interface Usage {
	input_tokens: number | null;
	output_tokens: number | null;
}

export interface Failure {
	kind: string;
	message: string;
}

export interface Citation {
	n: number;
	title: string;
	quote: string;
	source: string;
	file_id?: string | null;
	passage_id?: string | null;
	page?: number | null;
	/** Where it stands in the text of its file, in characters. */
	start?: number | null;
	end?: number | null;
	headings?: string | null;
	score?: number | null;
	url?: string | null;
}

export interface Message {
	id: string;
	chat_id: string;
	parent_id: string | null;
	role: 'user' | 'assistant';
	content: string;
	created_at: string;
	edited_at: string | null;
	attachments?: Attachment[];
	web_search?: boolean;
	position: number;
	sibling_index: number;
	sibling_count: number;
	previous_sibling_id: string | null;
	next_sibling_id: string | null;
	model?: string;
	status?: AnswerStatus;
	reasoning?: string | null;
	reasoning_seconds?: number | null;
	usage?: Usage | null;
	error?: Failure | null;
	left_out?: number | null;
	citations?: Citation[];
	batch_id?: string | null;
	batch_count?: number | null;
	seconds?: number | null;
	rating?: Opinion | null;
}

export interface Branch extends Page<Message> {
	leaf_id: string | null;
}

export interface Accepted {
	message: Message;
	answers: Message[];
	position: number;
}

export interface Problem {
	type: string;
	title: string;
	status: number;
	detail?: string;
	errors?: { field: string; message: string }[];
}

/** One event of an answer's stream. */
export interface Piece {
	id: string;
	kind: 'start' | 'delta' | 'reasoning' | 'status' | 'restarted' | 'done';
	data: PieceData;
}

export interface PieceData {
	model?: string;
	attempt?: number;
	text?: string;
	kind?: string;
	count?: number;
	seconds?: number;
	items?: Citation[];
	queries?: string[];
	problems?: string[];
	files?: string[];
	status?: AnswerStatus;
	usage?: Usage | null;
	error?: Failure | null;
}

/** Something happened to what is mine: only ids, the page asks again. */
export interface Change {
	position: number;
	type: string;
	/** Of what is no chat: which one. */
	id?: string;
	chat_id?: string;
	message_id?: string;
	answer_id?: string;
}
