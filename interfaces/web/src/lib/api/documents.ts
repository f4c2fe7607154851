import { get, patch, post } from './client.ts';
import type {
	DocumentSettings,
	Features,
	IndexCheck,
	IndexState,
	RecordedRetrieval,
	SectionName,
	SettingsCheck,
	SettingValues,
	TriedRetrieval
} from './document-types.ts';
import type { Page } from './types.ts';

export const features = () => get<Features>('/documents/features', { after: 0 });

export const settings = () => get<DocumentSettings>('/documents/settings');
export const change = (section: SectionName, values: SettingValues) =>
	patch<DocumentSettings>('/documents/settings', { [section]: values });
export const test = (section: SectionName, values: SettingValues) =>
	post<SettingsCheck>('/documents/settings/test', { section, ...values });

export const indexes = () => get<Page<IndexState>>('/indexes');
export const rebuild = () => post<unknown>('/indexes/rebuild');
export const cancel = (id: string) => post<unknown>(`/indexes/${id}/cancel`);
export const verify = () => post<IndexCheck>('/indexes/verify');

export const retrieval = (answer: string) => get<RecordedRetrieval>(`/answers/${answer}/retrieval`);
export const tryRetrieval = (fields: {
	query: string;
	file_ids?: string[];
	knowledge_ids?: string[];
	limit?: number;
}) => post<TriedRetrieval>('/retrieval', fields);
