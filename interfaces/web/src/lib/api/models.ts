import { get, patch, post, remove } from './client.ts';
import type { Connection, ConnectionCheck, ConnectionFields, Models, Page } from './types.ts';

export const models = () => get<Models>('/models');

export const connections = (cursor?: string) =>
	get<Page<Connection>>('/connections', { query: { cursor } });
export const addConnection = (fields: ConnectionFields) =>
	post<Connection>('/connections', fields, fields.id);
export const changeConnection = (id: string, fields: ConnectionFields) =>
	patch<Connection>(`/connections/${id}`, fields);
export const deleteConnection = (id: string) => remove(`/connections/${id}`);
export const testConnection = (id: string) => post<ConnectionCheck>(`/connections/${id}/test`);
