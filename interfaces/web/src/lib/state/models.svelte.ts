import { models as readModels } from '#lib/api/models.ts';
import { reason } from '#lib/api/client.ts';
import { t } from '#lib/i18n/index.ts';
import type { Model, Models } from '#lib/api/types.ts';
import { load, store } from './stored.ts';

/** What stands in for the name of a model as long as it is hidden. */
const HIDDEN = /^arena:[0-9a-f-]{36}:([ab])$/;

/** The models one can ask, and which were asked last. */
class ModelsState {
	items = $state.raw<Model[]>([]);
	unavailable = $state.raw<Models['unavailable']>([]);
	loaded = $state(false);
	error = $state<string | null>(null);

	async load(): Promise<void> {
		try {
			const found = await readModels();
			this.items = found.items;
			this.unavailable = found.unavailable ?? [];
			this.error = null;
			this.loaded = true;
		} catch (error) {
			this.error = reason(error);
		}
	}

	name(id: string | null | undefined): string {
		const hidden = HIDDEN.exec(id ?? '');
		if (hidden) return t('arena.side', { letter: hidden[1]!.toUpperCase() });
		return this.items.find((each) => each.id === id)?.name ?? id ?? '';
	}

	/** Of the models asked last, those that are still there; else the first one. */
	usual(chosen: string[] = []): string[] {
		const has = new Set(this.items.map((each) => each.id));
		const still = (ids: string[]) => ids.filter((id) => has.has(id));
		const first = this.items.find((each) => each.id !== 'reader') ?? this.items[0];
		for (const ids of [still(chosen), still(load<string[]>('models', []))])
			if (ids.length > 0) return ids;
		return first ? [first.id] : [];
	}

	remember(ids: string[]): void {
		store('models', ids);
	}
}

export const models = new ModelsState();
