/** What comparisons of two come to, for answers that stand side by side. */

interface Pair {
	better_id: string;
	other_id: string;
}

/** The one that was said to be better than each of the others. */
export function bestOf(pairs: readonly Pair[], ids: readonly string[]): string | null {
	const beats = (one: string, other: string) =>
		pairs.some((each) => each.better_id === one && each.other_id === other);
	const found = ids.find((one) => ids.every((other) => other === one || beats(one, other)));
	return ids.length > 1 ? (found ?? null) : null;
}

/** Comparisons among these that the one who is best now says nothing of; with null, all. */
export function odd<P extends Pair>(
	pairs: readonly P[],
	ids: readonly string[],
	best: string | null
): P[] {
	const among = new Set(ids);
	return pairs.filter(
		({ better_id: one, other_id: other }) =>
			among.has(one) && among.has(other) && one !== best && other !== best
	);
}
