import { get, patch, post, remove } from './client.ts';
import type {
	ApiKey,
	AuthOptions,
	Installation,
	NewApiKey,
	Page,
	Role,
	Session,
	User
} from './types.ts';

interface SignedIn {
	token: string;
	user: User;
}

export const options = () => get<AuthOptions>('/auth/options', { after: 0 });
export const signUp = (fields: { email: string; password: string; name: string }) =>
	post<SignedIn>('/auth/signup', fields);
export const signIn = (fields: { email: string; password: string }) =>
	post<SignedIn>('/auth/signin', fields);
export const signOut = () => post<void>('/auth/signout');
export const session = () => get<{ user: User; session: Session }>('/auth/session', { after: 0 });
export const rename = (name: string) => patch<User>('/auth/account', { name });
export const changePassword = (current_password: string, new_password: string) =>
	post<void>('/auth/password', { current_password, new_password });
export const sessions = (cursor?: string) =>
	get<Page<Session>>('/auth/sessions', { query: { cursor } });
export const endSession = (id: string) => remove(`/auth/sessions/${id}`);

export const users = (cursor?: string) => get<Page<User>>('/users', { query: { cursor } });
export const addUser = (fields: { email: string; name: string; password: string; role: Role }) =>
	post<User>('/users', fields);
export const changeUser = (id: string, fields: { role?: Role; name?: string }) =>
	patch<User>(`/users/${id}`, fields);
export const setPassword = (id: string, new_password: string) =>
	post<void>(`/users/${id}/password`, { new_password });

export const installation = () => get<Installation>('/settings');
export const configure = (fields: Partial<Installation>) =>
	patch<Installation>('/settings', fields);

export const apiKeys = (cursor?: string) => get<Page<ApiKey>>('/api-keys', { query: { cursor } });
export const addApiKey = (name: string) => post<NewApiKey>('/api-keys', { name });
export const deleteApiKey = (id: string) => remove(`/api-keys/${id}`);
