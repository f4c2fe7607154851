/**
 * What we believe of the API, held against its own description (`npm run api` fetches it): a field
 * of ours that the server does not have is a type error here.
 */

import type { components } from './schema.d.ts';
import type * as ours from './types.ts';

type Theirs = components['schemas'];
type Unknown<Ours, Known> = Exclude<keyof Ours, keyof Known>;
type None<Fields extends never> = Fields;

export type Contract = [
	None<Unknown<ours.Chat, Theirs['ChatShape']>>,
	None<Unknown<ours.Message, Theirs['AnswerShape']>>,
	None<Unknown<ours.Branch, Theirs['Branch']>>,
	None<Unknown<ours.Accepted, Theirs['Posted']>>,
	None<Unknown<ours.Params, Theirs['Params']>>,
	None<Unknown<ours.User, Theirs['Account']>>,
	None<Unknown<ours.Session, Theirs['DeviceSession']>>,
	None<Unknown<ours.ApiKey, Theirs['ApiKeyShape']>>,
	None<Unknown<ours.NewApiKey, Theirs['CreatedApiKey']>>,
	None<Unknown<ours.Model, Theirs['ModelShape']>>,
	None<Unknown<ours.Connection, Theirs['CheckedConnection']>>,
	None<Unknown<ours.ConnectionCheck, Theirs['CheckShape']>>,
	None<Unknown<ours.ConnectionFields, Theirs['NewConnection']>>,
	None<Unknown<ours.Installation, Theirs['HouseSettings']>>,
	None<Unknown<ours.AuthOptions, Theirs['Options']>>,
	None<Unknown<ours.Problem, Theirs['Problem']>>
];
