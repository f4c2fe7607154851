/**
 * What we believe of the API, held against its own description (`npm run api` fetches it): a field
 * of ours that the server does not have is a type error here.
 */

import type * as documents from './document-types.ts';
import type * as external from './knowledge-sources.ts';
import type * as ratings from './ratings.ts';
import type { components } from './schema.d.ts';
import type * as ours from './types.ts';

type Theirs = components['schemas'];
type Unknown<Ours, Known> = Exclude<keyof Ours, keyof Known>;
type None<Fields extends never> = Fields;

export type Contract = [
	None<Unknown<ours.Chat, Theirs['ChatShape']>>,
	None<Unknown<ours.Message, Theirs['AnswerShape'] & Theirs['QuestionShape']>>,
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
	None<Unknown<ours.Problem, Theirs['Problem']>>,
	None<Unknown<ratings.Opinion, Theirs['NewOpinion']>>,
	None<Unknown<ratings.Rating, Theirs['RatingShape']>>,
	None<Unknown<documents.StoredFile, Theirs['FileShape']>>,
	None<Unknown<documents.FinishedFile, Theirs['UploadedFile']>>,
	None<Unknown<documents.FileText, Theirs['TextShape']>>,
	None<Unknown<documents.Passage, Theirs['PassageShape']>>,
	None<Unknown<documents.UploadState, Theirs['UploadShape']>>,
	None<Unknown<documents.Attachment, Theirs['AttachmentShape']>>,
	None<Unknown<documents.Access, Theirs['Access']>>,
	None<Unknown<documents.Knowledge, Theirs['KnowledgeShape']>>,
	None<Unknown<documents.KnowledgeEntry, Theirs['Entry']>>,
	None<Unknown<external.KnowledgeSource, Theirs['KnowledgeSourceShape']>>,
	None<Unknown<external.SourceTrial, Theirs['SourceTrialShape']>>,
	None<Unknown<external.Source, Theirs['SourceBody']>>,
	None<Unknown<documents.Person, Theirs['Person']>>,
	None<Unknown<documents.Scores, Theirs['ScoresShape']>>,
	None<Unknown<documents.FoundPassage, Theirs['FoundShape']>>,
	None<Unknown<documents.RecordedRetrieval, Theirs['RecordedShape']>>,
	None<Unknown<documents.TriedRetrieval, Theirs['TriedShape']>>,
	None<Unknown<documents.DocumentSettings, Theirs['DocumentSettings']>>,
	None<Unknown<documents.SettingsCheck, Theirs['TrialShape']>>,
	None<Unknown<documents.IndexState, Theirs['IndexShape']>>,
	None<Unknown<documents.IndexCheck, Theirs['Verification']>>
];
