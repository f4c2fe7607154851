import { features as read } from '#lib/api/documents.ts';
import type { Features } from '#lib/api/document-types.ts';

const NONE: Features = { web_search: false, file_bytes_max: null, extensions: [], drives: [] };

/** What this installation allows a person to do with documents. */
class FeaturesState {
	now = $state.raw<Features>(NONE);
	private asked = false;

	/** Asked once; an installation that does not say allows nothing special. */
	async load(again = false): Promise<void> {
		if (this.asked && !again) return;
		this.asked = true;
		try {
			this.now = { ...NONE, ...(await read()) };
		} catch {
			this.asked = false;
		}
	}

	/** Why a file cannot be sent at all; empty when it can. */
	refusal(file: { name: string; size: number }): 'size' | 'extension' | '' {
		const { file_bytes_max: most, extensions } = this.now;
		if (most !== null && file.size > most) return 'size';
		const ending = /\.([^.]+)$/.exec(file.name)?.[1]?.toLowerCase() ?? '';
		const allowed = extensions.map((each) => each.replace(/^\./, '').toLowerCase());
		return allowed.length > 0 && !allowed.includes(ending) ? 'extension' : '';
	}
}

export const features = new FeaturesState();
