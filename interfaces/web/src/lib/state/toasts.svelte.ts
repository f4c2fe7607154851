export interface Toast {
	id: number;
	text: string;
	tone: 'plain' | 'bad';
	action?: { label: string; run: () => void };
}

/** Short words at the edge of the page, gone after a while. */
class Toasts {
	items = $state<Toast[]>([]);
	private count = 0;

	say(text: string, action?: Toast['action']): void {
		this.add({ text, tone: 'plain', action });
	}

	complain(error: unknown): void {
		this.add({ text: error instanceof Error ? error.message : String(error), tone: 'bad' });
	}

	close(id: number): void {
		this.items = this.items.filter((each) => each.id !== id);
	}

	private add(toast: Omit<Toast, 'id'>): void {
		const id = (this.count += 1);
		this.items = [...this.items.slice(-2), { ...toast, id }];
		setTimeout(() => this.close(id), toast.tone === 'bad' ? 10_000 : 6000);
	}
}

export const toasts = new Toasts();
