/**
 * What we believe of the API, held against its own description (`npm run api` fetches it): a field
 * of ours that the server does not have is a type error here.
 */

import type * as arena from './arena.ts';
import type * as documents from './document-types.ts';
import type * as drives from './drives.ts';
import type * as choices from './evaluation-settings.ts';
import type * as evaluations from './evaluations.ts';
import type * as external from './knowledge-sources.ts';
import type * as judgings from './judgings.ts';
import type * as queues from './queues.ts';
import type * as ratings from './ratings.ts';
import type { components } from './schema.d.ts';
import type * as sinks from './sinks.ts';
import type * as ours from './types.ts';
import type * as voters from './voters.ts';

type Theirs = components['schemas'];
type Unknown<Ours, Known> = Exclude<keyof Ours, keyof Known>;
type None<Fields extends never> = Fields;

export type Contract = [
	None<Unknown<ours.Chat, Theirs['ChatShape']>>,
	None<Unknown<judgings.Judge, Theirs['JudgeShape']>>,
	None<Unknown<judgings.Judging, Theirs['JudgingShape']>>,
	None<Unknown<judgings.Judgement, Theirs['JudgementShape']>>,
	None<Unknown<judgings.NewJudging, Theirs['NewJudging']>>,
	None<Unknown<queues.Queue, Theirs['QueueShape']>>,
	None<Unknown<queues.Item, Theirs['ItemShape']>>,
	None<Unknown<queues.NewQueue, Theirs['NewQueue']>>,
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
	None<Unknown<voters.Voter, Theirs['VoterShape']>>,
	None<Unknown<sinks.Sink, Theirs['SinkShape']>>,
	None<Unknown<sinks.SinkFields, Theirs['NewSink']>>,
	None<Unknown<sinks.SinkTest, Theirs['SinkTest']>>,
	None<Unknown<arena.Battle, Theirs['BattleShape']>>,
	None<Unknown<arena.Side, Theirs['SideShape']>>,
	None<Unknown<arena.Comparison, Theirs['KnownComparison']>>,
	None<Unknown<choices.OpenEvaluation, Theirs['OpenEvaluation']>>,
	None<Unknown<choices.ArenaChoices, Theirs['Arena']>>,
	None<Unknown<evaluations.Failure, Theirs['FailureShape']>>,
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
	None<Unknown<documents.Features, Theirs['FeaturesShape']>>,
	None<Unknown<drives.Drive, Theirs['DriveShape']>>,
	None<Unknown<drives.DriveItem, Theirs['DriveItemShape']>>,
	None<Unknown<drives.DriveItems, Theirs['DriveItems']>>,
	None<Unknown<drives.DriveFile, Theirs['DriveFileShape']>>,
	None<Unknown<documents.SettingsCheck, Theirs['TrialShape']>>,
	None<Unknown<documents.IndexState, Theirs['IndexShape']>>,
	None<Unknown<documents.IndexCheck, Theirs['Verification']>>
];
