import * as api from '#lib/api/ratings.ts';
import type { Rating, RatingQuery } from '#lib/api/ratings.ts';
import { reason } from '#lib/api/client.ts';

export type Filter = Omit<RatingQuery, 'mine'>;

const NO_FILTER: Filter = {
	model: '',
	value: '',
	user: '',
	from: '',
	until: '',
	sort: 'date',
	order: 'desc'
};

/** What people think of answers, as the page lists it. */
export class Feedback {
	items = $state.raw<Rating[]>([]);
	models = $state.raw<string[]>([]);
	cursor = $state<string | null>(null);
	filter = $state.raw<Filter>(NO_FILTER);
	loaded = $state(false);
	loading = $state(false);
	error = $state('');
	mine = $state(true);
	private round = 0;

	get filtered(): boolean {
		const { model, value, user, from, until } = this.filter;
		return [model, value, user, from, until].some((each) => each !== '');
	}

	get query(): Partial<RatingQuery> {
		return { ...this.filter, mine: this.mine };
	}

	open(mine: boolean): void {
		this.mine = mine;
		this.filter = NO_FILTER;
		this.loaded = false;
		this.items = [];
		void this.load();
		api.ratedModels(mine).then(
			({ items }) => (this.models = mine === this.mine ? items : this.models),
			() => (this.models = [])
		);
	}

	choose(change: Partial<Filter>): void {
		this.filter = { ...this.filter, ...change };
		void this.load();
	}

	sort(by: Filter['sort']): void {
		const { sort, order } = this.filter;
		this.choose({ sort: by, order: sort === by && order === 'desc' ? 'asc' : 'desc' });
	}

	load = () => this.page(null);
	more = () => (this.loading ? Promise.resolve() : this.page(this.cursor));

	/** Off the list at once; back when the server says no. */
	async drop(rating: Rating): Promise<void> {
		const before = this.items;
		this.items = before.filter((each) => each.id !== rating.id);
		try {
			await api.drop(rating.id);
		} catch (error) {
			this.items = before;
			throw error;
		}
	}

	async dropAll(): Promise<void> {
		await api.dropAll();
		await this.load();
	}

	private async page(cursor: string | null): Promise<void> {
		const round = (this.round += 1);
		this.loading = true;
		try {
			const page = await api.ratings(this.query, cursor);
			if (round !== this.round) return;
			this.items = cursor ? [...this.items, ...page.items] : page.items;
			this.cursor = page.next_cursor;
			this.loaded = true;
			this.error = '';
		} catch (failure) {
			if (round === this.round) this.error = reason(failure);
		} finally {
			if (round === this.round) this.loading = false;
		}
	}
}
