import * as api from '#lib/api/analytics.ts';
import { reason } from '#lib/api/client.ts';

export const RANGES = { day: 1, week: 7, month: 30, quarter: 90 };
export type Range = keyof typeof RANGES;
const DAY = 86_400_000;

/** Usage of a stretch of time; of one model, or of all. */
export class Usage {
	range = $state<Range>('week');
	metric = $state<'messages' | 'tokens'>('messages');
	view = $state<'bars' | 'lines' | 'heat'>('bars');
	model = $state('');
	summary = $state.raw<api.Summary | null>(null);
	overview = $state.raw<api.Overview | null>(null);
	series = $state.raw<api.Series | null>(null);
	models = $state.raw<api.ModelUsage[]>([]);
	users = $state.raw<api.UserUsage[]>([]);
	chats = $state.raw<api.ChatUsage[]>([]);
	cursor = $state<string | null>(null);
	error = $state('');
	busy = $state(false);
	private turn = 0;
	private stretch: api.Stretch = { from: '', until: '' };

	/** Hours for the shape of a week or a day, days for what is longer. */
	get bucket(): api.Bucket {
		return this.view === 'heat' || this.range === 'day' ? '1h' : '1d';
	}

	choose(change: Partial<Pick<Usage, 'range' | 'metric' | 'view' | 'model'>>): void {
		Object.assign(this, change);
		void this.load();
	}

	async load(): Promise<void> {
		const turn = ++this.turn;
		const until = Date.now();
		const from = until - RANGES[this.range] * DAY;
		const stretch = { from: new Date(from).toISOString(), until: new Date(until).toISOString() };
		const model = this.model || undefined;
		const { bucket, metric } = this;
		this.busy = true;
		try {
			const [head, series, models, users, chats] = await Promise.all([
				model ? api.model(model, stretch) : api.summary(stretch),
				api.series({ ...stretch, bucket, metric, model }),
				model ? { items: [] } : api.models(stretch),
				api.users({ ...stretch, model }),
				model ? api.chats({ ...stretch, model }) : { items: [], next_cursor: null }
			]);
			if (turn !== this.turn) return;
			this.stretch = stretch;
			this.summary = head;
			this.overview = 'tags' in head ? (head as api.Overview) : null;
			this.series = series;
			this.models = models.items;
			this.users = users.items;
			this.chats = chats.items;
			this.cursor = chats.next_cursor;
			this.error = '';
		} catch (error) {
			if (turn === this.turn) this.error = reason(error);
		} finally {
			if (turn === this.turn) this.busy = false;
		}
	}

	async more(): Promise<void> {
		const page = await api.chats({ ...this.stretch, model: this.model, cursor: this.cursor });
		this.chats = [...this.chats, ...page.items];
		this.cursor = page.next_cursor;
	}
}
