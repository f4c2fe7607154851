import { ratingsEnabled } from '#lib/api/ratings.ts';

/** What this installation wants to know of answers. */
class EvaluationState {
	ratings = $state(false);
	private asked = false;

	/** Asked once; nothing can be rated until the server says so. */
	async load(): Promise<void> {
		if (this.asked) return;
		this.asked = true;
		try {
			this.ratings = await ratingsEnabled();
		} catch {
			this.asked = false;
		}
	}
}

export const evaluation = new EvaluationState();
