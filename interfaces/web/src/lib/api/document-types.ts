/** The shapes of files, knowledge bases and document settings, as the contract has them. */

export type FileState = 'queued' | 'reading' | 'indexing' | 'ready' | 'failed';

export interface StoredFile {
	id: string;
	owner_id: string;
	name: string;
	media_type: string;
	size: number;
	sha256: string;
	state: FileState;
	error: { stage: string; kind: string; message: string } | null;
	/** Why the work on it is put off, in words; null when it is not. */
	waiting: string | null;
	progress: { done: number; total: number } | null;
	title: string;
	/** Null until it has been read, or cut. */
	pages: number | null;
	characters: number | null;
	passages: number | null;
	source: string;
	knowledge_ids: string[];
	created_at: string;
	updated_at: string;
	deleted_at: string | null;
}

export interface FinishedFile extends StoredFile {
	duplicate_of?: string | null;
}

export interface FileText {
	text: string;
	pages: number;
	edited: boolean;
}

export interface Passage {
	id: string;
	ordinal: number;
	text: string;
	headings: string;
	page: number | null;
	start: number;
	end: number;
	tokens: number;
}

export interface UploadState {
	id: string;
	received: number;
	chunk_bytes?: number;
	size: number;
	name: string;
}

export interface Features {
	web_search: boolean;
	file_bytes_max: number | null;
	extensions: string[];
	/** The drives that people may link. */
	drives: DriveKind[];
}

export type DriveKind = 'google' | 'microsoft';

export type AttachmentKind = 'file' | 'knowledge' | 'web';

/** What a question was asked about. */
export interface Attachment {
	kind: AttachmentKind;
	id: string | null;
	url: string | null;
	name: string;
	/** All of the text, and not only the passages that fit the question. */
	whole: boolean;
}

export type KnowledgeRole = 'owner' | 'write' | 'read';

export interface Access {
	/** Null: everybody here. */
	user_id: string | null;
	name?: string | null;
	role: 'read' | 'write';
}

export interface Cutting {
	tokens: number;
	overlap: number;
	contextual: boolean;
}

export interface Knowledge {
	id: string;
	/** What is external lies elsewhere, and may have files of its own beside. */
	kind: 'files' | 'external';
	owner_id: string;
	owner_name: string;
	name: string;
	description: string;
	access: Access[];
	my_role: KnowledgeRole;
	files: number;
	ready: number;
	failed: number;
	size: number;
	cutting: Cutting | null;
	created_at: string;
	updated_at: string;
	deleted_at: string | null;
}

export interface KnowledgeEntry {
	kind: 'directory' | 'file';
	id: string;
	name: string;
	directory_id: string | null;
	file: StoredFile | null;
}

export interface Person {
	id: string;
	name: string;
	email: string;
}

export interface Scores {
	words: number | null;
	meaning: number | null;
	fused: number | null;
	rerank: number | null;
}

export interface FoundPassage {
	passage_id: string | null;
	file_id: string | null;
	url?: string | null;
	name?: string;
	page: number | null;
	headings?: string;
	/** Null when it is gone, or no longer mine to read. */
	text?: string | null;
	scores: Scores;
	used?: boolean;
	n?: number | null;
}

/** What was looked for and found for one answer. */
export interface RecordedRetrieval {
	queries: string[];
	found: FoundPassage[];
	milliseconds: Record<string, number>;
}

export interface TriedRetrieval {
	queries: string[];
	passages: FoundPassage[];
	/** Why something was not searched; null when all was. */
	lacking?: string | null;
	milliseconds: Record<string, number>;
}

export type SettingValue = string | number | boolean | null | string[] | Record<string, unknown>;
export type SettingValues = Record<string, SettingValue | Record<string, SettingValue>>;
export type SectionName =
	| 'store'
	| 'embedding'
	| 'cutting'
	| 'retrieval'
	| 'reading'
	| 'hearing'
	| 'web'
	| 'limits'
	| 'drives';
export type DocumentSettings = Record<SectionName, SettingValues>;

export interface SettingsCheck {
	ok: boolean;
	detail: string;
	milliseconds: number;
}

export interface IndexState {
	id: string;
	store: string;
	space: string;
	dimension: number;
	cutting: string;
	state: 'filling' | 'live' | 'old' | 'failed';
	files_done: number;
	files_total: number;
	passages: number;
	error: string | null;
	made_at: string;
}

export interface IndexCheck {
	differences: string[];
	passages: number;
	vectors: number;
	/** False when there was not time enough to look at all. */
	complete?: boolean;
}
