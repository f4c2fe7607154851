import { myEvaluation } from '#lib/api/evaluation-settings.ts';

/** What this installation wants to know of answers, and from me. */
class EvaluationState {
	ratings = $state(false);
	/** Shown until the server says that it is closed. */
	arena = $state(true);
	private asked = false;

	/** Asked once; nothing can be rated until the server says so. */
	async load(again = false): Promise<void> {
		if (this.asked && !again) return;
		this.asked = true;
		try {
			const found = await myEvaluation();
			this.ratings = found.ratings_enabled;
			this.arena = found.arena_enabled;
		} catch {
			this.asked = false;
		}
	}
}

export const evaluation = new EvaluationState();
