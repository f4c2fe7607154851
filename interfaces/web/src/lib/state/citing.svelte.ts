import type { Citation } from '#lib/api/types.ts';

/** The source that is open beside the chat. */
class Citing {
	shown = $state.raw<{ answer: string; citations: Citation[]; n: number } | null>(null);
	private opener: HTMLElement | null = null;

	open(answer: string, citations: Citation[], n: number): void {
		if (this.shown?.answer === answer && this.shown.n === n) return this.close();
		if (!this.shown) this.opener = document.activeElement as HTMLElement | null;
		this.shown = { answer, citations, n };
	}

	go(n: number): void {
		if (this.shown) this.shown = { ...this.shown, n };
	}

	close(): void {
		this.shown = null;
		if (this.opener?.isConnected) this.opener.focus();
		this.opener = null;
	}
}

export const citing = new Citing();
