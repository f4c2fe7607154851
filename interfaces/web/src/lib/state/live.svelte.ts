import type { Citation, Message, Piece } from '#lib/api/types.ts';
import { addPiece, emptyAnswer, type AnswerText } from '#lib/stream/answer.ts';

/** An answer while it is being written. Pieces are collected; the page sees them once a frame. */
export class LiveAnswer {
	text = $state.raw('');
	reasoning = $state.raw('');
	answer = $state.raw<AnswerText>(emptyAnswer());
	private heard = emptyAnswer();
	private restarted = false;
	private scheduled = false;

	add(piece: Piece): void {
		if (piece.kind === 'restarted') this.restarted = true;
		addPiece(this.heard, piece);
		if (piece.kind === 'done') this.show();
		else this.later();
	}

	take(answer: AnswerText): void {
		this.heard = { ...answer };
		this.restarted = false;
		this.show();
	}

	get done(): boolean {
		return this.answer.done;
	}

	/** The text so far: what the stream told, or what was stored while the stream is behind it. */
	textBeside(message: Message): string {
		if (this.done || this.restarted || this.answer.attempt > 1) return this.text || message.content;
		return this.text.length >= message.content.length ? this.text : message.content;
	}

	get citations(): Citation[] | null {
		return this.answer.citations;
	}

	private later(): void {
		if (this.scheduled) return;
		this.scheduled = true;
		const show = () => {
			this.scheduled = false;
			this.show();
		};
		// A hidden page gets no frames, yet must be right when it is looked at again.
		if (document.hidden) setTimeout(show, 250);
		else requestAnimationFrame(show);
	}

	private show(): void {
		this.text = this.heard.text;
		this.reasoning = this.heard.reasoning;
		this.answer = { ...this.heard };
	}
}
