/** A tab's end of the one feed: through the SharedWorker, or its own where there is none. */

import { Hub, type FromTab, type Tell } from './hub.ts';

export interface Feed {
	say(message: FromTab): void;
	close(): void;
}

export function openFeed(user: string, tell: Tell): Feed {
	if (typeof SharedWorker === 'undefined') return new OwnFeed(user, tell);
	return new SharedFeed(user, tell);
}

class SharedFeed implements Feed {
	private worker: SharedWorker;
	private fallback: OwnFeed | null = null;
	private pulse: ReturnType<typeof setInterval>;

	constructor(
		private user: string,
		private tell: Tell
	) {
		this.worker = new SharedWorker(new URL('./feed.worker.ts', import.meta.url), {
			type: 'module',
			name: 'quire-feed'
		});
		this.worker.onerror = () => {
			this.fallback ??= new OwnFeed(user, tell);
		};
		this.worker.port.onmessage = ({ data }) => tell(data);
		this.pulse = setInterval(() => this.post({ kind: 'alive' }), 30_000);
		addEventListener('pagehide', this.leave);
		addEventListener('pageshow', this.greet);
		this.greet();
	}

	say(message: FromTab): void {
		if (this.fallback) this.fallback.say(message);
		else this.post(message);
	}

	close(): void {
		this.leave();
		clearInterval(this.pulse);
		removeEventListener('pagehide', this.leave);
		removeEventListener('pageshow', this.greet);
		this.worker.port.onmessage = null;
		this.fallback?.close();
	}

	private greet = () => this.post({ kind: 'hello', user: this.user });
	private leave = () => this.post({ kind: 'bye' });

	private post(message: FromTab | { kind: 'alive' }): void {
		this.worker.port.postMessage(message);
	}
}

/** One stream of this tab, closed while the tab is hidden. */
class OwnFeed implements Feed {
	private hub = new Hub();
	private follows: FromTab | null = null;

	constructor(
		private user: string,
		private tell: Tell
	) {
		document.addEventListener('visibilitychange', this.look);
		this.look();
	}

	say(message: FromTab): void {
		if (message.kind === 'follow') this.follows = message;
		this.hub.receive('own', message, this.tell);
	}

	close(): void {
		document.removeEventListener('visibilitychange', this.look);
		this.hub.bye('own');
	}

	private look = () => {
		if (document.hidden) return this.hub.bye('own');
		this.say({ kind: 'hello', user: this.user });
		this.tell({ kind: 'lost' });
		if (this.follows) this.say(this.follows);
	};
}
