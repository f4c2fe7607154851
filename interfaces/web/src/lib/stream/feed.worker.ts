/** One of these serves all tabs of a browser: six event streams would block every other request. */

import { Hub, type FromTab } from './hub.ts';

const scope = globalThis as unknown as { onconnect: (event: MessageEvent) => void };
const hub = new Hub();
const seen = new Map<string, number>();
let count = 0;

scope.onconnect = (event) => {
	const port = event.ports[0]!;
	const tab = `tab-${(count += 1)}`;
	port.onmessage = ({ data }: MessageEvent<FromTab | { kind: 'alive' }>) => {
		seen.set(tab, Date.now());
		if (data.kind === 'bye') seen.delete(tab);
		if (data.kind !== 'alive') hub.receive(tab, data, (message) => port.postMessage(message));
	};
	port.start();
};

// A tab that crashed says no goodbye. Hidden tabs may speak only once a minute.
setInterval(() => {
	for (const [tab, at] of seen)
		if (Date.now() - at > 180_000) {
			seen.delete(tab);
			hub.bye(tab);
		}
}, 30_000);
